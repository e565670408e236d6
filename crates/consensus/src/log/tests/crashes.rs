//! Crashes at any moment lose nothing that was acknowledged.

use std::sync::Arc;
use std::time::Duration;

use openraft::RaftLogReader;
use openraft::storage::{IOFlushed, RaftLogStorage};
use tokio::task::yield_now;

use super::super::segment::segment_number;
use super::{append_range, entries, entry, open, vote};
use crate::disk::Disk;
use crate::runtime::{random_below, seed_randomness};
use crate::sim::{DiskFaults, SimDisk};
use crate::types::log_id;

/// Appends without waiting, crashes somewhere in it, opens again: again and again on one disk.
async fn crash_and_reopen(seed: u64) {
    seed_randomness(seed);
    let disk = Arc::new(SimDisk::new());
    disk.set_faults(DiskFaults { latency_max: Duration::from_millis(2), ..DiskFaults::default() });
    let mut acknowledged = 0;
    let mut saved_vote = 0;
    for round in 1..6 {
        let mut log = open(&disk).unwrap_or_else(|error| panic!("seed {seed}, round {round}: {error}"));
        let kept = entries(&log).await;
        assert!(kept.len() as u64 >= acknowledged, "seed {seed}: {} of {acknowledged}", kept.len());
        for (index, kept) in kept.iter().enumerate() {
            assert_eq!(kept.log_id.index, index as u64);
            assert_eq!(*kept, entry(*kept.log_id.leader_id, index as u64));
        }
        let found_vote = log.reader().read_vote().await.unwrap().map_or(0, |vote| vote.leader_id.term);
        assert!(found_vote >= saved_vote, "seed {seed}: vote {found_vote} of {saved_vote}");
        log.save_vote(&vote(round)).await.unwrap();
        saved_vote = round;

        let mut flushed = Vec::new();
        let mut next = kept.len() as u64;
        for _ in 0..random_below(40) {
            let group: Vec<_> = (next..next + 1 + random_below(4)).map(|index| entry(round, index)).collect();
            next += group.len() as u64;
            let (done, result) = super::oneshot();
            log.append(group, IOFlushed::signal(done)).await.unwrap();
            flushed.push((next, result));
            if random_below(3) == 0 {
                yield_now().await;
            }
            if random_below(8) == 0 {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        }
        tokio::time::sleep(Duration::from_micros(random_below(3000))).await;
        for (end, mut result) in flushed {
            if let Ok(Ok(())) = result.try_recv() {
                acknowledged = acknowledged.max(end);
            }
        }
        disk.crash();
        drop(log);
    }
}

#[tokio::test(start_paused = true)]
async fn acknowledged_entries_and_votes_survive_crashes() {
    for seed in 0..300 {
        crash_and_reopen(seed).await;
    }
}

/// The same with a log that is purged as it grows, so that old segments are used again.
async fn crash_and_purge(seed: u64) -> usize {
    seed_randomness(seed);
    let disk = Arc::new(SimDisk::new());
    disk.set_faults(DiskFaults { latency_max: Duration::from_millis(1), ..DiskFaults::default() });
    let (mut next, mut purged, mut reused) = (0, 0, 0);
    for round in 1..6 {
        let mut log = open(&disk).unwrap_or_else(|error| panic!("seed {seed}, round {round}: {error}"));
        let kept = entries(&log).await;
        let first = kept.first().map_or(next, |entry| entry.log_id.index);
        assert!(first <= purged, "seed {seed}: begins at {first} though only {purged} were purged");
        for (entry_at, index) in kept.iter().zip(first..) {
            assert_eq!(*entry_at, entry(*entry_at.log_id.leader_id, index), "seed {seed}");
        }
        assert_eq!(first + kept.len() as u64, next, "seed {seed}: acknowledged entries are lost");
        for _ in 0..1 + random_below(6) {
            let count = 1 + random_below(60);
            append_range(&mut log, round, next..next + count).await;
            next += count;
            if random_below(2) == 0 {
                purged = purged.max(next - 1 - random_below(20).min(next - 1));
                let upto = entries(&log).await.iter().find(|entry| entry.log_id.index + 1 == purged).map(|e| e.log_id);
                if let Some(upto) = upto {
                    log.purge(upto).await.unwrap();
                }
            }
            reused += disk.list().unwrap().iter().filter(|name| name.starts_with("log-used-")).count();
        }
        disk.crash();
        drop(log);
    }
    reused
}

#[tokio::test(start_paused = true)]
async fn segments_that_are_used_again_lose_nothing_in_crashes() {
    let mut reused = 0;
    for seed in 0..100 {
        reused += crash_and_purge(seed).await;
    }
    assert!(reused > 100, "only {reused} old segments were kept: the test shows nothing");
}

#[tokio::test]
async fn purged_segments_are_removed_or_used_again_and_the_rest_is_found() {
    let segments = |disk: &SimDisk| disk.list().unwrap().iter().filter(|name| segment_number(name).is_some()).count();
    let disk = Arc::new(SimDisk::new());
    let mut log = open(&disk).unwrap();
    append_range(&mut log, 1, 0..300).await;
    let before = segments(&disk);
    log.purge(log_id(1, 250)).await.unwrap();
    log.save_committed(Some(log_id(1, 280))).await.unwrap();
    log.close().await.unwrap();
    let after = segments(&disk);
    assert!(after + 2 < before, "{after} of {before} segments are left");
    assert!(disk.list().unwrap().len() < 20);

    let mut log = open(&disk).unwrap();
    let state = log.get_log_state().await.unwrap();
    assert_eq!((state.last_purged_log_id, state.last_log_id), (Some(log_id(1, 250)), Some(log_id(1, 299))));
    assert_eq!(log.read_committed().await.unwrap(), Some(log_id(1, 280)));
    assert_eq!(entries(&log).await.first().unwrap().log_id.index, 251);
    append_range(&mut log, 2, 300..302).await;
}

#[tokio::test]
async fn appends_that_arrive_together_share_a_sync() {
    let disk = Arc::new(SimDisk::new());
    let mut log = open(&disk).unwrap();
    append_range(&mut log, 1, 0..1).await;
    let before = disk.file_syncs();
    let mut results = Vec::new();
    for index in 1..200 {
        let (done, result) = super::oneshot();
        log.append([entry(1, index)], IOFlushed::signal(done)).await.unwrap();
        results.push(result);
    }
    for result in results {
        result.await.unwrap().unwrap();
    }
    let syncs = disk.file_syncs() - before;
    assert!(syncs < 20, "{syncs} syncs for 199 appends");
}
