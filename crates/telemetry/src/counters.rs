//! What became of the spans.

use std::sync::atomic::{AtomicU64, Ordering};

#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) exported: AtomicU64,
    pub(crate) queue_full: AtomicU64,
    pub(crate) export_failed: AtomicU64,
}

/// Spans since the process started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Taken by the receiver.
    pub exported: u64,
    /// Lost because the queue was full.
    pub queue_full: u64,
    /// Lost because the receiver was away, too slow, or refused them.
    pub export_failed: u64,
}

impl Counters {
    pub(crate) fn counts(&self) -> Counts {
        let load = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Counts {
            exported: load(&self.exported),
            queue_full: load(&self.queue_full),
            export_failed: load(&self.export_failed),
        }
    }
}

pub(crate) fn add(counter: &AtomicU64, spans: u64) {
    counter.fetch_add(spans, Ordering::Relaxed);
}
