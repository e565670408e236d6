//! The interface for people: pages made on the server, without a script and with nothing from elsewhere.

mod filters;
mod operation;
mod overview;
mod page;
mod problem;
mod schema;
mod words;

pub(crate) use overview::overview;
pub(crate) use page::{CONTENT_SECURITY_POLICY, STYLE, STYLE_PATH};
pub(crate) use problem::{as_page, as_text};
