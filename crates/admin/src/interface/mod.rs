//! The interface as a whole: which operations there are, how they are reached, and how they are described.
//!
//! A resource adds its operations to [`Routes`]. What an operation takes and answers is read off the types of its handler
//! ([`signature`]), so that the description cannot say anything else than what is served; what types do not tell (a name, a line of
//! explanation, refusals of its own) stands beside the route. [`document`] makes an OpenAPI document of it all.

mod access;
mod document;
mod operation;
mod routes;
mod signature;
mod tag;

pub(crate) use access::Access;
pub(crate) use document::document;
pub(crate) use operation::Operation;
pub(crate) use routes::Routes;
pub(crate) use signature::{Answer, Input};
pub(crate) use tag::Tag;
