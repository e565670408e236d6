//! From the queue to the receiver, one batch at a time.

use std::sync::Arc;
use std::time::Duration;

use opentelemetry_sdk::trace::SpanData;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use super::Sink;
use crate::counters::{Counters, add};

#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// Spans that wait. A span has about 1 KiB, so this is some 8 MiB, and what 1000 files a second make in a second.
    pub(crate) queue: usize,
    /// Spans in one request: what OpenTelemetry's own batches have.
    pub(crate) batch: usize,
    /// How long a span waits for company.
    pub(crate) linger: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { queue: 8192, batch: 512, linger: Duration::from_secs(1) }
    }
}

/// Exports until `stop`, then what is left. Ends early when the receiver fails after that: nobody waits for it any longer.
pub(crate) async fn run(
    sink: impl Sink,
    mut queue: mpsc::Receiver<SpanData>,
    limits: Limits,
    counters: Arc<Counters>,
    stop: CancellationToken,
) {
    let mut failing = false;
    while let Some(batch) = next(&mut queue, limits, &stop).await {
        let spans = batch.len() as u64;
        match sink.take(batch).await {
            Ok(()) => {
                add(&counters.exported, spans);
                if std::mem::take(&mut failing) {
                    tracing::info!(lost = counters.counts().export_failed, "traces are exported again");
                }
            }
            Err(reason) => {
                add(&counters.export_failed, spans);
                if !std::mem::replace(&mut failing, true) {
                    tracing::warn!(reason, "traces cannot be exported and are lost until they can");
                }
                if stop.is_cancelled() {
                    queue.close();
                    let mut left = Vec::new();
                    while queue.recv_many(&mut left, limits.batch).await > 0 {}
                    add(&counters.export_failed, left.len() as u64);
                    return;
                }
            }
        }
    }
}

/// A batch that is full or whose first span has waited long enough; nothing at the end.
async fn next(queue: &mut mpsc::Receiver<SpanData>, limits: Limits, stop: &CancellationToken) -> Option<Vec<SpanData>> {
    let mut batch = Vec::new();
    let mut send_at: Option<Instant> = None;
    while batch.len() < limits.batch {
        if stop.is_cancelled() {
            queue.close();
        }
        let room = limits.batch - batch.len();
        tokio::select! {
            biased;
            received = queue.recv_many(&mut batch, room) => {
                if received == 0 {
                    break;
                }
                send_at.get_or_insert_with(|| Instant::now() + limits.linger);
            }
            () = stop.cancelled(), if !queue.is_closed() => {}
            () = sleep_until(send_at.unwrap_or_else(Instant::now)), if send_at.is_some() => break,
        }
    }
    (!batch.is_empty()).then_some(batch)
}
