//! Whether a connection has a request under way, and whether its client is still there: known to both the connection and
//! its requests.

use std::cell::Cell;
use std::rc::Rc;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

#[derive(Clone)]
pub(crate) struct Activity(Rc<Inner>);

struct Inner {
    requests: Cell<u32>,
    /// When the last request ended, or the connection began.
    idle_since: Cell<Instant>,
    /// Nothing more will come from the client.
    is_left: CancellationToken,
}

impl Activity {
    pub(crate) fn new() -> Self {
        let (requests, idle_since) = (Cell::new(0), Cell::new(Instant::now()));
        Self(Rc::new(Inner { requests, idle_since, is_left: CancellationToken::new() }))
    }

    /// Since when nothing is under way; `None` while something is.
    pub(crate) fn idle_since(&self) -> Option<Instant> {
        (self.0.requests.get() == 0).then(|| self.0.idle_since.get())
    }

    /// The client has closed its end.
    pub(crate) fn leave(&self) {
        self.0.is_left.cancel();
    }

    /// Cancelled when the client has closed its end. What waits for nothing but events to tell him ends with it.
    pub(crate) fn left(&self) -> CancellationToken {
        self.0.is_left.clone()
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
