//! A part of the page with a heading.

pub(super) struct Section {
    pub(super) id: &'static str,
    pub(super) title: &'static str,
    /// HTML.
    pub(super) content: String,
}
