//! What a rival must be able to do to be measured.

use anyhow::Result;

use crate::server::Server;

/// A cluster of three servers.
pub(crate) trait Peer {
    type Writer: Writer;

    fn servers(&mut self) -> &mut [Server; 3];

    /// The index of the server that leads; an error while the cluster is not whole.
    async fn leader(&self) -> Result<usize>;

    /// Connected to one server, for as many records on the way as `window` says.
    async fn writer(&self, server: usize, window: usize) -> Result<Self::Writer>;

    /// Throws away what was written.
    async fn clear(&self) -> Result<()>;
}

/// Writes records, each acknowledged for itself.
pub(crate) trait Writer: Clone + Send + Sync + 'static {
    fn write(&self, record: Vec<u8>) -> impl Future<Output = Result<()>> + Send;
}

/// A rival that hands records on.
pub(crate) trait Queue: Peer {
    /// Receives and acknowledges records through `server`; `wanted` says how many, once that is known. Ends when so many
    /// are acknowledged.
    fn consume(
        &self,
        server: usize,
        wanted: tokio::sync::watch::Receiver<Option<u64>>,
    ) -> impl Future<Output = Result<()>> + Send + 'static;
}
