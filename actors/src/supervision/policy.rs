//! Everything that is fixed about an actor when it is spawned.

use std::time::Duration;

use super::{bound::Bound, restart::RestartPolicy};

/// What a used-up restart budget means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weight {
    /// The node cannot do its duty without it: the process ends with a clear reason and the cluster takes over.
    Critical,
    /// It is marked failed, visible, and waits for an operator.
    Ordinary,
}

/// How often an actor must prove that it handles messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Liveness {
    /// Pause between pings.
    pub ping_every: Duration,
    /// A ping not handled within this time marks the actor unresponsive until it is.
    pub answer_within: Duration,
}

/// The policy of one actor.
#[derive(Debug, Clone)]
pub struct Policy {
    /// The named Arbiter (one thread) it runs on; created on first use.
    pub group: String,
    /// The bound of its queue.
    pub bound: Bound,
    /// Back-off and budget of restarts.
    pub restart: RestartPolicy,
    /// What a used-up budget means.
    pub weight: Weight,
    /// Period of the outside timer, if it needs one.
    pub tick: Option<Duration>,
    /// The watchdog.
    pub liveness: Liveness,
}

impl Policy {
    /// An ordinary actor of a group: 1024 waiting messages, because a sender that waits costs little and a thousand
    /// small messages are a few hundred KiB; watched each second.
    pub fn ordinary(group: &str) -> Self {
        Self {
            group: group.to_owned(),
            bound: Bound::waiting(1024),
            restart: RestartPolicy::default(),
            weight: Weight::Ordinary,
            tick: None,
            liveness: Liveness { ping_every: Duration::from_secs(1), answer_within: Duration::from_secs(5) },
        }
    }

    /// As [`Policy::ordinary`], but its end is the end of the process.
    pub fn critical(group: &str) -> Self {
        Self { weight: Weight::Critical, ..Self::ordinary(group) }
    }

    /// With an outside timer.
    pub fn with_tick(mut self, period: Duration) -> Self {
        self.tick = Some(period);
        self
    }

    /// With another bound.
    pub fn with_bound(mut self, bound: Bound) -> Self {
        self.bound = bound;
        self
    }

    /// With another restart policy.
    pub fn with_restart(mut self, restart: RestartPolicy) -> Self {
        self.restart = restart;
        self
    }

    /// With another watchdog.
    pub fn with_liveness(mut self, liveness: Liveness) -> Self {
        self.liveness = liveness;
        self
    }
}
