//! Streams of bytes between nodes. Each stream has a pooled connection of its own, so the transport gives it
//! backpressure and no stream waits behind another. A stream ends with an explicit frame that carries its length: a
//! cut, aborted or short one is an error to its reader, never a short success.

mod chunks;
mod connection;
mod download;
mod error;
mod pool;
mod serve;
#[cfg(test)]
mod tests;
mod upload;

pub use chunks::ChunkReader;
pub use download::ChunkWriter;
pub use error::StreamError;
pub(crate) use pool::Pool;
pub(crate) use serve::serve;
pub use upload::UploadStream;
