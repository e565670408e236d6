//! What a node knows of a peer's health from the liveness lane. Pure: events in, a level out.
//!
//! A reset followed by a refused re-dial is evidence that the process is gone; silence is only a suspicion (a stopped
//! process, a lost network). Both are told apart for the failure detector.

use serde::Serialize;

use crate::rpc::ConnectionEnd;
use crate::wire::cut::CutReason;

/// The level of one peer. Times are milliseconds since the Unix epoch, at which the level was entered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "level", rename_all = "snake_case")]
pub enum PeerReachability {
    /// Not reached yet since we know it.
    Connecting {
        /// Since when.
        since_ms: u64,
        /// The last attempt was refused by its host: no process listens.
        refused: bool,
    },
    /// Signs of life come in time.
    Connected {
        /// Since when.
        since_ms: u64,
    },
    /// The connection broke.
    Reset {
        /// Since when.
        since_ms: u64,
        /// A dial after it was refused by its host: the process is gone.
        refused_redial: bool,
    },
    /// No signs of life, or it cannot be dialled in time: perhaps stopped, perhaps cut off.
    Silent {
        /// Since when.
        since_ms: u64,
    },
    /// It said goodbye.
    Farewell {
        /// Since when.
        since_ms: u64,
    },
    /// It runs, and it or we refuse the handshake.
    Rejected {
        /// Since when.
        since_ms: u64,
    },
}

impl PeerReachability {
    /// Whether requests can be sent.
    pub fn is_connected(self) -> bool {
        matches!(self, Self::Connected { .. })
    }

    /// Whether the peer's process is known to be gone.
    pub fn is_gone(self) -> bool {
        matches!(self, Self::Reset { refused_redial: true, .. } | Self::Farewell { .. })
    }
}

/// How an attempt to dial failed, as far as it matters here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DialFailure {
    /// The host refused: no process.
    Refused,
    /// No answer in time, or the transport failed otherwise.
    NoAnswer,
    /// The handshake was refused by either side.
    Rejected,
}

#[derive(Debug)]
pub(crate) struct Tracker {
    level: PeerReachability,
}

impl Tracker {
    pub(crate) fn new(now_ms: u64) -> Self {
        Self { level: PeerReachability::Connecting { since_ms: now_ms, refused: false } }
    }

    pub(crate) fn level(&self) -> PeerReachability {
        self.level
    }

    pub(crate) fn on_connected(&mut self, now_ms: u64) {
        self.level = PeerReachability::Connected { since_ms: now_ms };
    }

    pub(crate) fn on_ended(&mut self, end: &ConnectionEnd, now_ms: u64) {
        self.level = match end {
            ConnectionEnd::CutByPeer(CutReason::ShuttingDown) => PeerReachability::Farewell { since_ms: now_ms },
            ConnectionEnd::Cut(CutReason::Silent | CutReason::SlowPeer) => {
                PeerReachability::Silent { since_ms: now_ms }
            }
            ConnectionEnd::Cut(CutReason::Distrusted) | ConnectionEnd::CutByPeer(CutReason::Distrusted) => {
                PeerReachability::Rejected { since_ms: now_ms }
            }
            _ => PeerReachability::Reset { since_ms: now_ms, refused_redial: false },
        };
    }

    pub(crate) fn on_dial_failed(&mut self, failure: DialFailure, now_ms: u64) {
        use PeerReachability as Level;
        self.level = match (self.level, failure) {
            (Level::Connecting { since_ms, .. }, DialFailure::Rejected) => Level::Rejected { since_ms },
            (Level::Connecting { since_ms, .. }, failure) => {
                Level::Connecting { since_ms, refused: failure == DialFailure::Refused }
            }
            // In order or not, it is gone; the first thing known of it stays.
            (farewell @ Level::Farewell { .. }, DialFailure::Refused) => farewell,
            (Level::Reset { since_ms, .. }, DialFailure::Refused) => Level::Reset { since_ms, refused_redial: true },
            (_, DialFailure::Refused) => Level::Reset { since_ms: now_ms, refused_redial: true },
            // A host that no longer answers takes back nothing of what was known; a process that was reset and now
            // neither answers nor is refused may be stopped.
            (reset @ Level::Reset { refused_redial: true, .. }, DialFailure::NoAnswer) => reset,
            (farewell @ Level::Farewell { .. }, DialFailure::NoAnswer) => farewell,
            (silent @ Level::Silent { .. }, DialFailure::NoAnswer) => silent,
            (_, DialFailure::NoAnswer) => Level::Silent { since_ms: now_ms },
            (rejected @ Level::Rejected { .. }, DialFailure::Rejected) => rejected,
            (_, DialFailure::Rejected) => Level::Rejected { since_ms: now_ms },
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reset_and_a_refused_redial_mean_gone() {
        let mut tracker = Tracker::new(1);
        tracker.on_dial_failed(DialFailure::Refused, 2);
        assert_eq!(tracker.level(), PeerReachability::Connecting { since_ms: 1, refused: true });
        assert!(!tracker.level().is_gone(), "a peer that never was there cannot be gone");
        tracker.on_connected(3);
        assert!(tracker.level().is_connected());
        tracker.on_ended(&ConnectionEnd::Lost(String::new()), 4);
        assert_eq!(tracker.level(), PeerReachability::Reset { since_ms: 4, refused_redial: false });
        assert!(!tracker.level().is_gone());
        tracker.on_dial_failed(DialFailure::Refused, 5);
        assert_eq!(tracker.level(), PeerReachability::Reset { since_ms: 4, refused_redial: true });
        assert!(tracker.level().is_gone());
        tracker.on_dial_failed(DialFailure::NoAnswer, 6);
        assert!(tracker.level().is_gone());
        tracker.on_connected(7);
        assert!(tracker.level().is_connected());
    }

    #[test]
    fn silence_is_not_gone_and_a_refusal_after_it_is() {
        let mut tracker = Tracker::new(1);
        tracker.on_connected(1);
        tracker.on_ended(&ConnectionEnd::Cut(CutReason::Silent), 2);
        tracker.on_dial_failed(DialFailure::NoAnswer, 3);
        assert_eq!(tracker.level(), PeerReachability::Silent { since_ms: 2 });
        tracker.on_dial_failed(DialFailure::Refused, 4);
        assert!(tracker.level().is_gone());
    }

    #[test]
    fn a_farewell_and_a_rejection_are_told_apart_from_a_crash() {
        let mut tracker = Tracker::new(1);
        tracker.on_connected(1);
        tracker.on_ended(&ConnectionEnd::CutByPeer(CutReason::ShuttingDown), 2);
        tracker.on_dial_failed(DialFailure::Refused, 3);
        assert_eq!(tracker.level(), PeerReachability::Farewell { since_ms: 2 });
        tracker.on_dial_failed(DialFailure::Rejected, 4);
        assert_eq!(tracker.level(), PeerReachability::Rejected { since_ms: 4 });
        assert!(!tracker.level().is_gone());
    }
}
