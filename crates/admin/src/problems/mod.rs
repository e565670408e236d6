//! The refusals of the REST interface: what they are called, what they mean, what to do.
//!
//! One table ([`catalogue`]) is behind the problem documents, the pages that their `type` leads to, and `docs/reference/problems.md`.

mod catalogue;
mod reference;

pub(crate) use catalogue::Code;
pub use reference::reference_page;
