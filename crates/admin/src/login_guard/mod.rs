//! What stands between a guesser and the passwords: this node's own limits first, then the count of failures in the log.
//!
//! The limits are for each name that is tried, whether anybody has it or not, and for each address. They bound how many failures
//! there can be; those of names that somebody has are counted in the log, at most one entry a second from each node, and lock the
//! name on all nodes. Success costs nothing here.

mod debts;
mod reports;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use flotilla_model::AccountName;

use crate::error::ApiError;
use crate::ports::Ledger;
use crate::problems::Code;
use debts::{Debts, Rate};
use reports::Reports;

/// Of one name: more than lock it, so that the lock comes first.
const OF_NAME: Rate = Rate { burst: 30.0, per_s: 0.2 };
/// Of one address, behind which there may be many people.
const OF_ADDRESS: Rate = Rate { burst: 100.0, per_s: 1.0 };

pub(crate) struct LoginGuard {
    names: Debts,
    addresses: Debts,
    reports: Arc<Reports>,
    refused_total: AtomicU64,
    limited_total: AtomicU64,
}

impl LoginGuard {
    pub(crate) fn new(ledger: Arc<dyn Ledger>) -> Self {
        Self {
            names: Debts::new(OF_NAME),
            addresses: Debts::new(OF_ADDRESS),
            reports: Arc::new(Reports::new(ledger)),
            refused_total: AtomicU64::new(0),
            limited_total: AtomicU64::new(0),
        }
    }

    /// Before anything is looked at. The answer is the same for names that nobody has.
    pub(crate) fn admit(&self, name: &str, remote: &str, now: Instant) -> Result<(), ApiError> {
        if self.names.has_room(name, now) && self.addresses.has_room(remote, now) {
            return Ok(());
        }
        self.limited_total.fetch_add(1, Ordering::Relaxed);
        let detail = "too many log-ins under this name, or from this address, have failed on this node";
        let error = ApiError::new(Code::TooManyRequests, detail);
        Err(error.mend("nothing was checked; wait a minute"))
    }

    /// A log-in was refused. `counted`: the administrator for whom it counts; `None` for a name that nobody has or that is locked.
    pub(crate) fn refused(&self, tried: &str, counted: Option<&AccountName>, remote: &str, now: Instant) {
        self.refused_total.fetch_add(1, Ordering::Relaxed);
        self.names.charge(tried, now);
        self.addresses.charge(remote, now);
        tracing::warn!(name = %tried.chars().take(64).collect::<String>().escape_debug(), remote, "administrator log-in refused");
        if let Some(name) = counted {
            self.reports.note(name, remote);
        }
    }

    pub(crate) fn refused_total(&self) -> u64 {
        self.refused_total.load(Ordering::Relaxed)
    }

    pub(crate) fn limited_total(&self) -> u64 {
        self.limited_total.load(Ordering::Relaxed)
    }
}
