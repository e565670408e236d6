//! Damage, repair, sweep and compaction.

use std::{fs::File, os::unix::fs::FileExt, path::Path, sync::Arc};

use crate::support::*;
use flotilla_files::*;

/// Flips one bit of the file that holds these bytes.
fn damage(directory: &Path, needle: &[u8]) {
    for folder in ["segments", "large"] {
        for path in files_in(&directory.join(folder)) {
            let bytes = std::fs::read(&path).unwrap();
            if let Some(position) = bytes.windows(needle.len()).position(|window| window == needle) {
                let file = File::options().write(true).open(path).unwrap();
                file.write_all_at(&[bytes[position] ^ 1], position as u64).unwrap();
                return;
            }
        }
    }
    panic!("the bytes are not there");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flipped_bit_is_found_and_repaired_from_a_holder() {
    let fleet = fleet(3);
    let files = fleet.files(1);
    for (blob, size) in [(10_u128, 5_000), (11, 800_000)] {
        let bytes = bytes_of(size, blob as u64);
        files.upload(fleet.request(blob, 2, &[2]), body(&bytes, 9_000)).await.unwrap();
        damage(fleet.node(1).store.directory(), &bytes[1_000..1_032]);
        assert!(matches!(fleet.node(1).store.verify(BlobId(blob)).await, Err(StoreError::Corrupt { .. })));
        let report = files.scrub(None, u64::MAX).await;
        assert_eq!(report.corrupt, [BlobId(blob)]);

        let repaired = files.repair(BlobId(blob), digest_of(&bytes), &[NodeId(3), NodeId(1), NodeId(2)]).await.unwrap();
        assert_eq!(repaired, Repaired { from: NodeId(2), digest: digest_of(&bytes) });
        assert_eq!(get(&fleet.node(1).store, BlobId(blob), ByteRange::ALL).await.unwrap(), bytes);
        let report = files.scrub(None, u64::MAX).await;
        assert!(report.corrupt.is_empty());
        assert!(report.checked_blobs >= 1 && report.next_after.is_none());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_garbled_repair_does_not_count() {
    let fleet = fleet(3);
    let bytes = bytes_of(400_000, 1);
    fleet.files(2).upload(fleet.request(5, 2, &[3]), body(&bytes, 50_000)).await.unwrap();
    fleet.node(2).set(Mood::Garbles);
    fleet.node(3).set(Mood::FailsAfter(100_000));
    let files = fleet.files(1);
    let result = files.repair(BlobId(5), digest_of(&bytes), &[NodeId(2), NodeId(3)]).await;
    assert!(matches!(result, Err(RepairError::NoHolder { node: NodeId(3), .. })), "{result:?}");
    assert!(!fleet.node(1).store.contains(BlobId(5)));
    fleet.node(3).set(Mood::Healthy);
    files.repair(BlobId(5), digest_of(&bytes), &[NodeId(2), NodeId(3)]).await.unwrap();
    assert_eq!(get(&fleet.node(1).store, BlobId(5), ByteRange::ALL).await.unwrap(), bytes);
    assert!(matches!(files.repair(BlobId(5), digest_of(&bytes), &[NodeId(1)]).await, Err(RepairError::NoCandidate)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scrubbing_goes_on_where_it_stopped() {
    let fleet = fleet(1);
    let files = fleet.files(1);
    for blob in 1..=5 {
        files.upload(fleet.request(blob, 1, &[]), body(&bytes_of(1_000, 1), 1_000)).await.unwrap();
    }
    let first = files.scrub(None, 2_500).await;
    assert_eq!((first.checked_blobs, first.next_after), (3, Some(BlobId(3))));
    let second = files.scrub(first.next_after, 2_500).await;
    assert_eq!((second.checked_blobs, second.next_after), (2, None));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unnamed_blobs_are_swept_after_the_grace_time_only() {
    let fleet = fleet(1);
    let files = fleet.files(1);
    for (blob, size) in [(1, 100), (2, 100), (3, 900_000)] {
        files.upload(fleet.request(blob, 1, &[]), body(&bytes_of(size, 1), 10_000)).await.unwrap();
    }
    let store = &fleet.node(1).store;
    let newest = store.list(None, 9).iter().map(|(_, stat)| stat.created_ms).max().unwrap();
    let known = |blob: BlobId| blob == BlobId(2);
    let early = files.sweep(known, 60_000, newest + 50_000).await.unwrap();
    assert_eq!((early.examined_blobs, early.removed_blobs), (3, 0));
    let late = files.sweep(known, 60_000, newest + 60_000).await.unwrap();
    assert_eq!((late.removed_blobs, late.removed_bytes), (2, 900_100));
    assert_eq!(store.list(None, 9).iter().map(|(blob, _)| blob.0).collect::<Vec<_>>(), [2]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn compaction_frees_the_space_of_deleted_blobs_and_keeps_the_rest() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    let size_of = |path: &Path| files_in(path).iter().map(|file| file.metadata().unwrap().len()).sum::<u64>();
    for blob in 0..100_u128 {
        put(&store, BlobId(blob), &bytes_of(60_000, blob as u64)).await.unwrap();
    }
    for blob in (0..100).filter(|blob| blob % 5 != 0) {
        store.delete(BlobId(blob)).await.unwrap();
    }
    let segments = directory.path().join("segments");
    let before = size_of(&segments);
    let open_reader = store.reader(BlobId(0)).await.unwrap();
    let report = store.compact(usize::MAX).await.unwrap();
    assert!(report.segments_removed >= 3 && report.blobs_moved > 0 && report.segments_kept == 0, "{report:?}");
    assert!(size_of(&segments) < before / 2, "{} of {before} bytes left", size_of(&segments));
    assert_eq!(collect(open_reader.stream(ByteRange::ALL).unwrap(), 1 << 20).await.unwrap(), bytes_of(60_000, 0));
    let check = async |store: &BlobStore| {
        for blob in (0..100_u128).step_by(5) {
            assert_eq!(get(store, BlobId(blob), ByteRange::ALL).await.unwrap(), bytes_of(60_000, blob as u64));
        }
    };
    check(&store).await;
    store.close().await;
    drop(store);
    check(&open(directory.path())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reads_never_fail_while_compaction_moves_blobs() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    for blob in 0..60_u128 {
        put(&store, BlobId(blob), &bytes_of(60_000, blob as u64)).await.unwrap();
    }
    for blob in (0..60).filter(|blob| blob % 6 != 0) {
        store.delete(BlobId(blob)).await.unwrap();
    }
    let done = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let reading = tokio::spawn({
        let (store, done) = (store.clone(), done.clone());
        async move {
            let mut reads = 0;
            while !done.load(std::sync::atomic::Ordering::SeqCst) || reads < 20 {
                for blob in (0..60_u128).step_by(6) {
                    assert_eq!(get(&store, BlobId(blob), ByteRange::ALL).await.unwrap(), bytes_of(60_000, blob as u64));
                    reads += 1;
                }
            }
        }
    });
    let report = store.compact(usize::MAX).await.unwrap();
    assert!(report.segments_removed > 0);
    done.store(true, std::sync::atomic::Ordering::SeqCst);
    reading.await.unwrap();
}
