//! The count of connections: its bound, and the wait until none is left.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::metrics::{Metrics, add};

#[derive(Clone)]
pub(crate) struct Connections(Arc<Inner>);

struct Inner {
    metrics: Arc<Metrics>,
    limit: u64,
    draining: CancellationToken,
    one_ended: Notify,
}

/// One open connection.
pub(crate) struct Open(Arc<Inner>);

impl Connections {
    pub(crate) fn new(metrics: Arc<Metrics>, limit: usize) -> Self {
        let draining = CancellationToken::new();
        Self(Arc::new(Inner { metrics, limit: limit as u64, draining, one_ended: Notify::new() }))
    }

    /// Takes a new connection in, unless there are too many or the gateway stops.
    pub(crate) fn open(&self) -> Option<Open> {
        let inner = &self.0;
        if inner.draining.is_cancelled() {
            return None;
        }
        let before = inner.metrics.connections_open.fetch_add(1, Ordering::AcqRel);
        let open = Open(Arc::clone(inner));
        if before >= inner.limit {
            add(&inner.metrics.connections_refused, 1);
            return None;
        }
        add(&inner.metrics.connections_accepted, 1);
        Some(open)
    }

    /// Ends idle connections now and the others after their request.
    pub(crate) fn drain(&self) {
        self.0.draining.cancel();
    }

    pub(crate) fn draining(&self) -> CancellationToken {
        self.0.draining.clone()
    }

    pub(crate) async fn all_ended(&self) {
        loop {
            let one_ended = self.0.one_ended.notified();
            if self.0.metrics.connections_open.load(Ordering::Acquire) == 0 {
                return;
            }
            one_ended.await;
        }
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.metrics.connections_open.fetch_sub(1, Ordering::AcqRel);
        self.0.one_ended.notify_waiters();
    }
}
