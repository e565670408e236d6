//! A folder as a page of links: for browsers, and for rclone's http backend, which follows them.

use std::fmt::Write;

use bytes::Bytes;
use futures::Stream;

use crate::answer::folder::{Entry, Folder};
use crate::request::conditions::http_date;
use crate::request::path::encode;

pub(crate) fn listing(folder: Folder) -> impl Stream<Item = Result<Bytes, std::convert::Infallible>> {
    let title = escape(&format!("/{}", folder.path));
    let mut first = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><title>{title}</title></head>\n\
         <body>\n<h1>{title}</h1>\n<table>\n<tr><th>Name</th><th>Bytes</th><th>Modified</th></tr>\n"
    );
    if !folder.path.is_empty() {
        first.push_str("<tr><td><a href=\"../\">../</a></td><td></td><td></td></tr>\n");
    }
    folder.stream(first, line, "</table>\n</body>\n</html>\n")
}

fn line(text: &mut String, _: &str, entry: &Entry) {
    let (slash, length, modified) = match &entry.file {
        Some(file) => ("", file.length.to_string(), http_date(file.modified_ms)),
        None => ("/", String::new(), String::new()),
    };
    // Writing to a string cannot fail. The name is encoded wholly, so the link cannot leave the folder.
    let _ = writeln!(
        text,
        "<tr><td><a href=\"{}{slash}\">{}{slash}</a></td><td>{length}</td><td>{modified}</td></tr>",
        encode(&entry.name),
        escape(&entry.name),
    );
}

/// For text and attributes of HTML and XML.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            // Not allowed in XML 1.0.
            '\u{fffe}' | '\u{ffff}' => escaped.push('\u{fffd}'),
            other => escaped.push(other),
        }
    }
    escaped
}
