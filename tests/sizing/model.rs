//! The sizing model: what the reader of `docs/performance.md` computes with.

use std::time::Duration;

use crate::load::Measured;

/// Between two transfers.
pub(crate) const PERIOD: Duration = Duration::from_millis(50);
pub(crate) const TRANSFERS: u64 = 200;
/// An upload, its claim, its completion.
const COMMANDS_PER_TRANSFER: f64 = 3.0;
/// Of the Raft lane, to each follower.
const HEARTBEATS_PER_S: f64 = 10.0;
/// With entries to each follower, at the pace of a pipeline over a long link.
const APPENDS_PER_S: f64 = 200.0;
/// What the log says of a transfer, to each follower.
const ENTRIES_BYTES: f64 = 210.0;
/// Around the entries: a message and its answer.
const CALL_BYTES: f64 = 68.0;
/// What a node that does not lead hands to the primary, and what it hears of it.
const FORWARDED_BYTES: f64 = 400.0;

/// A simulated disk takes up to so long for a sync.
pub(crate) struct Sync;

impl Sync {
    pub(crate) const LONGEST: Duration = Duration::from_millis(1);
}

#[derive(Clone, Copy)]
pub(crate) struct Shape {
    pub(crate) members: u64,
    /// From one node to another.
    pub(crate) one_way: Duration,
}

impl Shape {
    /// More would make every commit wait for more disks.
    pub(crate) fn voters(self) -> u64 {
        self.members.min(5)
    }
}

pub(crate) struct Expected {
    pub(crate) commit_ms: f64,
    pub(crate) messages_per_s: f64,
    pub(crate) bytes_per_transfer: f64,
}

impl Expected {
    pub(crate) fn of(shape: Shape) -> Self {
        let transfers_per_s = 1.0 / PERIOD.as_secs_f64();
        let commands_per_s = transfers_per_s * COMMANDS_PER_TRANSFER;
        let followers = (shape.members - 1) as f64;
        // Each entry takes two messages: the one that brings it, and one that says that it is committed. Two are on their way
        // to a follower at once, and one more each pace; what comes meanwhile goes with the next.
        let turn_s = 2.0 * shape.one_way.as_secs_f64() + Sync::LONGEST.as_secs_f64() / 2.0;
        let appends_per_s = (2.0 * commands_per_s).min(APPENDS_PER_S.max(2.0 / turn_s));
        let heartbeats_per_s = HEARTBEATS_PER_S.min(1.0 / turn_s);
        let forwarded = followers / shape.members as f64;
        let calls_per_s = followers * (appends_per_s + heartbeats_per_s) + commands_per_s * forwarded;
        let calls_per_transfer = appends_per_s / transfers_per_s;
        Self {
            commit_ms: turn_s * 1000.0,
            messages_per_s: 2.0 * calls_per_s,
            bytes_per_transfer: followers * (ENTRIES_BYTES + calls_per_transfer * CALL_BYTES)
                + forwarded * FORWARDED_BYTES,
        }
    }

    /// The model may be wrong by a third.
    pub(crate) fn contradictions(&self, measured: &Measured) -> impl Iterator<Item = String> {
        let pairs = [
            ("commit in ms", measured.commit_ms, self.commit_ms),
            ("messages a second", measured.messages_per_s, self.messages_per_s),
            ("bytes a transfer", measured.bytes_per_transfer, self.bytes_per_transfer),
        ];
        let wrong = pairs.into_iter().filter(|(_, measured, expected)| (measured / expected - 1.0).abs() > 1.0 / 3.0);
        wrong.map(|(what, measured, expected)| format!("{what}: {measured:.1} instead of {expected:.1}"))
    }
}
