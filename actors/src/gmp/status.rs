//! What everyone may know about a node's GMP pool.

use serde::Serialize;

/// Totals since the process started.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct PoolTotals {
    /// Leases taken over from the log.
    pub claimed: u64,
    /// Events that ended well.
    pub completed: u64,
    /// Attempts that failed.
    pub failed: u64,
    /// Attempts whose outcome is unknown.
    pub outcome_unknown: u64,
    /// Events given back untouched.
    pub returned: u64,
    /// Results refused or dropped because the lease was lost.
    pub stale: u64,
    /// Entries proposed.
    pub rounds: u64,
    /// Proposals that were not accepted or whose outcome is unknown.
    pub rounds_failed: u64,
}

/// The status of the pool.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct PoolStatus {
    /// How many workers there should be.
    pub target: u32,
    /// How many there are, retiring ones included.
    pub workers: u32,
    /// How many of them run an event.
    pub busy: u32,
    /// How many wait for one.
    pub idle: u32,
    /// How many leave after their event.
    pub retiring: u32,
    /// Leased events that no worker has begun.
    pub queued: u32,
    /// Results not yet recorded in the log.
    pub unrecorded: u32,
    /// Runs that ended by panic since the process started; each cost its worker one incarnation.
    pub panics: u64,
    /// Runs that were cut off because a step hung.
    pub hung: u64,
    /// Runs that left something running that they had started; it was ended.
    pub leaked: u64,
    /// Mean time of an event on a worker.
    pub work_us: u64,
    /// Mean time of a proposal.
    pub round_us: u64,
    /// Raised whenever the pool looks around: while it stands still, the pool hangs.
    pub beat: u64,
    /// Whether it claims (not when stopping or stopped by an operator, nor on a secondary of a passive cluster).
    pub claiming: bool,
    /// Whether it holds no event, and every result is recorded.
    pub drained: bool,
    /// Totals.
    #[serde(flatten)]
    pub totals: PoolTotals,
}
