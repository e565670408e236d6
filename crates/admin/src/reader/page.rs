//! What all pages have in common.

use askama::Template;

pub(crate) const STYLE: &str = include_str!("style.css");
pub(crate) const STYLE_PATH: &str = "/reader.css";

/// Our style sheet, and nothing else: no script runs in these pages, whatever stands in them.
pub(crate) const CONTENT_SECURITY_POLICY: &str =
    "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// A page is made of texts of ours alone: that it cannot be rendered would be seen by the first test that asks for it.
pub(super) fn rendered(page: &impl Template) -> String {
    page.render().unwrap_or_else(|error| {
        tracing::error!(%error, "a page of the reader could not be rendered");
        String::new()
    })
}
