//! What tells the demo to end: Ctrl-C or SIGTERM.

use anyhow::{Context, Result};
use tokio::signal::unix::{Signal, SignalKind, signal};

pub(super) struct Signals {
    interrupted: Signal,
    terminated: Signal,
}

impl Signals {
    /// From here on the signals no longer end the process by themselves.
    pub(super) fn new() -> Result<Self> {
        Ok(Self {
            interrupted: signal(SignalKind::interrupt()).context("cannot handle SIGINT")?,
            terminated: signal(SignalKind::terminate()).context("cannot handle SIGTERM")?,
        })
    }

    /// Returns at the next one.
    pub(super) async fn any(&mut self) {
        tokio::select! {
            _ = self.interrupted.recv() => {}
            _ = self.terminated.recv() => {}
        }
    }
}
