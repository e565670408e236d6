//! Whether a connection has a request under way, known to both the connection and its requests.

use std::cell::Cell;
use std::rc::Rc;

use tokio::time::Instant;

#[derive(Clone)]
pub(crate) struct Activity(Rc<Inner>);

struct Inner {
    requests: Cell<u32>,
    /// When the last request ended, or the connection began.
    idle_since: Cell<Instant>,
}

impl Activity {
    pub(crate) fn new() -> Self {
        Self(Rc::new(Inner { requests: Cell::new(0), idle_since: Cell::new(Instant::now()) }))
    }

    /// Since when nothing is under way; `None` while something is.
    pub(crate) fn idle_since(&self) -> Option<Instant> {
        (self.0.requests.get() == 0).then(|| self.0.idle_since.get())
    }

    pub(crate) fn begin(&self) -> Busy {
        self.0.requests.set(self.0.requests.get() + 1);
        Busy(self.clone())
    }
}

/// A request under way.
pub(crate) struct Busy(Activity);

impl Drop for Busy {
    fn drop(&mut self) {
        let inner = &self.0.0;
        inner.requests.set(inner.requests.get() - 1);
        inner.idle_since.set(Instant::now());
    }
}
