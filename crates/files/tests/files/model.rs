//! Any sequence of operations, restarts and crashes against a map in memory.

use std::collections::BTreeMap;

use crate::support::*;
use flotilla_files::*;
use proptest::prelude::*;

#[derive(Clone, Debug)]
enum Operation {
    Put {
        blob: u8,
        length: usize,
    },
    Delete {
        blob: u8,
    },
    Replace {
        blob: u8,
    },
    Compact,
    /// Orderly, with sealed segments.
    Restart,
    /// From an image of the disk taken while the store runs. Deleted blobs may be back; nothing else may differ.
    Crash,
}

fn operations() -> impl Strategy<Value = Vec<Operation>> {
    let length = prop_oneof![4 => 0..5_000_usize, 2 => 50_000..200_000_usize, 1 => 262_000..700_000_usize];
    let one = prop_oneof![
        8 => (0..12_u8, length).prop_map(|(blob, length)| Operation::Put { blob, length }),
        4 => (0..12_u8).prop_map(|blob| Operation::Delete { blob }),
        2 => (0..12_u8).prop_map(|blob| Operation::Replace { blob }),
        2 => Just(Operation::Compact),
        1 => Just(Operation::Restart),
        1 => Just(Operation::Crash),
    ];
    prop::collection::vec(one, 1..60)
}

/// Contents that tell which write they came from.
fn contents(blob: u8, length: usize, step: usize) -> bytes::Bytes {
    bytes_of(length, u64::from(blob) << 32 | step as u64)
}

async fn run(operations: Vec<Operation>) {
    let directory = tempfile::tempdir().unwrap();
    let mut place = directory.path().join("0");
    let config = |place: &std::path::Path| BlobStoreConfig { segment_bytes: 300_000, ..config(place) };
    let open = |place: &std::path::Path| BlobStore::open(config(place), tokio::runtime::Handle::current()).unwrap();
    let mut store = open(&place);
    let mut expected: BTreeMap<u8, bytes::Bytes> = BTreeMap::new();
    let mut deleted: BTreeMap<u8, bytes::Bytes> = BTreeMap::new();
    for (step, operation) in operations.into_iter().enumerate() {
        match operation {
            // An id is used once: a deleted blob is not written anew.
            Operation::Put { blob, .. } if deleted.contains_key(&blob) => {}
            Operation::Put { blob, length } => {
                let bytes = contents(blob, length, step);
                let result = put(&store, BlobId(blob.into()), &bytes).await;
                match expected.get(&blob) {
                    Some(present) if *present != bytes => assert!(matches!(result, Err(StoreError::Conflict(_)))),
                    _ => {
                        result.unwrap();
                        expected.insert(blob, bytes);
                    }
                }
            }
            Operation::Delete { blob } => {
                let removed = expected.remove(&blob);
                assert_eq!(store.delete(BlobId(blob.into())).await.unwrap(), removed.is_some());
                deleted.extend(removed.map(|bytes| (blob, bytes)));
            }
            // A repaired copy is as long as the damaged one.
            Operation::Replace { blob } if !expected.contains_key(&blob) => {}
            Operation::Replace { blob } => {
                let length = expected[&blob].len();
                let bytes = contents(blob, length, step);
                let mut writer = store.replacing_writer(BlobId(blob.into()), None).unwrap();
                writer.write(bytes.clone()).await.unwrap();
                writer.finish(None).await.unwrap();
                expected.insert(blob, bytes);
            }
            Operation::Compact => drop(store.compact(usize::MAX).await.unwrap()),
            Operation::Restart => {
                store.close().await;
                drop(store);
                store = open(&place);
            }
            Operation::Crash => {
                let next = directory.path().join((step + 1).to_string());
                copy_folder(&place, &next);
                store.close().await;
                store = open(&next);
                place = next;
            }
        }
        // After a restart, deleted blobs may be back until they are swept: here, at once.
        for (blob, bytes) in &deleted {
            if store.contains(BlobId((*blob).into())) {
                let back = get(&store, BlobId((*blob).into()), ByteRange::ALL).await.unwrap();
                assert_eq!(back.len(), bytes.len(), "a deleted blob came back with other contents");
                store.delete(BlobId((*blob).into())).await.unwrap();
            }
        }
        let listed: Vec<_> =
            store.list(None, 100).into_iter().map(|(blob, stat)| (blob.0 as u8, stat.length)).collect();
        let wanted: Vec<_> = expected.iter().map(|(blob, bytes)| (*blob, bytes.len() as u64)).collect();
        assert_eq!(listed, wanted, "after step {step}");
    }
    for (blob, bytes) in &expected {
        assert_eq!(get(&store, BlobId((*blob).into()), ByteRange::ALL).await.unwrap(), bytes);
        assert_eq!(store.verify(BlobId((*blob).into())).await.unwrap(), digest_of(bytes));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn the_store_is_a_map(operations in operations()) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        runtime.block_on(run(operations));
    }
}
