//! The accepting end of the network in memory.

use std::io;
use std::sync::Arc;

use async_trait::async_trait;
use tokio::io::DuplexStream;
use tokio::sync::mpsc;

use super::Shared;
use crate::network::{BoxedStream, Listener};

pub(super) struct MemoryListener {
    address: String,
    number: u64,
    incoming: tokio::sync::Mutex<mpsc::Receiver<(DuplexStream, String)>>,
    shared: Arc<Shared>,
}

impl MemoryListener {
    pub(super) fn new(
        address: String,
        number: u64,
        incoming: mpsc::Receiver<(DuplexStream, String)>,
        shared: Arc<Shared>,
    ) -> Self {
        Self { address, number, incoming: tokio::sync::Mutex::new(incoming), shared }
    }
}

#[async_trait]
impl Listener for MemoryListener {
    async fn accept(&self) -> io::Result<(BoxedStream, String)> {
        let accepted = self.incoming.lock().await.recv().await;
        let (stream, peer) = accepted.ok_or_else(|| io::Error::from(io::ErrorKind::NotConnected))?;
        Ok((Box::new(stream), peer))
    }

    fn local_address(&self) -> String {
        self.address.clone()
    }
}

impl Drop for MemoryListener {
    fn drop(&mut self) {
        let mut table = self.shared.table.lock();
        // After a crash the node may have started anew at this address already.
        if table.listeners.get(&self.address).is_some_and(|entry| entry.number == self.number) {
            table.listeners.remove(&self.address);
        }
    }
}
