//! The logs of all nodes as one: every node is asked for the last lines of its own, and what comes is put in order.

mod ask;
mod merge;
mod position;
mod stream;

pub(crate) use ask::{Wanted, page, since};
pub(crate) use merge::Cursor;
pub(crate) use position::Position;
pub(crate) use stream::stream;
