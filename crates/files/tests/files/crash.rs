//! What a crash leaves: a copy of the directory taken while the store runs stands for the disk after a power cut.

use std::{
    fs::{self, File},
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
};

use crate::support::*;
use bytes::Bytes;
use flotilla_files::*;
use futures::FutureExt;

async fn crashed_copy(blobs: u128) -> (tempfile::TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let live = directory.path().join("live");
    let store =
        BlobStore::open(BlobStoreConfig { appenders: 1, ..config(&live) }, tokio::runtime::Handle::current()).unwrap();
    for number in 1..=blobs {
        put(&store, BlobId(number), &bytes_of(10_000, number as u64)).await.unwrap();
    }
    let copy = directory.path().join("copy");
    copy_folder(&live, &copy);
    store.close().await;
    (directory, copy)
}

fn only_segment(directory: &Path) -> PathBuf {
    let files = files_in(&directory.join("segments"));
    assert_eq!(files.len(), 1, "{files:?}");
    files[0].clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_writer_dropped_before_its_end_leaves_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    for size in [1_000, 2_000_000] {
        let mut writer = store.writer(BlobId(1), None).unwrap();
        writer.write(bytes_of(size, 1)).await.unwrap();
        drop(writer);
        assert!(!store.contains(BlobId(1)));
    }
    wait_until("the unfinished file is gone", || files_in(&directory.path().join("incoming")).is_empty()).await;
    assert!(files_in(&directory.path().join("large")).is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn acknowledged_blobs_survive_and_unfinished_ones_are_swept() {
    let directory = tempfile::tempdir().unwrap();
    let (live, copy) = (directory.path().join("live"), directory.path().join("copy"));
    let store = open(&live);
    put(&store, BlobId(1), &bytes_of(5_000, 1)).await.unwrap();
    put(&store, BlobId(2), &bytes_of(900_000, 2)).await.unwrap();
    let mut unfinished = store.writer(BlobId(3), Some(3_000_000)).unwrap();
    for _ in 0..4 {
        unfinished.write(bytes_of(400_000, 3)).await.unwrap();
    }
    copy_folder(&live, &copy);
    assert_eq!(files_in(&copy.join("incoming")).len(), 1, "the crash happens in the middle of an upload");

    let recovered = open(&copy);
    assert!(files_in(&copy.join("incoming")).is_empty());
    assert_eq!(recovered.len(), 2);
    assert_eq!(get(&recovered, BlobId(1), ByteRange::ALL).await.unwrap(), bytes_of(5_000, 1));
    assert_eq!(get(&recovered, BlobId(2), ByteRange::ALL).await.unwrap(), bytes_of(900_000, 2));
    put(&recovered, BlobId(4), &bytes_of(5_000, 4)).await.unwrap();
    recovered.close().await;
    drop(recovered);
    assert_eq!(open(&copy).len(), 3, "a second start uses the index that the first wrote");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_torn_tail_is_cut_wherever_it_is_torn() {
    let (_directory, copy) = crashed_copy(3).await;
    let whole = fs::read(only_segment(&copy)).unwrap();
    let record = 12_288; // One record of 10,000 bytes, padded to the block: the appends came one by one.
    assert_eq!(whole.len(), 4096 + 3 * record);
    for torn in [1, 79, 80, 81, 4_096, 10_000, 10_079] {
        let image = tempfile::tempdir().unwrap();
        copy_folder(&copy, image.path());
        fs::write(only_segment(image.path()), &whole[..4096 + 2 * record + torn]).unwrap();
        let store = open(image.path());
        assert_eq!(store.list(None, 9).iter().map(|(blob, _)| blob.0).collect::<Vec<_>>(), [1, 2], "torn after {torn}");
        assert_eq!(get(&store, BlobId(2), ByteRange::ALL).await.unwrap(), bytes_of(10_000, 2));
        assert_eq!(
            fs::metadata(image.path().join("segments/00000001.segment")).unwrap().len(),
            4096 + 2 * record as u64
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn garbage_and_zeros_at_the_end_are_no_blobs() {
    let (_directory, copy) = crashed_copy(2).await;
    for tail in [vec![0; 50_000], bytes_of(50_000, 77).to_vec()] {
        let image = tempfile::tempdir().unwrap();
        copy_folder(&copy, image.path());
        let segment = only_segment(image.path());
        let mut bytes = fs::read(&segment).unwrap();
        bytes.extend_from_slice(&tail);
        fs::write(&segment, bytes).unwrap();
        assert_eq!(open(image.path()).len(), 2);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn uploaded_records_cannot_pass_for_records() {
    // A partner who knows the format uploads the bytes of another segment, block-aligned as in a real one.
    let (_directory, foreign) = crashed_copy(3).await;
    let forged = fs::read(only_segment(&foreign)).unwrap();
    let directory = tempfile::tempdir().unwrap();
    let (live, copy) = (directory.path().join("live"), directory.path().join("copy"));
    let store = open(&live);
    let padding = 4096 - 80;
    put(&store, BlobId(100), &Bytes::from([vec![0; padding], forged[4096..].to_vec()].concat())).await.unwrap();
    copy_folder(&live, &copy);
    let segment = only_segment(&copy);
    let file = File::options().write(true).open(&segment).unwrap();
    file.write_all_at(&[0xff; 4], 4096).unwrap(); // The header of the outer record is lost.
    assert!(open(&copy).is_empty(), "forged records must not appear");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_empty_or_headless_segment_is_removed() {
    let directory = tempfile::tempdir().unwrap();
    drop(open(directory.path()));
    fs::write(directory.path().join("segments/00000007.segment"), b"").unwrap();
    fs::write(directory.path().join("segments/00000008.segment"), vec![1; 9_000]).unwrap();
    wait_until("the lock is free", || {
        BlobStore::open(config(directory.path()), tokio::runtime::Handle::current()).is_ok()
    })
    .await;
    assert!(!directory.path().join("segments/00000007.segment").exists());
    assert!(!directory.path().join("segments/00000008.segment").exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_batch_that_was_not_synced_only_whole_records_appear() {
    let directory = tempfile::tempdir().unwrap();
    let (live, copy) = (directory.path().join("live"), directory.path().join("copy"));
    let disk = std::sync::Arc::new(FaultyDisk::default());
    let config = BlobStoreConfig { appenders: 1, gate: disk.clone(), ..config(&live) };
    let store = BlobStore::open(config, tokio::runtime::Handle::current()).unwrap();
    let mut uploads = Vec::new();
    disk.hold_syncs.store(true, std::sync::atomic::Ordering::SeqCst);
    for number in 1..=4_u64 {
        let store = store.clone();
        let mut upload = Box::pin(async move { put(&store, BlobId(number.into()), &bytes_of(10_000, number)).await });
        // The first step of a small one puts it into the queue.
        assert!(upload.as_mut().now_or_never().is_none(), "it waits for its sync");
        uploads.push(upload);
        // The first is alone in its batch, the others wait and make the second.
        wait_until("the first waits for its sync", || disk.syncs.load(std::sync::atomic::Ordering::SeqCst) >= 1).await;
    }
    disk.hold_syncs.store(false, std::sync::atomic::Ordering::SeqCst);
    for upload in uploads {
        upload.await.unwrap();
    }
    assert_eq!(store.counters().snapshot().segment_syncs, 2, "the others share a batch");
    copy_folder(&live, &copy);
    // A page in the middle of the third blob's contents did not reach the disk.
    let segment = only_segment(&copy);
    let image = fs::read(&segment).unwrap();
    let contents = bytes_of(10_000, 3);
    let at = image.windows(64).position(|window| window == &contents[5_000..5_064]).unwrap() as u64;
    File::options().write(true).open(&segment).unwrap().write_all_at(&[0; 512], at).unwrap();
    let store = open(&copy);
    let found: Vec<_> = store.list(None, 9).iter().map(|(blob, _)| blob.0).collect();
    assert_eq!(found, [1, 2, 4]);
}
