//! Failures of this node on their way into the log: gathered by name, one entry under way at a time, at most one a second.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use flotilla_model::{AccountName, Command, FailedLogins};
use parking_lot::Mutex;

use crate::ports::Ledger;
use crate::server::now_ms;

/// The first failure goes at once; those that follow wait for each other.
const REPORT_EVERY: Duration = Duration::from_secs(1);

pub(super) struct Reports {
    ledger: Arc<dyn Ledger>,
    pending: Mutex<Pending>,
}

#[derive(Default)]
struct Pending {
    /// By administrator, so there are no more than these.
    failed: BTreeMap<AccountName, (u32, String)>,
    is_reporting: bool,
}

impl Reports {
    pub(super) fn new(ledger: Arc<dyn Ledger>) -> Self {
        Self { ledger, pending: Mutex::default() }
    }

    pub(super) fn note(self: &Arc<Self>, name: &AccountName, remote: &str) {
        let mut pending = self.pending.lock();
        let (count, last) = pending.failed.entry(name.clone()).or_default();
        *count = count.saturating_add(1);
        remote.clone_into(last);
        if !std::mem::replace(&mut pending.is_reporting, true) {
            // Ends when nothing is left to report.
            tokio::spawn(Arc::clone(self).report());
        }
    }

    async fn report(self: Arc<Self>) {
        while let Some(failed) = self.take() {
            let command = Command::RecordFailedLogins { failed, now_ms: now_ms() };
            if let Err(error) = self.ledger.propose(command).await {
                // Without a majority nobody counts together; this node's own limits hold, and no session is opened.
                tracing::warn!(%error, "refused log-ins could not be counted cluster-wide");
            }
            tokio::time::sleep(REPORT_EVERY).await;
        }
    }

    fn take(&self) -> Option<Vec<FailedLogins>> {
        let mut pending = self.pending.lock();
        let failed = std::mem::take(&mut pending.failed);
        pending.is_reporting = !failed.is_empty();
        let rows = failed.into_iter().map(|(name, (count, remote))| FailedLogins { name, count, remote });
        pending.is_reporting.then(|| rows.collect())
    }
}
