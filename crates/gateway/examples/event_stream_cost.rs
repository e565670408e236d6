//! What one event on a stream costs the gateway, apart from the log: TLS, HTTP, parsing, the command, the answer.
//!
//!     cargo run --release -p flotilla-gateway --example event_stream_cost
//!
//! A client publishes events of 1 KiB over TLS on loopback, at most 512 without an answer; the log answers at once. The CPU
//! time is that of the gateway's own threads, as the system counts it.

#![expect(clippy::print_stdout, reason = "it is what the program is for")]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use async_trait::async_trait;
use base64::Engine;
use flotilla_credentials::{Limits, Passwords};
use flotilla_files::{
    BlobDigest, BlobStore, BlobStoreConfig, ByteRange, ChunkStream, Files, FilesConfig, ReplicaError, Replicator,
};
use flotilla_gateway::{Changes, Dependencies, Gateway, GatewayConfig, Log, Metrics, ProposeError};
use flotilla_model::{AccountName, BlobId, Command, EventId, NodeId, Outcome, Publication, State};
use flotilla_pki::{ClusterSecret, SecretHandle, SecretSet};
use rustls::pki_types::{PrivatePkcs8KeyDer, ServerName};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;

const EVENTS: usize = 400_000;
const WINDOW: usize = 512;
const EVENT_BYTES: usize = 1024;
const PASSWORD: &str = "correct horse";

/// A log that answers at once.
struct InstantLog {
    state: State,
    last_event: AtomicU64,
    proposals: AtomicU64,
}

#[async_trait]
impl Log for InstantLog {
    fn state(&self) -> State {
        self.state.clone()
    }

    fn changes(&self) -> Changes {
        Box::pin(futures::stream::pending())
    }

    async fn latest(&self) -> Option<State> {
        Some(self.state())
    }

    async fn propose(&self, command: Command) -> Result<Outcome, ProposeError> {
        let Command::PublishEvents { events, .. } = command else {
            return Err(ProposeError::NotDone("only events are published here".to_owned()));
        };
        self.proposals.fetch_add(1, Ordering::Relaxed);
        let first = self.last_event.fetch_add(events.len() as u64, Ordering::Relaxed) + 1;
        Ok(Outcome::Published((first..first + events.len() as u64).map(|id| Publication::New(EventId(id))).collect()))
    }
}

struct NoReplicas;

#[async_trait]
impl Replicator for NoReplicas {
    async fn put(&self, _: NodeId, _: BlobId, _: Option<u64>, _: ChunkStream) -> Result<BlobDigest, ReplicaError> {
        Err(ReplicaError::NotFound)
    }

    async fn get(&self, _: NodeId, _: BlobId, _: ByteRange) -> Result<ChunkStream, ReplicaError> {
        Err(ReplicaError::NotFound)
    }

    async fn remove(&self, _: NodeId, _: BlobId) -> Result<(), ReplicaError> {
        Ok(())
    }
}

/// CPU time of each thread of this process, in nanoseconds, with its name.
fn threads() -> Result<BTreeMap<u64, (String, u64)>> {
    let mut threads = BTreeMap::new();
    for entry in std::fs::read_dir("/proc/self/task")? {
        let entry = entry?;
        let id = entry.file_name().to_string_lossy().parse()?;
        let name = std::fs::read_to_string(entry.path().join("comm"))?.trim().to_owned();
        let times = std::fs::read_to_string(entry.path().join("schedstat"))?;
        let cpu_ns = times.split(' ').next().context("no time")?.parse()?;
        threads.insert(id, (name, cpu_ns));
    }
    Ok(threads)
}

fn body(events_a_chunk: usize) -> Vec<u8> {
    let head = "{\"kind\":\"order.created\",\"data\":{\"order\":4711,\"text\":\"";
    let tail = "\"}}\n";
    let event = [head, &"x".repeat(EVENT_BYTES - head.len() - tail.len()), tail].concat();
    let chunk = event.repeat(events_a_chunk);
    [format!("{:x}\r\n", chunk.len()).as_bytes(), chunk.as_bytes(), b"\r\n"].concat()
}

