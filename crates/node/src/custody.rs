//! Custody of contents on this node: makes copies that are too few, re-reads those that are here, and sweeps what nothing
//! names any more.
//!
//! When a node is lost, each content that has too few copies on running nodes is copied by one of the others, chosen by rank
//! so that two do not do the same work, at the bounded background rate. Checksums are verified before a copy counts.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use flotilla_consensus::Consensus;
use flotilla_files::{BlobDigest, Files};
use flotilla_model::{BlobId, BlobRecord, Command, NodeId, State};
use tokio::time::{Instant, MissedTickBehavior};

use crate::clock::now_ms;

/// A node that is only started again comes back sooner than this; its copies are then not made anew.
const LOSS_GRACE_MS: u64 = 3_000;
/// How often the whole is looked at when nothing tells of a change.
const ROUND_INTERVAL: Duration = Duration::from_secs(1);
/// Rounds with a full look after a change of members: a node that comes back learns only by and by of what came in meanwhile.
const LOOKS_AFTER_CHANGE: u32 = 15;
/// A full look at all contents without any change of members.
const FULL_LOOK_INTERVAL: Duration = Duration::from_secs(60);
const HOUSEKEEPING_INTERVAL: Duration = Duration::from_secs(60);
/// Bytes re-read at each housekeeping: a megabyte a second is felt by nobody and goes through a terabyte in eleven days.
const SCRUB_BYTES: u64 = 64 << 20;
/// Contents younger than this may belong to an upload whose command is on its way.
const SWEEP_GRACE_MS: u64 = 600_000;
/// Copies made before the next look: another node may have done the rest meanwhile.
const COPIES_A_ROUND: usize = 256;

/// What has been done, for the status.
#[derive(Default)]
pub(crate) struct CustodyCounters {
    pub(crate) under_replicated: AtomicU64,
    pub(crate) repaired: AtomicU64,
    pub(crate) failed: AtomicU64,
}

/// The keeper of this node's contents.
pub(crate) struct Custody {
    pub(crate) node: NodeId,
    pub(crate) files: Files,
    pub(crate) consensus: Consensus,
    pub(crate) counters: Arc<CustodyCounters>,
}

/// Which full members run, or were lost so recently that they may come back.
fn present(state: &State, now_ms: u64) -> BTreeSet<NodeId> {
    let counts = |member: &flotilla_model::Member| {
        member.is_full() && (member.is_up() || member.changed_ms.saturating_add(LOSS_GRACE_MS) > now_ms)
    };
    state.members.values().filter(|member| counts(member)).map(|member| member.id).collect()
}

/// Those whose copies count: who is about to be removed gives its contents away, and gets none.
fn keepers(state: &State, present: &BTreeSet<NodeId>) -> BTreeSet<NodeId> {
    present.iter().copied().filter(|node| state.keeps_contents(*node)).collect()
}

/// The nodes that should make copies of a content: as many as are missing, spread by its id.
fn helpers(blob: BlobId, record: &BlobRecord, keepers: &BTreeSet<NodeId>, needed: usize) -> Vec<NodeId> {
    let copies = record.holders.iter().filter(|node| keepers.contains(node)).count();
    let mut others: Vec<NodeId> = keepers.iter().copied().filter(|node| !record.holders.contains(node)).collect();
    if !others.is_empty() {
        let first = (blob.0 % others.len() as u128) as usize;
        others.rotate_left(first);
    }
    others.truncate(needed.saturating_sub(copies));
    others
}

impl Custody {
    /// Works until the consensus stops.
    pub(crate) async fn keep(self) {
        let mut round = tokio::time::interval(ROUND_INTERVAL);
        round.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut last = (BTreeSet::new(), 0);
        let mut looks_left = 0_u32;
        let (mut looked, mut kept_house): (Option<Instant>, Instant) = (None, Instant::now());
        let mut scrubbed: Option<BlobId> = None;
        loop {
            round.tick().await;
            let view = self.consensus.view();
            let present = present(&view.state, now_ms());
            let due = looked.is_none_or(|at| at.elapsed() >= FULL_LOOK_INTERVAL);
            let unfinished = self.counters.under_replicated.load(Ordering::Relaxed) > 0;
            // How many copies are needed may change while nobody comes or goes: by a parameter, or by who was only started again.
            let now = (keepers(&view.state, &present), view.state.needed_replicas());
            if now != last {
                last = now;
                looks_left = LOOKS_AFTER_CHANGE;
            }
            if looks_left > 0 || due || unfinished {
                looks_left = looks_left.saturating_sub(1);
                looked = Some(Instant::now());
                self.replicate(&view.state, &present).await;
            }
            if kept_house.elapsed() >= HOUSEKEEPING_INTERVAL {
                kept_house = Instant::now();
                self.sweep().await;
                scrubbed = self.scrub(scrubbed).await;
            }
        }
    }

    async fn replicate(&self, state: &State, present: &BTreeSet<NodeId>) {
        let keepers = keepers(state, present);
        let needed = state.needed_replicas().min(keepers.len());
        let mut missing = 0;
        let mut mine = Vec::new();
        for (blob, record) in state.blobs.iter() {
            let helpers = helpers(*blob, record, &keepers, needed);
            if helpers.is_empty() {
                continue;
            }
            missing += 1;
            if helpers.contains(&self.node) && mine.len() < COPIES_A_ROUND {
                mine.push(*blob);
            }
        }
        self.counters.under_replicated.store(missing, Ordering::Relaxed);
        for blob in mine {
            self.copy_if_needed(blob).await;
        }
    }

