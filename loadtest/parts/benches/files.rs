//! The blob store of one node: a small file alone, many at once that share syncs, a large one past the page cache.

use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use criterion::{Criterion, Throughput};
use flotilla_files::{BlobId, BlobStore, BlobStoreConfig};
use tokio::task::JoinSet;

use crate::runtime;

const SMALL_BYTES: usize = 64 << 10;
const LARGE_BYTES: usize = 16 << 20;
const CHUNK_BYTES: usize = 1 << 20;
const TOGETHER: usize = 32;

static BLOBS: AtomicU64 = AtomicU64::new(1);

pub(crate) fn measure(criterion: &mut Criterion) {
    let (runtime, dir) = (runtime(), tempfile::tempdir().unwrap());
    let store = BlobStore::open(BlobStoreConfig::new(dir.path()), runtime.handle().clone()).unwrap();
    let mut group = criterion.benchmark_group("files");
    let small = Bytes::from(vec![7; SMALL_BYTES]);
    for count in [1, TOGETHER] {
        group.throughput(Throughput::Elements(count as u64));
        group.bench_function(format!("store-64kib-{count}"), |bencher| {
            bencher.iter(|| {
                runtime.block_on(async {
                    let mut tasks = JoinSet::new();
                    for _ in 0..count {
                        tasks.spawn(put(store.clone(), vec![small.clone()]));
                    }
                    tasks.join_all().await;
                });
            });
        });
    }
    group.throughput(Throughput::Bytes(LARGE_BYTES as u64));
    let chunks = vec![Bytes::from(vec![7; CHUNK_BYTES]); LARGE_BYTES / CHUNK_BYTES];
    group.bench_function("store-16mib", |bencher| {
        bencher.iter(|| runtime.block_on(put(store.clone(), chunks.clone())));
    });
    group.finish();
}

/// Written, hashed on the way, synced; then taken away, so that the disk does not fill.
async fn put(store: BlobStore, chunks: Vec<Bytes>) {
    let blob = BlobId(u128::from(BLOBS.fetch_add(1, Ordering::Relaxed)));
    let length = chunks.iter().map(Bytes::len).sum::<usize>() as u64;
    let mut writer = store.writer(blob, Some(length)).unwrap();
    for chunk in chunks {
        writer.write(chunk).await.unwrap();
    }
    writer.finish(None).await.unwrap();
    store.delete(blob).await.unwrap();
}
