//! Stores in temporary folders, joined by replicators in memory that can be told to fail.

use std::{
    collections::BTreeMap,
    io,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use flotilla_files::*;
use futures::{Stream, StreamExt, stream};
use parking_lot::Mutex;
use tempfile::TempDir;
use tokio::runtime::Handle;

pub(crate) fn bytes_of(length: usize, seed: u64) -> Bytes {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut bytes = Vec::with_capacity(length + 8);
    while bytes.len() < length {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(length);
    bytes.into()
}

pub(crate) fn digest_of(bytes: &[u8]) -> BlobDigest {
    let mut sha256 = [0; 32];
    sha256.copy_from_slice(ring::digest::digest(&ring::digest::SHA256, bytes).as_ref());
    BlobDigest { sha256: Sha256(sha256), length: bytes.len() as u64 }
}

pub(crate) fn body(
    bytes: &Bytes,
    piece: usize,
) -> impl Stream<Item = Result<Bytes, io::Error>> + Send + 'static + use<> {
    let bytes = bytes.clone();
    let count = bytes.len().div_ceil(piece);
    stream::iter((0..count).map(move |number| Ok(bytes.slice(number * piece..((number + 1) * piece).min(bytes.len())))))
}

/// Segments of 1 MiB, so that tests fill several; direct reads from 1 MiB on, so that tests have both.
pub(crate) fn config(directory: &Path) -> BlobStoreConfig {
    BlobStoreConfig {
        segment_bytes: 1 << 20,
        reserve_bytes: 0,
        direct_read_bytes: 1 << 20,
        ..BlobStoreConfig::new(directory)
    }
}

pub(crate) fn open(directory: &Path) -> BlobStore {
    BlobStore::open(config(directory), Handle::current()).unwrap()
}

pub(crate) async fn put(store: &BlobStore, blob: BlobId, bytes: &Bytes) -> Result<BlobDigest, StoreError> {
    let mut writer = store.writer(blob, None)?;
    for piece in bytes.chunks(60_000) {
        writer.write(Bytes::copy_from_slice(piece)).await?;
    }
    writer.finish(None).await
}

pub(crate) async fn get(store: &BlobStore, blob: BlobId, range: ByteRange) -> Result<Bytes, StreamError> {
    collect(store.reader(blob).await?.stream(range)?, 1 << 30).await
}

pub(crate) fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

pub(crate) fn files_in(directory: &Path) -> Vec<std::path::PathBuf> {
    let mut names: Vec<_> = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    names.sort();
    names
}

pub(crate) async fn wait_until(what: &str, mut predicate: impl FnMut() -> bool) {
    let deadline = tokio::time::Instant::now() + Duration::from_secs(10);
    while !predicate() {
        assert!(tokio::time::Instant::now() < deadline, "waited in vain until {what}");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

/// Fails chosen operations of a disk.
#[derive(Default)]
pub(crate) struct FaultyDisk {
    pub(crate) failing: Mutex<Option<(DiskOperation, io::ErrorKind)>>,
    pub(crate) syncs: AtomicU64,
    pub(crate) hold_syncs: AtomicBool,
}

impl DiskGate for FaultyDisk {
    fn before(&self, operation: DiskOperation, _: u64) -> io::Result<()> {
        if operation == DiskOperation::Sync {
            self.syncs.fetch_add(1, Ordering::SeqCst);
            while self.hold_syncs.load(Ordering::SeqCst) {
                std::thread::yield_now();
            }
        }
        match *self.failing.lock() {
            Some((failing, kind)) if failing == operation => Err(kind.into()),
            _ => Ok(()),
        }
    }
}

/// How a node treats what it is asked.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Mood {
    Healthy,
    Unreachable,
    /// Takes or gives so many bytes, then fails.
    FailsAfter(usize),
    /// Takes or gives so many bytes, then does nothing.
    HangsAfter(usize),
    /// Flips a bit.
    Garbles,
}

pub(crate) struct Node {
    pub(crate) store: BlobStore,
    pub(crate) mood: Mutex<Mood>,
    pub(crate) asked: AtomicU64,
    /// Bytes of copies that came.
    pub(crate) received: AtomicU64,
    _directory: TempDir,
}

impl Node {
    pub(crate) fn set(&self, mood: Mood) {
        *self.mood.lock() = mood;
    }
}

pub(crate) struct Fleet {
    pub(crate) nodes: BTreeMap<NodeId, Arc<Node>>,
}

struct InMemory(Arc<Fleet>);

pub(crate) fn fleet(count: u64) -> Arc<Fleet> {
    let node = || {
        let directory = tempfile::tempdir().unwrap();
        let store = open(directory.path());
        let mood = Mutex::new(Mood::Healthy);
        Arc::new(Node { store, mood, asked: AtomicU64::new(0), received: AtomicU64::new(0), _directory: directory })
    };
    Arc::new(Fleet { nodes: (1..=count).map(|number| (NodeId(number), node())).collect() })
}

impl Fleet {
    pub(crate) fn node(&self, number: u64) -> &Arc<Node> {
        &self.nodes[&NodeId(number)]
    }

    pub(crate) fn files(self: &Arc<Self>, number: u64) -> Files {
        let config = FilesConfig { replica_stall_timeout: Duration::from_millis(300), ..FilesConfig::default() };
        let replicator = Arc::new(InMemory(Arc::clone(self)));
        Files::new(NodeId(number), self.node(number).store.clone(), replicator, config, Handle::current())
    }

    pub(crate) fn request(&self, blob: u128, replicas: usize, candidates: &[u64]) -> UploadRequest {
        UploadRequest {
            blob: BlobId(blob),
            length: None,
            sha256: None,
            limit_bytes: u64::MAX,
            replicas,
            candidates: candidates.iter().map(|number| NodeId(*number)).collect(),
        }
    }
}

fn in_mood(mood: Mood, chunks: ChunkStream) -> ChunkStream {
    let mut passed = 0;
    let chunks = chunks.map(move |chunk| (chunk, mood)).then(move |(chunk, mood)| {
        passed += chunk.as_ref().map_or(0, |chunk: &Bytes| chunk.len());
        let passed = passed;
        async move {
            match mood {
                Mood::FailsAfter(limit) if passed > limit => {
                    Err(ReplicaError::Unreachable("link was cut".into()).into())
                }
                Mood::HangsAfter(limit) if passed > limit => std::future::pending().await,
                Mood::Garbles => chunk.map(|chunk| {
                    let mut garbled = chunk.to_vec();
                    garbled[0] ^= 1;
                    garbled.into()
                }),
                _ => chunk,
            }
        }
    });
    Box::pin(chunks)
}

#[async_trait]
impl Replicator for InMemory {
    async fn put(
        &self,
        node: NodeId,
        blob: BlobId,
        length: Option<u64>,
        chunks: ChunkStream,
    ) -> Result<BlobDigest, ReplicaError> {
        let node = &self.0.nodes[&node];
        node.asked.fetch_add(1, Ordering::SeqCst);
        let mood = *node.mood.lock();
        if mood == Mood::Unreachable {
            return Err(ReplicaError::Unreachable("no link".into()));
        }
        let service = FileService::new(node.store.clone());
        let receiver = Arc::clone(node);
        let chunks: ChunkStream = Box::pin(chunks.inspect(move |chunk| {
            let length = chunk.as_ref().map_or(0, |chunk| chunk.len() as u64);
            receiver.received.fetch_add(length, Ordering::SeqCst);
        }));
        service
            .handle_put(blob, length, in_mood(mood, chunks))
            .await
            .map_err(|error| ReplicaError::Refused(error.to_string()))
    }

    async fn get(&self, node: NodeId, blob: BlobId, range: ByteRange) -> Result<ChunkStream, ReplicaError> {
        let node = &self.0.nodes[&node];
        node.asked.fetch_add(1, Ordering::SeqCst);
        let mood = *node.mood.lock();
        if mood == Mood::Unreachable {
            return Err(ReplicaError::Unreachable("no link".into()));
        }
        let answer = FileService::new(node.store.clone()).handle_get(blob, range).await;
        Ok(in_mood(mood, answer.map_err(|_| ReplicaError::NotFound)?.1))
    }

    async fn remove(&self, node: NodeId, blob: BlobId) -> Result<(), ReplicaError> {
        let node = &self.0.nodes[&node];
        FileService::new(node.store.clone()).handle_remove(blob).await.map(|_| ()).map_err(|_| ReplicaError::NotFound)
    }
}
