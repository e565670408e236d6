//! What is synced when, and what happens when the disk does not do it.

use std::{io, sync::Arc, sync::atomic::Ordering};

use crate::support::*;
use flotilla_files::*;
use futures::future::join_all;
use tokio::runtime::Handle;

fn open_faulty(directory: &std::path::Path) -> (BlobStore, Arc<FaultyDisk>) {
    let disk = Arc::new(FaultyDisk::default());
    let config = BlobStoreConfig { gate: disk.clone(), ..config(directory) };
    (BlobStore::open(config, Handle::current()).unwrap(), disk)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_small_blobs_share_a_sync() {
    let directory = tempfile::tempdir().unwrap();
    let (store, disk) = open_faulty(directory.path());
    disk.hold_syncs.store(true, Ordering::SeqCst);
    let uploads: Vec<_> = (0..200)
        .map(|number| {
            let store = store.clone();
            tokio::spawn(async move { put(&store, BlobId(number), &bytes_of(1_000, 1)).await })
        })
        .collect();
    wait_until("a batch waits for its sync", || disk.syncs.load(Ordering::SeqCst) >= 1).await;
    assert!(store.is_empty(), "nothing is visible or acknowledged before its sync");
    assert!(uploads.iter().all(|upload| !upload.is_finished()));
    disk.hold_syncs.store(false, Ordering::SeqCst);
    for upload in join_all(uploads).await {
        upload.unwrap().unwrap();
    }
    let counters = store.counters().snapshot();
    assert_eq!(counters.segment_appends, 200);
    assert!(counters.segment_syncs <= 20, "{} syncs for 200 blobs", counters.segment_syncs);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn large_blobs_wait_for_their_bytes_and_their_name() {
    let directory = tempfile::tempdir().unwrap();
    let (store, disk) = open_faulty(directory.path());
    put(&store, BlobId(1), &bytes_of(1_000_000, 1)).await.unwrap();
    assert_eq!(disk.syncs.load(Ordering::SeqCst), 2, "one for the bytes, one for the directory");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_is_told_and_leaves_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let (store, disk) = open_faulty(directory.path());
    for operation in [DiskOperation::Create, DiskOperation::Write, DiskOperation::Sync, DiskOperation::Rename] {
        for size in [1_000, 1_000_000] {
            if size == 1_000 && operation == DiskOperation::Rename {
                continue; // Small blobs are not renamed.
            }
            let blob = BlobId(size as u128);
            *disk.failing.lock() = Some((operation, io::ErrorKind::StorageFull));
            let result = put(&store, blob, &bytes_of(size, 1)).await;
            // A segment that exists already needs no creation.
            if !(operation == DiskOperation::Create && result.is_ok()) {
                assert!(result.as_ref().is_err_and(StoreError::is_no_space), "{operation:?} {size}: {result:?}");
            }
            assert!(!store.contains(blob));
            *disk.failing.lock() = None;
            put(&store, blob, &bytes_of(size, 1)).await.expect("the disk is well again");
            assert!(store.delete(blob).await.unwrap());
        }
    }
    wait_until("no leftovers", || files_in(&directory.path().join("incoming")).is_empty()).await;
    assert!(store.counters().snapshot().writes_failed >= 7);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broken_disk_is_not_a_full_one() {
    let directory = tempfile::tempdir().unwrap();
    let (store, disk) = open_faulty(directory.path());
    *disk.failing.lock() = Some((DiskOperation::Sync, io::ErrorKind::Other));
    let error = put(&store, BlobId(1), &bytes_of(10, 1)).await.unwrap_err();
    assert!(matches!(error, StoreError::Io { .. }) && !error.is_no_space());
    assert!(DiskProbe::new(&store).measure().await.is_err());
    *disk.failing.lock() = None;
    assert!(DiskProbe::new(&store).measure().await.is_ok());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hanging_probe_holds_one_thread() {
    let directory = tempfile::tempdir().unwrap();
    let (store, disk) = open_faulty(directory.path());
    disk.hold_syncs.store(true, Ordering::SeqCst);
    let probe = DiskProbe::new(&store);
    let hanging = tokio::spawn({
        let probe = probe.clone();
        async move { probe.measure().await }
    });
    wait_until("the probe hangs in its sync", || disk.syncs.load(Ordering::SeqCst) == 1).await;
    assert!(
        matches!(probe.measure().await, Err(StoreError::Io { source, .. }) if source.kind() == io::ErrorKind::TimedOut)
    );
    disk.hold_syncs.store(false, Ordering::SeqCst);
    hanging.await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_reserve_is_kept_and_announced_lengths_are_refused_early() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    let free = store.free_bytes().unwrap();
    assert!(store.writer(BlobId(1), Some(free * 2)).err().is_some_and(|error| error.is_no_space()));
    drop(store);
    let directory = tempfile::tempdir().unwrap();
    let config = BlobStoreConfig { reserve_bytes: u64::MAX / 2, ..config(directory.path()) };
    let store = BlobStore::open(config, Handle::current()).unwrap();
    assert!(store.writer(BlobId(1), None).err().is_some_and(|error| error.is_no_space()));
}