async fn client(address: std::net::SocketAddr, roots: rustls::RootCertStore, events_a_chunk: usize) -> Result<()> {
    let config = rustls::ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let name = ServerName::try_from("localhost")?;
    let stream = tokio_rustls::TlsConnector::from(Arc::new(config)).connect(name, stream).await?;
    let (mut down, mut up) = tokio::io::split(stream);
    let credentials = base64::engine::general_purpose::STANDARD.encode(format!("ann:{PASSWORD}"));
    let head = format!(
        "POST /events/stream HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic {credentials}\r\n\
         Content-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n"
    );
    up.write_all(head.as_bytes()).await?;
    let room = Arc::new(Semaphore::new(WINDOW));
    let answers = Arc::clone(&room);
    let reading = async move {
        let (mut piece, mut count) = (vec![0; 64 << 10], 0);
        while count < EVENTS {
            let length = down.read(&mut piece).await?;
            anyhow::ensure!(length > 0, "the stream ended after {count} answers");
            let lines = piece[..length].windows(2).filter(|pair| *pair == b"}\n").count();
            count += lines;
            answers.add_permits(lines);
        }
        Ok(())
    };
    let writing = async {
        let body = body(events_a_chunk);
        for _ in 0..EVENTS / events_a_chunk {
            room.acquire_many(events_a_chunk as u32).await?.forget();
            up.write_all(&body).await?;
            up.flush().await?;
        }
        Ok::<_, anyhow::Error>(())
    };
    tokio::try_join!(reading, writing)?;
    Ok(())
}

#[tokio::main]
async fn main() -> Result<()> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let passwords = Passwords::new(Limits::default())?;
    let mut state = State::default();
    let hash = passwords.hash(PASSWORD).await?;
    state.apply(&Command::CreateCluster { id: 1, name: "cost".to_owned(), parameters: Vec::new(), now_ms: 1 })?;
    state.apply(&Command::PutAccount {
        name: AccountName::parse("ann")?,
        password_hash: Some(hash),
        enabled: Some(true),
        quota_bytes: None,
        quota_files: None,
        expected_version: None,
        now_ms: 1,
    })?;
    let log = Arc::new(InstantLog { state, last_event: AtomicU64::new(0), proposals: AtomicU64::new(0) });
    let directory = tempfile::tempdir()?;
    let runtime = tokio::runtime::Handle::current();
    let store = BlobStore::open(BlobStoreConfig::new(directory.path()), runtime.clone())?;
    let files = Files::new(NodeId(1), store, Arc::new(NoReplicas), FilesConfig::default(), runtime);
    let pair = rcgen::generate_simple_self_signed(["localhost".to_owned()])?;
    let key = PrivatePkcs8KeyDer::from(pair.signing_key.serialize_der());
    let tls = rustls::ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![pair.cert.der().clone()], key.into())?;
    let dependencies = Dependencies {
        cluster_id: 1,
        node: NodeId(1),
        log: log.clone(),
        files,
        passwords,
        secrets: SecretHandle::new(SecretSet::new(ClusterSecret::generate()?)),
        metrics: Arc::new(Metrics::default()),
        tracer: Default::default(),
    };
    let gateway = Gateway::start(GatewayConfig::new("127.0.0.1:0".parse()?), tls, dependencies).await?;
    let address = gateway.local_addr();
    let mut roots = rustls::RootCertStore::empty();
    roots.add(pair.cert.der().clone())?;
    for events_a_chunk in [1, 16, 64] {
        let (before, proposals, begin) = (threads()?, log.proposals.load(Ordering::Relaxed), Instant::now());
        let roots = roots.clone();
        let client = std::thread::Builder::new().name("client".to_owned()).spawn(move || -> Result<u64> {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(client(address, roots, events_a_chunk))?;
            Ok(0)
        })?;
        tokio::task::spawn_blocking(move || client.join())
            .await?
            .map_err(|_| anyhow::anyhow!("the client failed"))??;
        let took = begin.elapsed();
        let mut gateway_ns = 0;
        for (id, (name, cpu_ns)) in threads()? {
            let spent_ns = cpu_ns - before.get(&id).map_or(0, |(_, before)| *before);
            if name.starts_with("actix") {
                gateway_ns += spent_ns;
            }
        }
        let proposals = log.proposals.load(Ordering::Relaxed) - proposals;
        println!(
            "{events_a_chunk:3} events a chunk: {:.2} us of CPU an event in the gateway, {:.0} events/s, {:.0} events a proposal",
            gateway_ns as f64 / EVENTS as f64 / 1e3,
            EVENTS as f64 / took.as_secs_f64(),
            EVENTS as f64 / proposals as f64,
        );
    }
    gateway.stop(Duration::from_secs(5)).await;
    Ok(())
}
