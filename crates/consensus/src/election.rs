//! Elections in promotion order.
//!
//! openraft's own timer is the same for all voters, and is what remains when this fails. This one goes off earlier, and
//! the earlier the lower a node's rank, so that the first healthy node in promotion order usually stands alone. Pre-vote
//! keeps a node that cannot win from disturbing anybody. A peer known to be dead is not waited for at all.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use openraft::ServerState;
use openraft::async_runtime::WatchReceiver;
use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::config::Config;
use crate::runtime::random_below;
use crate::types::Raft;

/// Between two ranks: enough for a pre-vote and a vote, with two syncs, on a busy machine.
const RANK_STEP_MS: u64 = 75;
/// Keeps two nodes that think they have the same rank apart.
const JITTER_MS: u64 = 25;

/// When a leader was heard last, and who stands first.
pub(crate) struct Contact {
    heard: Mutex<Instant>,
    /// The leader is known to be dead: its lease doesn't count.
    suspected: AtomicBool,
    rank: AtomicU32,
    changed: Notify,
}

impl Contact {
    pub(crate) fn new(rank: u32) -> Self {
        Self {
            heard: Mutex::new(Instant::now()),
            suspected: AtomicBool::new(false),
            rank: AtomicU32::new(rank),
            changed: Notify::new(),
        }
    }

    /// A leader, or a candidate that this node voted for, was heard.
    pub(crate) fn heard(&self) {
        *self.heard.lock() = Instant::now();
        self.suspected.store(false, Ordering::Relaxed);
    }

    /// The leader is dead; the time counts from now.
    pub(crate) fn suspect(&self) {
        *self.heard.lock() = Instant::now();
        self.suspected.store(true, Ordering::Relaxed);
        self.changed.notify_one();
    }

    pub(crate) fn set_rank(&self, rank: u32) {
        self.rank.store(rank, Ordering::Relaxed);
        self.changed.notify_one();
    }

    /// When this node stands, if nothing is heard until then.
    fn due(&self, timeouts: Timeouts) -> Instant {
        let silence_ms = if self.suspected.load(Ordering::Relaxed) { RANK_STEP_MS } else { timeouts.silence_ms };
        let rank = u64::from(self.rank.load(Ordering::Relaxed));
        let delay_ms = (silence_ms + rank * RANK_STEP_MS).min(timeouts.silence_max_ms);
        *self.heard.lock() + Duration::from_millis(delay_ms)
    }
}

/// How much silence makes a node stand.
#[derive(Clone, Copy)]
pub(crate) struct Timeouts {
    silence_ms: u64,
    silence_max_ms: u64,
}

impl Timeouts {
    pub(crate) fn new(config: &Config) -> Self {
        // Voters honour the lease of the old leader, so standing before its end is in vain.
        let silence_ms = config.election_timeout_min_ms.max(config.leader_lease_ms() + 10);
        Self { silence_ms, silence_max_ms: config.election_timeout_max_ms.max(silence_ms) }
    }
}

/// Stands for election when it is time. Ends when Raft has stopped.
pub(crate) async fn stand_in_order(raft: Raft, contact: std::sync::Arc<Contact>, timeouts: Timeouts) {
    let mut jitter = Duration::from_millis(random_below(JITTER_MS));
    loop {
        let due = contact.due(timeouts) + jitter;
        if Instant::now() < due {
            tokio::select! {
                biased;
                () = contact.changed.notified() => {}
                () = tokio::time::sleep_until(due) => {}
            }
            continue;
        }
        let state = raft.server_metrics().borrow_watched().state;
        match state {
            ServerState::Shutdown => return,
            ServerState::Follower | ServerState::Candidate => {
                if raft.trigger().elect(true).await.is_err() {
                    return;
                }
            }
            ServerState::Leader | ServerState::Learner => {}
        }
        // The next try is as far away as if a leader had been heard just now.
        *contact.heard.lock() = Instant::now();
        jitter = Duration::from_millis(random_below(JITTER_MS));
    }
}
