//! The parameters that the pool obeys, read from the view.

use super::sizing::Bounds;
use crate::parameters::Stored;
use flotilla_config::parameters::ClusterMode;

/// How long a lease lasts when nothing else is set.
pub(crate) const LEASE_TIMEOUT_MS: u64 = 300_000;

/// What the pool reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Settings {
    pub(crate) bounds: Bounds,
    pub(crate) mode: ClusterMode,
    pub(crate) lease_timeout_ms: u64,
    /// How long running work may go on when the Transaction Manager is stopped.
    pub(crate) drain_ms: u64,
}

impl Settings {
    pub(crate) fn read(parameters: &Stored<'_>) -> Self {
        let count = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        let bounds = Bounds {
            sizing: parameters.gmp_sizing(),
            min: count(parameters.gmp_threads_min()),
            max: count(parameters.gmp_threads_max()),
        };
        let lease_timeout_ms = parameters.event_lease_timeout().as_millis() as u64;
        let drain_ms = parameters.transaction_manager_shutdown_timeout().as_millis() as u64;
        Self { bounds, mode: parameters.cluster_mode(), lease_timeout_ms, drain_ms }
    }
}
