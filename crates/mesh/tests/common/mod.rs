//! Meshes for tests: members of one cluster over memory or TCP, and a handler that does what a request says.

#![allow(dead_code, reason = "each test file uses a part of it")]
#![allow(clippy::unwrap_used, reason = "test code")]

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use flotilla_mesh::{
    ChunkReader, ChunkWriter, Handler, Identity, Lane, Limits, MemoryNetwork, Mesh, MeshConfig, Network, PeerRole,
    Refusal, TcpNetwork,
};
use flotilla_model::NodeId;
use flotilla_pki::{
    Authority, AuthorityParameters, ClusterSecret, Credentials, CredentialsHandle, CredentialsParts, IssueParameters,
    KeyAlgorithm, RevokedSerials, SecretHandle, SecretSet, TrustStore,
};
use tokio::sync::Semaphore;

pub(crate) const TIMEOUT: Duration = Duration::from_secs(20);
const DAY: Duration = Duration::from_secs(86_400);

/// Waits until `condition` holds, and says what did not come about when it does not.
pub(crate) async fn wait_until(what: &str, mut condition: impl FnMut() -> bool) {
    let waiting = async {
        while !condition() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::time::timeout(TIMEOUT, waiting).await.unwrap_or_else(|_| panic!("timed out waiting until {what}"));
}

/// Fails instead of hanging.
pub(crate) async fn within<F: Future>(what: &str, future: F) -> F::Output {
    tokio::time::timeout(TIMEOUT, future).await.unwrap_or_else(|_| panic!("timed out: {what}"))
}

pub(crate) struct Cluster {
    pub(crate) authority: Authority,
    pub(crate) secret: ClusterSecret,
    pub(crate) limits: Limits,
    network: Option<MemoryNetwork>,
}

pub(crate) struct Node {
    pub(crate) mesh: Mesh,
    pub(crate) credentials: CredentialsHandle,
    pub(crate) secrets: SecretHandle,
    pub(crate) service: Arc<Service>,
}

impl Cluster {
    fn new(network: Option<MemoryNetwork>) -> Self {
        let parameters = AuthorityParameters {
            common_name: "test CA".to_owned(),
            lifetime: 10 * DAY,
            algorithm: KeyAlgorithm::default(),
        };
        let authority = Authority::generate(&parameters).unwrap();
        Self { authority, secret: ClusterSecret::generate().unwrap(), limits: Limits::default(), network }
    }

    pub(crate) fn in_memory() -> Self {
        Self::new(Some(MemoryNetwork::new(Duration::ZERO)))
    }

    pub(crate) fn over_tcp() -> Self {
        Self::new(None)
    }

    pub(crate) fn network(&self) -> &MemoryNetwork {
        self.network.as_ref().unwrap()
    }

    pub(crate) fn credentials(&self, node: u64) -> Credentials {
        self.credentials_for(node, DAY)
    }

    pub(crate) fn credentials_for(&self, node: u64, lifetime: Duration) -> Credentials {
        let parameters = IssueParameters {
            common_name: format!("node {node}"),
            names: vec!["localhost".to_owned()],
            node_id: Some(node),
            lifetime,
            algorithm: KeyAlgorithm::default(),
        };
        let local = self.authority.issue("cluster".parse().unwrap(), &parameters).unwrap();
        let mut trust = TrustStore::new();
        trust.add(self.authority.certificate().clone()).unwrap();
        Credentials::new(CredentialsParts { local, trust, revoked: RevokedSerials::default() }).unwrap()
    }

    pub(crate) async fn node_at(&self, node: u64, listen: &str) -> Node {
        let identity = Identity {
            node_id: NodeId(node),
            role: PeerRole::Member,
            cluster_id: "test".to_owned(),
            software_version: "0.1.0".to_owned(),
        };
        let network: Arc<dyn Network> = match &self.network {
            Some(memory) => Arc::new(memory.node(&node.to_string())),
            None => Arc::new(TcpNetwork),
        };
        let mut config = MeshConfig::new(identity, listen);
        config.limits = self.limits;
        config.network = network;
        config.seed = Some(node);
        let credentials = CredentialsHandle::new(self.credentials(node));
        let secrets = SecretHandle::new(SecretSet::new(self.secret.clone()));
        let service = Arc::new(Service::default());
        let mesh = Mesh::bind(config, credentials.clone(), secrets.clone(), service.clone()).await.unwrap();
        Node { mesh, credentials, secrets, service }
    }

    pub(crate) async fn node(&self, node: u64) -> Node {
        self.node_at(node, "127.0.0.1:0").await
    }

    /// Node 1, which dials node 2, connected on all lanes.
    pub(crate) async fn pair(&self) -> (Node, Node) {
        let (first, second) = (self.node(1).await, self.node(2).await);
        first.dials(&[(2, &second)]).await;
        (first, second)
    }
}

impl Node {
    pub(crate) async fn dials(&self, peers: &[(u64, &Node)]) {
        let table = peers.iter().map(|(id, node)| (NodeId(*id), node.mesh.local_address().to_owned()));
        self.mesh.set_peers(BTreeMap::from_iter(table));
        for (id, _) in peers {
            self.connected(*id).await;
        }
    }

    pub(crate) async fn connected(&self, peer: u64) {
        for lane in Lane::REQUEST_LANES {
            self.mesh.connected(NodeId(peer), lane, TIMEOUT).await.unwrap();
        }
    }
}

/// Does what the first byte of a request says.
pub(crate) struct Service {
    /// Requests begun so far.
    pub(crate) begun: AtomicUsize,
    /// Requests and streams in work.
    pub(crate) running: AtomicUsize,
    /// `h` requests wait for a permit of it.
    pub(crate) gate: Semaphore,
    /// Bytes of uploads read so far.
    pub(crate) uploaded: AtomicUsize,
    /// How uploads ended at the reading side.
    pub(crate) ends: parking_lot::Mutex<Vec<String>>,
}

impl Default for Service {
    fn default() -> Self {
        Self {
            begun: AtomicUsize::new(0),
            running: AtomicUsize::new(0),
            gate: Semaphore::new(0),
            uploaded: AtomicUsize::new(0),
            ends: parking_lot::Mutex::default(),
        }
    }
}

/// Counts what runs, also when it is dropped in the middle.
struct Running<'a>(&'a AtomicUsize);

