//! The one way in which an actor may end the process. The exit code is decided by `src/`, which waits here.

use serde::Serialize;
use tokio::sync::watch;

/// Why the process must end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FatalReason {
    /// The critical actor that is out of restarts.
    pub actor: String,
    /// Its restarts and last failure, in words.
    pub reason: String,
}

/// Holds the first fatal reason; later ones are logged only.
#[derive(Debug, Clone)]
pub struct Fatal {
    reason: watch::Sender<Option<FatalReason>>,
}

impl Default for Fatal {
    fn default() -> Self {
        Self { reason: watch::Sender::new(None) }
    }
}

impl Fatal {
    /// Reports that the process cannot go on.
    pub fn report(&self, reason: FatalReason) {
        tracing::error!(actor = %reason.actor, reason = %reason.reason, "critical actor out of restarts, the process must end");
        self.reason.send_if_modified(|first| {
            let is_first = first.is_none();
            if is_first {
                *first = Some(reason);
            }
            is_first
        });
    }

    /// The reason, if one was reported.
    pub fn reason(&self) -> Option<FatalReason> {
        self.reason.borrow().clone()
    }

    /// Waits until the process must end.
    pub async fn reported(&self) -> FatalReason {
        let mut receiver = self.reason.subscribe();
        loop {
            if let Some(reason) = receiver.borrow_and_update().clone() {
                return reason;
            }
            // `self` holds the sender, so this never fails while we wait.
            if receiver.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }
}
