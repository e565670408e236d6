//! A folder: what is in it, and what can be done with that.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;
use serde::Deserialize;

use crate::access::Session;
use crate::answer::folder::{Entry, Folder};
use crate::context::Context;
use crate::page::form::bad;
use crate::page::frame::{Frame, html, notice};
use crate::page::target::FILES;
use crate::problem::Problem;
use crate::request::head::Head;
use crate::request::path::{Target, encode};
use crate::request::time::rfc3339;

/// Entries of one page.
const ENTRIES_MAX: usize = 500;

#[derive(Default, Deserialize)]
struct BrowseQuery {
    after: Option<String>,
}

#[derive(Template)]
#[template(path = "files.html")]
struct FilesPage {
    frame: Frame,
    notice: Option<&'static str>,
    /// The folder's path, without a slash at its end; empty for the top.
    folder: String,
    /// The folders above it and itself: names and addresses.
    above: Vec<(String, String)>,
    lines: Vec<Line>,
    /// Where the list goes on.
    next: Option<String>,
}

struct Line {
    name: String,
    /// Of the page of a folder, or of the file itself.
    address: String,
    /// `None` for a folder.
    file: Option<FileFacts>,
}

struct FileFacts {
    path: String,
    size: String,
    bytes: u64,
    modified: String,
    modified_shown: String,
}

pub(super) async fn browse(context: &Context, head: Head<'_>, session: Session) -> Result<HttpResponse, Problem> {
    let raw = head.uri.path().strip_prefix("/web").unwrap_or_default();
    let path = match Target::parse(raw)? {
        Target::Folder(path) => path,
        Target::File(path) => return Ok(super::frame::see_other(&folder_address(path.as_str()))),
    };
    let query = actix_web::web::Query::<BrowseQuery>::from_query(head.uri.query().unwrap_or_default());
    let BrowseQuery { after } = query.map_err(bad)?.into_inner();
    let frame = Frame::of(&session);
    let folder = Folder::find(context, session.account.clone(), session.state.clone(), path.clone()).await?;
    // One more tells whether there is a next page.
    let mut entries = folder.page(after.as_deref(), ENTRIES_MAX + 1);
    let has_more = entries.len() > ENTRIES_MAX;
    entries.truncate(ENTRIES_MAX);
    let next = entries.last().filter(|_| has_more);
    let next = next.map(|last| format!("{}?after={}", folder_address(&path), encode(&last.name)));
    let lines = entries.into_iter().map(|entry| Line::new(&path, entry)).collect();
    let page = FilesPage { frame, notice: notice(head.uri.query()), above: above(&path), folder: path, lines, next };
    Ok(html(StatusCode::OK, &page))
}

/// The address of a folder's page.
pub(super) fn folder_address(folder: &str) -> String {
    if folder.is_empty() { FILES.to_owned() } else { format!("{FILES}{}/", encode(folder)) }
}

/// The folder in which a file is.
pub(super) fn folder_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

fn above(folder: &str) -> Vec<(String, String)> {
    let mut above = vec![("Files".to_owned(), folder_address(""))];
    let ends = folder.match_indices('/').map(|(at, _)| at).chain((!folder.is_empty()).then_some(folder.len()));
    let mut begin = 0;
    for end in ends {
        above.push((folder[begin..end].to_owned(), folder_address(&folder[..end])));
        begin = end + 1;
    }
    above
}

impl Line {
    fn new(folder: &str, entry: Entry) -> Self {
        let Entry { name, file } = entry;
        let path = if folder.is_empty() { name.clone() } else { format!("{folder}/{name}") };
        let Some(file) = file else { return Self { name, address: folder_address(&path), file: None } };
        let modified = rfc3339(file.modified_ms);
        let modified_shown = modified.get(..16).map(|text| text.replace('T', " ") + " UTC").unwrap_or_default();
        Self {
            name,
            address: format!("/files/{}?download", encode(&path)),
            file: Some(FileFacts { path, size: size(file.length), bytes: file.length, modified, modified_shown }),
        }
    }
}

/// `512 B`, `4.2 kB`, `13 MB`
fn size(bytes: u64) -> String {
    let units = ["B", "kB", "MB", "GB", "TB", "PB"];
    let mut value = bytes as f64;
    let mut unit = 0;
    while value >= 999.5 && unit + 1 < units.len() {
        value /= 1000.0;
        unit += 1;
    }
    let digits = usize::from(unit > 0 && value < 9.95);
    format!("{value:.digits$} {}", units[unit])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_shown_as_people_read_them() {
        for (bytes, shown) in [
            (0, "0 B"),
            (999, "999 B"),
            (1000, "1.0 kB"),
            (12_345, "12 kB"),
            (999_999, "1.0 MB"),
            (u64::MAX, "18447 PB"),
        ] {
            assert_eq!(size(bytes), shown);
        }
    }

    #[test]
    fn the_way_up_is_shown() {
        let of = |folder: &str| above(folder).into_iter().map(|(name, at)| format!("{name} {at}")).collect::<Vec<_>>();
        assert_eq!(of(""), ["Files /web/files/"]);
        assert_eq!(of("a/b c"), ["Files /web/files/", "a /web/files/a/", "b c /web/files/a/b%20c/"]);
        assert_eq!((folder_of("a/b/c"), folder_of("c")), ("a/b", ""));
    }
}
