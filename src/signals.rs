//! What tells a command that goes on by itself to end: Ctrl-C or SIGTERM.

use anyhow::{Context, Result};
use tokio::signal::unix::{Signal, SignalKind, signal};

pub(crate) struct Signals {
    interrupted: Signal,
    terminated: Signal,
}

impl Signals {
    /// From here on the signals no longer end the process by themselves.
    pub(crate) fn new() -> Result<Self> {
        Ok(Self {
            interrupted: signal(SignalKind::interrupt()).context("cannot handle SIGINT")?,
            terminated: signal(SignalKind::terminate()).context("cannot handle SIGTERM")?,
        })
    }

    /// Returns at the next one.
    pub(crate) async fn any(&mut self) {
        tokio::select! {
            _ = self.interrupted.recv() => {}
            _ = self.terminated.recv() => {}
        }
    }
}