    /// Asks again, as the copies before it may have taken long: a node may be back, a file may be deleted.
    async fn copy_if_needed(&self, blob: BlobId) {
        let view = self.consensus.view();
        let present = present(&view.state, now_ms());
        let keepers = keepers(&view.state, &present);
        let needed = view.state.needed_replicas().min(keepers.len());
        let Some(record) = view.state.blobs.get(&blob) else { return };
        if helpers(blob, record, &keepers, needed).contains(&self.node) {
            self.copy(blob, record, &present).await;
        }
    }

    async fn copy(&self, blob: BlobId, record: &BlobRecord, present: &BTreeSet<NodeId>) {
        let expected = BlobDigest { sha256: record.sha256, length: record.length };
        let holders: Vec<NodeId> = record.holders.iter().copied().filter(|node| present.contains(node)).collect();
        // A copy may be here already: from an earlier try whose command was lost, or from before this node was away.
        let is_here = self.files.store().contains(blob)
            && self.files.store().verify(blob).await.is_ok_and(|digest| digest == expected);
        let copied = if is_here { Ok(()) } else { self.files.repair(blob, expected, &holders).await.map(drop) };
        if let Err(error) = copied {
            self.counters.failed.fetch_add(1, Ordering::Relaxed);
            tracing::warn!(%blob, %error, "a copy could not be made; it is tried again");
            return;
        }
        match self.consensus.propose(Command::ReplicaAdded { blob, node: self.node }).await {
            Ok(_) => {
                self.counters.repaired.fetch_add(1, Ordering::Relaxed);
            }
            Err(error) => tracing::debug!(%blob, %error, "a copy is not recorded yet"),
        }
    }

    /// Re-reads contents behind `after`; a damaged copy is given up, and so made anew. Says where to go on.
    async fn scrub(&self, after: Option<BlobId>) -> Option<BlobId> {
        let report = self.files.scrub(after, SCRUB_BYTES).await;
        let view = self.consensus.view();
        let is_elsewhere = |blob: &BlobId| {
            view.state.blobs.get(blob).is_some_and(|record| record.holders.iter().any(|node| *node != self.node))
        };
        for blob in report.corrupt {
            // The last copy is kept, damaged as it is: a person may still save something of it.
            if !is_elsewhere(&blob) {
                tracing::error!(%blob, "the only copy of a content is damaged");
                continue;
            }
            tracing::error!(%blob, "a copy on this node is damaged; it is made anew from another one");
            let lost = Command::ReplicaLost { blob, node: self.node };
            if let Err(error) = self.consensus.propose(lost).await {
                tracing::warn!(%blob, %error, "the damage is not recorded yet");
                continue;
            }
            if let Err(error) = self.files.store().delete(blob).await {
                tracing::warn!(%blob, %error, "the damaged copy cannot be removed");
            }
        }
        report.next_after
    }

    async fn sweep(&self) {
        // Only a view that is known to be current may say that nothing names a content.
        let Ok(view) = self.consensus.linearizable_view().await else { return };
        let known = |blob: BlobId| view.state.blobs.contains(&blob);
        match self.files.sweep(known, SWEEP_GRACE_MS, now_ms()).await {
            Ok(report) if report.removed_blobs > 0 => {
                tracing::info!(
                    blobs = report.removed_blobs,
                    bytes = report.removed_bytes,
                    "swept contents that nothing names"
                );
            }
            Ok(_) => {}
            Err(error) => tracing::warn!(%error, "the sweep was cut short"),
        }
        if let Err(error) = self.files.store().compact(COPIES_A_ROUND).await {
            tracing::warn!(%error, "compaction was cut short");
        }
    }
}

#[cfg(test)]
mod tests {
    use flotilla_model::Sha256;

    use super::*;

    #[test]
    fn as_many_helpers_as_copies_are_missing() {
        let nodes = |ids: &[u64]| ids.iter().copied().map(NodeId).collect::<Vec<_>>();
        let present: BTreeSet<NodeId> = nodes(&[1, 2, 3]).into_iter().collect();
        for (holders, needed, count) in
            [(&[1, 2][..], 2, 0), (&[1], 2, 1), (&[4, 5], 2, 2), (&[1, 4], 3, 2), (&[], 0, 0)]
        {
            let record = BlobRecord { length: 1, sha256: Sha256([0; 32]), holders: nodes(holders), references: 1 };
            let helpers = helpers(BlobId(7), &record, &present, needed);
            assert_eq!(helpers.len(), count, "{holders:?}");
            assert!(helpers.iter().all(|node| present.contains(node) && !record.holders.contains(node)));
        }
    }

    #[test]
    fn work_is_spread() {
        let present: BTreeSet<NodeId> = [NodeId(2), NodeId(3)].into();
        let record = BlobRecord { length: 1, sha256: Sha256([0; 32]), holders: vec![NodeId(1)], references: 1 };
        let chosen: BTreeSet<NodeId> = (0..8).flat_map(|blob| helpers(BlobId(blob), &record, &present, 1)).collect();
        assert_eq!(chosen, present);
    }
}
