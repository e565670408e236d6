//! What a request says: each part is read and checked in one place, before anything is done.

pub(crate) mod body;
pub(crate) mod conditions;
pub(crate) mod digest;
pub(crate) mod etag;
pub(crate) mod head;
pub(crate) mod path;
pub(crate) mod range;
pub(crate) mod time;