impl<'a> Running<'a> {
    fn new(counter: &'a AtomicUsize) -> Self {
        counter.fetch_add(1, Ordering::SeqCst);
        Self(counter)
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Service {
    pub(crate) fn running(&self) -> usize {
        self.running.load(Ordering::SeqCst)
    }

    pub(crate) fn begun(&self) -> usize {
        self.begun.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl Handler for Service {
    async fn request(&self, from: NodeId, lane: Lane, body: Bytes) -> Result<Bytes, Refusal> {
        let _running = Running::new(&self.running);
        self.begun.fetch_add(1, Ordering::SeqCst);
        match body.first() {
            // Hang until the gate opens.
            Some(b'h') => {
                self.gate.acquire().await.map_err(|_| Refusal::new(1, "closed"))?.forget();
                Ok(body)
            }
            Some(b'p') => panic!("as asked"),
            Some(b'r') => Err(Refusal::new(409, "as asked")),
            // A big answer, of as many KiB as the rest says.
            Some(b'b') => {
                let kib: usize = String::from_utf8_lossy(&body[1..]).parse().unwrap_or(0);
                Ok(Bytes::from(vec![b'b'; kib * 1024]))
            }
            Some(b'w') => Ok(Bytes::from(format!("{} {lane:?}", from.0))),
            _ => Ok(body),
        }
    }

    async fn upload(&self, _from: NodeId, header: Bytes, chunks: &mut ChunkReader) -> Result<Bytes, Refusal> {
        let _running = Running::new(&self.running);
        match &header[..] {
            b"refuse at once" => return Err(Refusal::new(507, "full")),
            b"panic" => panic!("as asked"),
            b"half" => {
                let _ = chunks.next().await;
                return Ok(Bytes::from_static(b"success that must not be believed"));
            }
            b"hang" => std::future::pending().await,
            _ => {}
        }
        let mut digest = ring::digest::Context::new(&ring::digest::SHA256);
        loop {
            match chunks.next().await {
                Ok(Some(chunk)) => {
                    digest.update(&chunk);
                    self.uploaded.fetch_add(chunk.len(), Ordering::SeqCst);
                }
                Ok(None) => break,
                Err(error) => {
                    self.ends.lock().push(error.to_string());
                    return Err(Refusal::new(400, error.to_string()));
                }
            }
        }
        self.ends.lock().push("whole".to_owned());
        if &header[..] == b"refuse at the end" {
            return Err(Refusal::new(422, "no"));
        }
        Ok(Bytes::copy_from_slice(digest.finish().as_ref()))
    }

    async fn download(&self, _from: NodeId, header: Bytes, sink: &mut ChunkWriter) -> Result<(), Refusal> {
        let _running = Running::new(&self.running);
        let lost = |error: flotilla_mesh::StreamError| Refusal::new(499, error.to_string());
        let text = String::from_utf8_lossy(&header).into_owned();
        if text == "missing" {
            return Err(Refusal::new(404, "no such blob"));
        }
        if text == "not started" {
            return Ok(());
        }
        let mib: usize = text.split(' ').next().and_then(|number| number.parse().ok()).unwrap_or(1);
        sink.start(Bytes::from(format!("{mib} MiB"))).await.map_err(lost)?;
        for number in 0..mib {
            if text.ends_with("abort") && number == mib / 2 {
                return Err(Refusal::new(500, "disk read failed"));
            }
            if text.ends_with("panic") && number == mib / 2 {
                panic!("as asked");
            }
            sink.send(Bytes::from(vec![number as u8; 1024 * 1024])).await.map_err(lost)?;
        }
        Ok(())
    }
}
