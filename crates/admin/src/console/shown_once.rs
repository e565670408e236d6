//! A secret that is shown this once.

use askama::Template;

use super::Frame;

#[derive(Template)]
#[template(path = "shown_once.html")]
pub(super) struct ShownOnce {
    pub(super) frame: Frame,
    /// Where one came from.
    pub(super) back: &'static str,
    pub(super) back_name: &'static str,
    /// What the secret is.
    pub(super) what: &'static str,
    pub(super) secret: String,
    pub(super) explanation: String,
    /// What to do with it.
    pub(super) command: String,
    pub(super) command_explanation: &'static str,
}
