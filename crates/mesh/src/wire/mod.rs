//! What goes over a connection once it is admitted.

pub(crate) mod cut;
pub(crate) mod frame;
pub(crate) mod outbox;
pub(crate) mod reader;
pub(crate) mod refused;
pub(crate) mod writer;
