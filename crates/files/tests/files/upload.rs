//! Uploads over several nodes, with nodes that fail in every way.

use std::{
    io,
    sync::{Arc, atomic::Ordering},
};

use crate::support::*;
use bytes::Bytes;
use flotilla_files::*;
use futures::{StreamExt, stream};
use tokio::runtime::Handle;

fn ids(numbers: &[u64]) -> Vec<NodeId> {
    numbers.iter().map(|number| NodeId(*number)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn enough_nodes_hold_the_same_bytes() {
    let fleet = fleet(3);
    for (blob, size) in [(1_u128, 0), (2, 70_000), (3, 5_000_000)] {
        let bytes = bytes_of(size, 4);
        let stored = fleet.files(1).upload(fleet.request(blob, 2, &[1, 2, 2, 3]), body(&bytes, 7_000)).await.unwrap();
        let digest = digest_of(&bytes);
        assert_eq!(stored, StoredBlob { sha256: digest.sha256, length: digest.length, nodes: ids(&[1, 2]) });
        for node in [1, 2] {
            assert_eq!(get(&fleet.node(node).store, BlobId(blob), ByteRange::ALL).await.unwrap(), bytes);
        }
        assert!(!fleet.node(3).store.contains(BlobId(blob)));
    }
}

/// The source gives nothing more until the other node has all that came before.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_slow_client_has_sent_does_not_wait_for_a_whole_chunk() {
    let fleet = fleet(2);
    let bytes = bytes_of(70_003, 4);
    let (source, node) = (bytes.clone(), Arc::clone(fleet.node(2)));
    // A chunk begins in the second piece, and the third is shorter than one.
    let pieces = [(0, 1_000), (1_000, 70_000), (70_000, 70_003)];
    let slow = stream::iter(pieces).then(move |(from, to)| {
        let (source, node) = (source.clone(), Arc::clone(&node));
        async move {
            let came = || node.received.load(Ordering::SeqCst) == from as u64;
            wait_until("the other node has what came so far", came).await;
            Ok::<_, io::Error>(source.slice(from..to))
        }
    });
    let stored = fleet.files(1).upload(fleet.request(1, 2, &[2]), Box::pin(slow)).await.unwrap();
    assert_eq!(stored.nodes, ids(&[1, 2]));
    for node in [1, 2] {
        assert_eq!(get(&fleet.node(node).store, BlobId(1), ByteRange::ALL).await.unwrap(), bytes);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_spare_node_stands_in_however_the_first_fails() {
    let bytes = bytes_of(3_000_000, 4);
    for mood in
        [Mood::Unreachable, Mood::FailsAfter(0), Mood::FailsAfter(1_000_000), Mood::HangsAfter(500_000), Mood::Garbles]
    {
        let fleet = fleet(3);
        fleet.node(2).set(mood);
        let stored = fleet.files(1).upload(fleet.request(1, 2, &[2, 3]), body(&bytes, 60_000)).await.unwrap();
        assert_eq!(stored.nodes, ids(&[1, 3]), "{mood:?}");
        assert_eq!(get(&fleet.node(3).store, BlobId(1), ByteRange::ALL).await.unwrap(), bytes);
        wait_until("the failed node holds nothing", || !fleet.node(2).store.contains(BlobId(1))).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn too_few_nodes_leave_nothing_anywhere() {
    for (moods, wanted, reached) in [
        ([Mood::Unreachable, Mood::Unreachable], 2, 1),
        ([Mood::Healthy, Mood::Unreachable], 3, 2),
        ([Mood::FailsAfter(200_000), Mood::Healthy], 3, 2),
    ] {
        for size in [10_000, 2_000_000] {
            let fleet = fleet(3);
            fleet.node(2).set(moods[0]);
            fleet.node(3).set(moods[1]);
            let error =
                fleet.files(1).upload(fleet.request(1, wanted, &[2, 3]), body(&bytes_of(size, 1), 60_000)).await;
            match error {
                Err(UploadError::TooFewNodes { wanted: told, reached: got }) => {
                    assert!(told == wanted && got <= reached)
                }
                // A small upload fits before the link is cut.
                Ok(_) => assert!(size == 10_000 && moods[0] == Mood::FailsAfter(200_000)),
                other => panic!("{other:?}"),
            }
            if size > 10_000 {
                wait_until("nothing is left", || fleet.nodes.values().all(|node| node.store.is_empty())).await;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn too_few_candidates_are_refused_before_the_body_is_read() {
    let fleet = fleet(2);
    let never =
        stream::poll_fn(|_| -> std::task::Poll<Option<Result<Bytes, io::Error>>> { panic!("the body was read") });
    let result = fleet.files(1).upload(fleet.request(1, 3, &[2]), never).await;
    assert!(matches!(result, Err(UploadError::TooFewNodes { wanted: 3, reached: 2 })));
    assert_eq!(fleet.node(2).asked.load(Ordering::SeqCst), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_client_announced_must_come() {
    let fleet = fleet(2);
    let files = fleet.files(1);
    let bytes = bytes_of(500_000, 4);
    let with = |change: &dyn Fn(&mut UploadRequest)| {
        let mut request = fleet.request(1, 2, &[2]);
        change(&mut request);
        request
    };
    let wrong = files.upload(with(&|request| request.sha256 = Some(Sha256([1; 32]))), body(&bytes, 9_000)).await;
    assert!(matches!(wrong, Err(UploadError::WrongChecksum { actual }) if actual == digest_of(&bytes)));
    let wrong = files.upload(with(&|request| request.length = Some(500_001)), body(&bytes, 9_000)).await;
    assert!(matches!(wrong, Err(UploadError::WrongLength { announced: 500_001, actual: 500_000 })));
    for length in [None, Some(500_000)] {
        let limit = |request: &mut UploadRequest| (request.limit_bytes, request.length) = (499_999, length);
        let wrong = files.upload(with(&limit), body(&bytes, 9_000)).await;
        assert!(matches!(wrong, Err(UploadError::TooLarge { limit_bytes: 499_999 })));
    }
    wait_until("nothing is left", || fleet.nodes.values().all(|node| node.store.is_empty())).await;
    // Another id, as every upload has its own.
    let mut right = fleet.request(2, 2, &[2]);
    (right.sha256, right.length) = (Some(digest_of(&bytes).sha256), Some(500_000));
    files.upload(right, body(&bytes, 9_000)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_goes_away_leaves_nothing() {
    let fleet = fleet(2);
    let files = fleet.files(1);
    let broken = body(&bytes_of(900_000, 1), 50_000).chain(stream::iter([Err(io::ErrorKind::ConnectionReset.into())]));
    assert!(matches!(files.upload(fleet.request(1, 2, &[2]), broken).await, Err(UploadError::Source(_))));
    let request = fleet.request(2, 2, &[2]);
    let upload = tokio::spawn({
        let files = files.clone();
        async move { files.upload(request, body(&bytes_of(900_000, 1), 50_000).chain(stream::pending())).await }
    });
    wait_until("the replica is reached", || fleet.node(2).asked.load(Ordering::SeqCst) == 2).await;
    upload.abort();
    let folder = |node| fleet.node(node).store.directory().join("incoming");
    wait_until("nothing is left", || [1, 2].iter().all(|node| files_in(&folder(*node)).is_empty())).await;
    assert!(fleet.nodes.values().all(|node| node.store.is_empty()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hanging_replica_slows_the_source_and_holds_little_memory() {
    let fleet = fleet(3);
    fleet.node(2).set(Mood::HangsAfter(1_000_000));
    let bytes = bytes_of(48 << 20, 2);
    let stored = fleet.files(1).upload(fleet.request(1, 2, &[2, 3]), body(&bytes, 16_384)).await.unwrap();
    assert_eq!(stored.nodes, ids(&[1, 3]));
    let peak = fleet.node(1).store.buffers().used_peak_bytes();
    assert!(peak <= 5 << 20, "{peak} bytes of buffers for one upload");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_stands_still_holds_up_no_upload() {
    let fleet = fleet(3);
    fleet.node(2).set(Mood::HangsAfter(0));
    let bytes = bytes_of(20_000, 2);
    let begin = std::time::Instant::now();
    let stored = fleet.files(1).upload(fleet.request(1, 2, &[2, 3]), body(&bytes, 20_000)).await.unwrap();
    assert_eq!(stored.nodes, ids(&[1, 3]));
    assert!(begin.elapsed() < std::time::Duration::from_secs(2), "{:?}", begin.elapsed());
    let counters = fleet.node(1).store.counters().snapshot();
    assert_eq!((counters.replica_replays, counters.replica_failures), (1, 0));
    fleet.node(2).set(Mood::Healthy);
    wait_until("the slow node holds nothing", || fleet.node(2).store.is_empty()).await;
}

fn chunks(bytes: &Bytes) -> ChunkStream {
    body(bytes, 60_000).map(|piece| piece.map_err(|error| StreamError::Aborted(error.to_string()))).boxed()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_removal_that_overtakes_its_copy_still_counts() {
    for size in [10_000, 2_000_000] {
        let directory = tempfile::tempdir().unwrap();
        let gate = Arc::new(FaultyDisk::default());
        let store =
            BlobStore::open(BlobStoreConfig { gate: gate.clone(), ..config(directory.path()) }, Handle::current());
        let store = store.unwrap();
        let service = FileService::new(store.clone());
        gate.hold_syncs.store(true, Ordering::SeqCst);
        let stored = tokio::spawn({
            let service = service.clone();
            async move { service.handle_put(BlobId(1), None, chunks(&bytes_of(size, 1))).await }
        });
        wait_until("the copy is being synced", || gate.syncs.load(Ordering::SeqCst) > 0).await;
        assert!(!service.handle_remove(BlobId(1)).await.unwrap());
        gate.hold_syncs.store(false, Ordering::SeqCst);
        assert!(matches!(stored.await.unwrap(), Err(StreamError::Store(StoreError::Removed(BlobId(1))))), "{size}");
        assert!(store.is_empty());
        assert!(files_in(&directory.path().join("large")).is_empty());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_large_copy_that_nobody_waits_for_leaves_no_file() {
    let directory = tempfile::tempdir().unwrap();
    let gate = Arc::new(FaultyDisk::default());
    let config = BlobStoreConfig { gate: gate.clone(), ..config(directory.path()) };
    let store = BlobStore::open(config, Handle::current()).unwrap();
    let mut writer = store.writer(BlobId(1), None).unwrap();
    writer.write(bytes_of(2_000_000, 1)).await.unwrap();
    gate.hold_syncs.store(true, Ordering::SeqCst);
    let finishing = tokio::spawn(writer.finish(None));
    wait_until("the blob is being synced", || gate.syncs.load(Ordering::SeqCst) > 0).await;
    finishing.abort();
    assert!(finishing.await.unwrap_err().is_cancelled());
    gate.hold_syncs.store(false, Ordering::SeqCst);
    let folder = |name| files_in(&directory.path().join(name));
    wait_until("nothing is left", || folder("incoming").is_empty() && folder("large").is_empty()).await;
    assert!(store.is_empty());
}
