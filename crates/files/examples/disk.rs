//! Measures the blob store on the disk of a folder, to choose between its options:
//! `cargo run --release -p flotilla-files --example disk -- FOLDER [large|small|read|start]…`
#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a tool for developers, at a terminal")]

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use bytes::Bytes;
use flotilla_files::*;
use futures::{StreamExt, future::join_all};
use tokio::runtime::Handle;

const RUNS: usize = 3;

#[tokio::main]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let folder = PathBuf::from(arguments.next().expect("a folder on the disk to measure"));
    let chosen: Vec<String> = arguments.collect();
    let wanted = |name: &str| chosen.is_empty() || chosen.iter().any(|choice| choice == name);
    if wanted("large") {
        for direct_io in [true, false] {
            for streams in [1, 4] {
                large(&folder, direct_io, streams).await;
            }
        }
    }
    if wanted("small") {
        for (direct_io, appenders) in [(true, 1), (true, 2), (true, 3), (false, 1), (false, 2)] {
            for (clients, size) in [(1, 64 << 10), (8, 64 << 10), (64, 64 << 10), (64, 1 << 10)] {
                small(&folder, direct_io, appenders, clients, size).await;
            }
        }
    }
    if wanted("read") {
        read(&folder).await;
    }
    if wanted("start") {
        start(&folder).await;
    }
}

fn open(folder: &Path, change: impl FnOnce(&mut BlobStoreConfig)) -> (tempfile::TempDir, BlobStore) {
    let directory = tempfile::tempdir_in(folder).unwrap();
    let mut config = BlobStoreConfig::new(directory.path());
    change(&mut config);
    let store = BlobStore::open(config, Handle::current()).unwrap();
    (directory, store)
}

fn random_bytes(length: usize) -> Bytes {
    let mut bytes = vec![0; length];
    ring::rand::SecureRandom::fill(&ring::rand::SystemRandom::new(), &mut bytes).unwrap();
    bytes.into()
}

/// User and system time of this process so far.
fn processor_time() -> Duration {
    let text = std::fs::read_to_string("/proc/self/stat").unwrap();
    // After the name come the state and ten more fields, then utime and stime in hundredths of a second.
    let fields: Vec<&str> = text.rsplit(')').next().unwrap().split_whitespace().collect();
    let ticks: u64 = fields[11..13].iter().map(|field| field.parse::<u64>().unwrap()).sum();
    Duration::from_millis(ticks * 10)
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}

async fn write_large(store: &BlobStore, blob: u128, source: &Bytes, total: usize, piece: usize) {
    let files = Files::new(NodeId(1), store.clone(), Arc::new(Nobody), FilesConfig::default(), Handle::current());
    let request = UploadRequest {
        blob: BlobId(blob),
        length: Some(total as u64),
        sha256: None,
        limit_bytes: u64::MAX,
        replicas: 1,
        candidates: vec![],
    };
    let source = source.clone();
    let pieces = (0..total / piece).map(move |number| {
        let at = number * piece % source.len();
        Ok::<_, std::io::Error>(source.slice(at..at + piece))
    });
    files.upload(request, futures::stream::iter(pieces)).await.unwrap();
}

async fn large(folder: &Path, direct_io: bool, streams: usize) {
    let source = random_bytes(64 << 20);
    let total = (1 << 30) / streams;
    let (mut speeds, mut processor) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        let (_directory, store) = open(folder, |config| config.direct_io = direct_io);
        let (begin, used) = (Instant::now(), processor_time());
        join_all((0..streams).map(|stream| write_large(&store, stream as u128, &source, total, 16 << 10))).await;
        speeds.push((1u64 << 30) as f64 / 1e6 / begin.elapsed().as_secs_f64());
        processor.push((processor_time() - used).as_secs_f64());
    }
    println!(
        "large: 1 GiB in {streams} uploads, direct {direct_io}: {:.0} MB/s, {:.2} s of processor",
        median(speeds),
        median(processor)
    );
}

