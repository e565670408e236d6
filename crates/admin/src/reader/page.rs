//! What all pages have in common.

use maud::{DOCTYPE, Markup, html};

use crate::api::BASE_PATH;

pub(crate) const STYLE: &str = include_str!("style.css");
pub(crate) const STYLE_PATH: &str = "/reader.css";

/// Our style sheet, and nothing else: no script runs in these pages, whatever stands in them.
pub(crate) const CONTENT_SECURITY_POLICY: &str =
    "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

pub(super) fn page(title: &str, content: &Markup) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) }
                link rel="stylesheet" href=(format!("{BASE_PATH}{STYLE_PATH}"));
            }
            body { (content) }
        }
    };
    page.into_string()
}
