//! What changes while somebody looks: which parts of the state differ from what they were, told as it happens.
//!
//! A change says which kinds of things have to be read again, not what they are now: whoever is told reads through the interface that
//! everybody uses, with its rights and its forms. Only what is small and changes all the time, the numbers of the queue and the standing of the
//! nodes, comes with it.

mod marks;
mod stream;

pub(crate) use stream::{STREAMS_MAX, stream};
