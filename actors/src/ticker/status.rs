//! What everyone may know about the ticker of a node.

use serde::Serialize;

/// The status of the ticker. Totals are of the running incarnation.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct TickerStatus {
    /// This node is the primary, so it ticks.
    pub is_ticking: bool,
    /// What waits for a time waits for this one first.
    pub next_deadline_ms: Option<u64>,
    /// Ticks recorded.
    pub ticks: u64,
    /// When the last one was, in milliseconds since the Unix epoch.
    pub last_tick_ms: Option<u64>,
    /// Ticks that were not recorded, or whose outcome is unknown.
    pub failures: u64,
    /// Why the last one was not, until one is.
    pub last_failure: Option<String>,
}
