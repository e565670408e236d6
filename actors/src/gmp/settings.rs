//! The parameters that the pool obeys, read from the view.

use flotilla_config::parameters::ClusterMode;
use flotilla_model::{NodeId, State, parameter_names};

use crate::parameters::Stored;

/// What the pool reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Settings {
    pub(crate) target: u32,
    pub(crate) mode: ClusterMode,
}

impl Settings {
    pub(crate) fn read(parameters: &Stored<'_>) -> Self {
        let target = u32::try_from(parameters.gmp_threads_max()).unwrap_or(u32::MAX);
        Self { target, mode: parameters.cluster_mode() }
    }
}

/// As `apply` reads it, without the catalogue: this is asked at every decision.
pub(crate) fn lease_timeout_ms(state: &State, node: NodeId) -> u64 {
    let row = state.parameter(parameter_names::LEASE_TIMEOUT, Some(node));
    row.and_then(|row| row.value.parse::<u64>().ok()).unwrap_or(300).saturating_mul(1000).max(1)
}
