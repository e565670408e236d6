//! The page of one problem: where the `type` of a problem document leads.

use std::fmt::Write;

use askama::Template;

use super::filters;
use super::page::{STYLE_PATH, rendered};
use crate::api::BASE_PATH;
use crate::problems::Code;

#[derive(Template)]
#[template(path = "reader/problem.html")]
struct ProblemPage {
    code: Code,
    statuses: String,
}

fn statuses(code: Code) -> String {
    code.statuses().iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// For a browser.
pub(crate) fn as_page(code: Code) -> String {
    rendered(&ProblemPage { code, statuses: statuses(code) })
}

/// For a terminal.
pub(crate) fn as_text(code: Code) -> String {
    let mut text =
        format!("{}: {}\n\nstatus: {}\nwhat to do: {}\n", code.name(), code.title(), statuses(code), code.mend());
    if let Some(see) = code.see() {
        let _ = writeln!(text, "documentation: docs/{see}");
    }
    text
}