async fn small(folder: &Path, direct_io: bool, appenders: usize, clients: usize, size: usize) {
    let bytes = random_bytes(size);
    let (mut rates, mut processor, mut batch) = (Vec::new(), Vec::new(), 0.0);
    for _ in 0..RUNS {
        let (_directory, store) = open(folder, |config| (config.direct_io, config.appenders) = (direct_io, appenders));
        let next = Arc::new(AtomicU64::new(0));
        let (begin, used) = (Instant::now(), processor_time());
        let workers = (0..clients).map(|_| {
            let (store, next, bytes) = (store.clone(), Arc::clone(&next), bytes.clone());
            tokio::spawn(async move {
                while begin.elapsed() < Duration::from_secs(2) {
                    let mut writer = store
                        .writer(BlobId(next.fetch_add(1, Ordering::Relaxed).into()), Some(bytes.len() as u64))
                        .unwrap();
                    writer.write(bytes.clone()).await.unwrap();
                    writer.finish(None).await.unwrap();
                }
            })
        });
        join_all(workers).await;
        let counters = store.counters().snapshot();
        rates.push(counters.blobs_written as f64 / begin.elapsed().as_secs_f64());
        processor.push((processor_time() - used).as_secs_f64() * 1e6 / counters.blobs_written as f64);
        batch = counters.segment_appends as f64 / counters.segment_syncs as f64;
        store.close().await;
    }
    println!(
        "small: {size} bytes, {clients} clients, direct {direct_io}, {appenders} appenders: {:.0}/s, {:.0} us of processor each, {batch:.1} a sync",
        median(rates),
        median(processor)
    );
}

async fn read(folder: &Path) {
    let source = random_bytes(64 << 20);
    let (_directory, store) = open(folder, |_| {});
    write_large(&store, 1, &source, 1 << 30, 16 << 10).await;
    for pass in ["not cached", "cached", "cached"] {
        let (begin, used) = (Instant::now(), processor_time());
        let mut chunks = store.reader(BlobId(1)).await.unwrap().stream(ByteRange::ALL).unwrap();
        let mut length = 0;
        while let Some(chunk) = chunks.next().await {
            length += chunk.unwrap().len();
        }
        let speed = length as f64 / 1e6 / begin.elapsed().as_secs_f64();
        println!("read: 1 GiB, {pass}: {speed:.0} MB/s, {:.2} s of processor", (processor_time() - used).as_secs_f64());
    }
}

async fn start(folder: &Path) {
    const BLOBS: u64 = 1_000_000;
    let (directory, store) = open(folder, |_| {});
    let (next, bytes) = (Arc::new(AtomicU64::new(0)), random_bytes(100));
    let begin = Instant::now();
    let workers = (0..256).map(|_| {
        let (store, next, bytes) = (store.clone(), Arc::clone(&next), bytes.clone());
        tokio::spawn(async move {
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= BLOBS {
                    return;
                }
                let mut writer = store.writer(BlobId(number.into()), None).unwrap();
                writer.write(bytes.clone()).await.unwrap();
                writer.finish(None).await.unwrap();
            }
        })
    });
    join_all(workers).await;
    println!("start: {BLOBS} blobs of 100 bytes written at {:.0}/s", BLOBS as f64 / begin.elapsed().as_secs_f64());
    store.close().await;
    drop(store);
    let begin = Instant::now();
    let store = BlobStore::open(BlobStoreConfig::new(directory.path()), Handle::current()).unwrap();
    println!("start: opened with {} blobs in {:.2} s", store.len(), begin.elapsed().as_secs_f64());
    store.close().await;
    drop(store);
    for entry in std::fs::read_dir(directory.path().join("segments")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "index") {
            std::fs::remove_file(path).unwrap();
        }
    }
    let begin = Instant::now();
    let store = BlobStore::open(BlobStoreConfig::new(directory.path()), Handle::current()).unwrap();
    println!("start: opened with {} blobs and no index in {:.2} s", store.len(), begin.elapsed().as_secs_f64());
}

/// A cluster of one.
struct Nobody;

#[async_trait::async_trait]
impl Replicator for Nobody {
    async fn put(&self, _: NodeId, _: BlobId, _: Option<u64>, _: ChunkStream) -> Result<BlobDigest, ReplicaError> {
        Err(ReplicaError::Unreachable("there is no other node".into()))
    }

    async fn get(&self, _: NodeId, _: BlobId, _: ByteRange) -> Result<ChunkStream, ReplicaError> {
        Err(ReplicaError::NotFound)
    }

    async fn remove(&self, _: NodeId, _: BlobId) -> Result<(), ReplicaError> {
        Ok(())
    }
}
