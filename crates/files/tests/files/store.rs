//! Writing, reading, listing and deleting on one disk.

use crate::support::*;
use bytes::Bytes;
use flotilla_files::*;

const SIZES: [usize; 9] = [0, 1, 4095, 4096, 65_536, 262_144, 262_145, 300_001, 3 << 20];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_size_comes_back_and_survives_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    for (number, &size) in SIZES.iter().enumerate() {
        let bytes = bytes_of(size, size as u64);
        assert_eq!(put(&store, BlobId(number as u128), &bytes).await.unwrap(), digest_of(&bytes));
    }
    store.close().await;
    drop(store);
    let store = open(directory.path());
    assert_eq!(store.len(), SIZES.len());
    for (number, &size) in SIZES.iter().enumerate() {
        let blob = BlobId(number as u128);
        assert_eq!(get(&store, blob, ByteRange::ALL).await.unwrap(), bytes_of(size, size as u64), "{size}");
        assert_eq!(store.verify(blob).await.unwrap().length, size as u64);
        assert_eq!(store.stat(blob).unwrap().length, size as u64);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn chunks_of_any_shape_make_the_same_blob() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    let bytes = bytes_of(2_500_000, 5);
    for (number, piece) in [1_777, 4096, 65_536, 524_288, 2_500_000].into_iter().enumerate() {
        for announced in [None, Some(bytes.len() as u64)] {
            let blob = BlobId(number as u128 * 2 + u128::from(announced.is_some()));
            let mut writer = store.writer(blob, announced).unwrap();
            for chunk in bytes.chunks(piece) {
                writer.write(Bytes::copy_from_slice(chunk)).await.unwrap();
            }
            assert_eq!(writer.finish(Some(digest_of(&bytes))).await.unwrap(), digest_of(&bytes), "{piece}");
            assert_eq!(get(&store, blob, ByteRange::ALL).await.unwrap(), bytes, "{piece}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ranges_stream_exactly_their_bytes() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    for (blob, size) in [(BlobId(1), 100_000_usize), (BlobId(2), 1_700_000)] {
        let bytes = bytes_of(size, 9);
        put(&store, blob, &bytes).await.unwrap();
        for (start, end) in
            [(0, 1), (0, size), (4_095, 4_097), (size - 1, size), (size, size), (50_000, 99_999), (7, 7)]
        {
            let range = ByteRange::new(start as u64..end as u64);
            assert_eq!(get(&store, blob, range).await.unwrap(), bytes[start..end], "{start}..{end}");
        }
        let beyond = get(&store, blob, ByteRange::new(0..size as u64 + 1)).await;
        assert!(matches!(beyond, Err(StreamError::Store(StoreError::InvalidRange { .. }))));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn contents_are_written_once() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    for (blob, size) in [(BlobId(1), 1_000), (BlobId(2), 1_000_000)] {
        let bytes = bytes_of(size, 1);
        put(&store, blob, &bytes).await.unwrap();
        put(&store, blob, &bytes).await.expect("the same again, as after a lost answer");
        let other = put(&store, blob, &bytes_of(size, 2)).await;
        assert!(matches!(other, Err(StoreError::Conflict(conflict)) if conflict == blob), "{other:?}");
        assert_eq!(get(&store, blob, ByteRange::ALL).await.unwrap(), bytes);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unexpected_contents_are_not_stored() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    for size in [1_000, 1_000_000] {
        let mut writer = store.writer(BlobId(1), None).unwrap();
        writer.write(bytes_of(size, 1)).await.unwrap();
        let result = writer.finish(Some(digest_of(&bytes_of(size, 2)))).await;
        assert!(matches!(result, Err(StoreError::Mismatch { .. })));
        assert!(!store.contains(BlobId(1)));
    }
    wait_until("the unfinished file is gone", || files_in(&directory.path().join("incoming")).is_empty()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn deleted_blobs_are_gone_and_open_readers_go_on() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    for (blob, size) in [(BlobId(1), 1_000), (BlobId(2), 2_000_000)] {
        let bytes = bytes_of(size, 1);
        put(&store, blob, &bytes).await.unwrap();
        let reader = store.reader(blob).await.unwrap();
        assert!(store.delete(blob).await.unwrap());
        assert!(!store.delete(blob).await.unwrap());
        assert!(matches!(store.reader(blob).await.err(), Some(StoreError::NotFound(_))));
        assert_eq!(collect(reader.stream(ByteRange::ALL).unwrap(), 1 << 30).await.unwrap(), bytes);
    }
    assert!(files_in(&directory.path().join("large")).is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn listing_pages_through_everything() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    for number in [30, 10, 20] {
        put(&store, BlobId(number), &bytes_of(number as usize, 1)).await.unwrap();
    }
    let first = store.list(None, 2);
    assert_eq!(first.iter().map(|(blob, stat)| (blob.0, stat.length)).collect::<Vec<_>>(), [(10, 10), (20, 20)]);
    let second = store.list(Some(first[1].0), 2);
    assert_eq!(second.iter().map(|(blob, _)| blob.0).collect::<Vec<_>>(), [30]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_directory_serves_one_process() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    let second = BlobStore::open(config(directory.path()), tokio::runtime::Handle::current());
    assert!(matches!(second.err(), Some(OpenError::InUse)));
    store.close().await;
    let late = put(&store, BlobId(1), &bytes_of(10, 1)).await;
    assert!(matches!(late, Err(StoreError::Closed)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn buffers_come_back_and_stay_few() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    let bytes = bytes_of(32 << 20, 3);
    let mut writer = store.writer(BlobId(1), None).unwrap();
    for chunk in bytes.chunks(10_000) {
        writer.write(Bytes::copy_from_slice(chunk)).await.unwrap();
    }
    writer.finish(None).await.unwrap();
    assert_eq!(get(&store, BlobId(1), ByteRange::ALL).await.unwrap(), bytes);
    wait_until("every buffer is back", || store.buffers().used_bytes() == 0).await;
    assert!(store.buffers().used_peak_bytes() <= 2 << 20, "{} bytes", store.buffers().used_peak_bytes());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_announced_length_does_not_take_the_disk() {
    use std::os::unix::fs::MetadataExt;
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    let mut writer = store.writer(BlobId(1), Some(2 << 30)).unwrap();
    writer.write(bytes_of(300_000, 1)).await.unwrap();
    writer.write(bytes_of(300_000, 1)).await.unwrap();
    let incoming = files_in(&directory.path().join("incoming"));
    let taken = incoming[0].metadata().unwrap().blocks() * 512;
    assert!(taken <= 65 << 20, "{taken} bytes are taken for 600,000");
}
