//! The wires of the simulation, and what goes over them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use flotilla_consensus::sim::SimTransport;
use flotilla_consensus::{Lane, Transport, TransportError};
use flotilla_model::NodeId;

/// Of all nodes together.
#[derive(Default)]
pub(crate) struct Traffic {
    messages: AtomicU64,
    bytes: AtomicU64,
}

impl Traffic {
    fn count(&self, body: &Bytes) {
        self.messages.fetch_add(1, Ordering::Relaxed);
        self.bytes.fetch_add(body.len() as u64, Ordering::Relaxed);
    }

    /// Messages and bytes so far: requests and answers alike.
    pub(crate) fn so_far(&self) -> (u64, u64) {
        (self.messages.load(Ordering::Relaxed), self.bytes.load(Ordering::Relaxed))
    }
}

pub(crate) struct Counted {
    pub(crate) inner: Arc<SimTransport>,
    pub(crate) traffic: Arc<Traffic>,
}

#[async_trait]
impl Transport for Counted {
    async fn call(&self, to: NodeId, lane: Lane, request: Bytes, deadline: Duration) -> Result<Bytes, TransportError> {
        self.traffic.count(&request);
        let answer = self.inner.call(to, lane, request, deadline).await?;
        self.traffic.count(&answer);
        Ok(answer)
    }
}
