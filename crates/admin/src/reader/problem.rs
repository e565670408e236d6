//! The page of one problem: where the `type` of a problem document leads.

use std::fmt::Write;

use maud::html;

use super::page::page;
use super::words::words;
use crate::api::BASE_PATH;
use crate::problems::Code;

fn statuses(code: Code) -> String {
    code.statuses().iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// For a browser.
pub(crate) fn as_page(code: Code) -> String {
    let content = html! {
        main.problem {
            p.crumbs { a href=(format!("{BASE_PATH}/")) { "Flotilla REST" } " › problems" }
            h1 { (code.title()) }
            dl {
                dt { "Code" }
                dd { code { (code.name()) } }
                dt { "Status" }
                dd { (statuses(code)) }
                dt { "What to do" }
                dd { (words(code.mend())) }
                @if let Some(see) = code.see() {
                    dt { "In the documentation" }
                    dd { code { "docs/" (see) } }
                }
            }
            h2 { "All problems" }
            ul.codes {
                @for other in Code::ALL {
                    li { a href=(other.path()) { code { (other.name()) } } " " (other.title()) }
                }
            }
        }
    };
    page(&format!("{} · Flotilla", code.title()), &content)
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
