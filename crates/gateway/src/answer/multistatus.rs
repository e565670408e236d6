//! The answer to PROPFIND (RFC 4918, 14.16).

use std::fmt::Write;

use flotilla_model::FileRecord;

use crate::answer::folder::Entry;
use crate::answer::html::escape;
use crate::request::conditions::http_date;
use crate::request::etag;
use crate::request::path::encode;

pub(crate) const FIRST: &str = "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<D:multistatus xmlns:D=\"DAV:\">\n";
pub(crate) const LAST: &str = "</D:multistatus>\n";

/// The folder itself.
pub(crate) fn folder(text: &mut String, path: &str) {
    let name = path.rsplit('/').next().unwrap_or_default();
    let slash = if path.is_empty() { "" } else { "/" };
    response(text, &format!("/files/{}{slash}", encode(path)), name, None);
}

/// A file by its whole path.
pub(crate) fn file(text: &mut String, path: &str, record: &FileRecord) {
    let name = path.rsplit('/').next().unwrap_or_default();
    response(text, &format!("/files/{}", encode(path)), name, Some(record));
}

/// An entry of the folder `path`.
pub(crate) fn entry(text: &mut String, path: &str, entry: &Entry) {
    let separator = if path.is_empty() { "" } else { "/" };
    let slash = if entry.file.is_none() { "/" } else { "" };
    let href = format!("/files/{}{separator}{}{slash}", encode(path), encode(&entry.name));
    response(text, &href, &entry.name, entry.file.as_ref());
}

fn response(text: &mut String, href: &str, name: &str, record: Option<&FileRecord>) {
    // Writing to a string cannot fail.
    let _ = write!(
        text,
        "<D:response><D:href>{href}</D:href><D:propstat><D:prop><D:displayname>{}</D:displayname>",
        escape(name)
    );
    match record {
        Some(record) => {
            let mime = mime_guess::from_path(name).first_or_octet_stream();
            let _ = write!(
                text,
                "<D:resourcetype/><D:getcontentlength>{}</D:getcontentlength><D:getcontenttype>{}</D:getcontenttype>\
                 <D:getlastmodified>{}</D:getlastmodified><D:getetag>{}</D:getetag>",
                record.length,
                escape(mime.essence_str()),
                http_date(record.modified_ms),
                escape(&etag::of(&record.sha256)),
            );
        }
        None => text.push_str("<D:resourcetype><D:collection/></D:resourcetype>"),
    }
    text.push_str("</D:prop><D:status>HTTP/1.1 200 OK</D:status></D:propstat></D:response>\n");
}
