//! What every road has in common by which a file comes in: PUT, and the end of a resumable upload.

mod arrival;
mod copies;
mod record;
mod source;
mod store;
mod target;

pub(crate) use arrival::Arrival;
pub(crate) use copies::Copies;
pub(crate) use record::record;
pub(crate) use source::Source;
pub(crate) use store::{NewFile, store};
pub(crate) use target::{Room, check_size, check_target, slot, slots};
