//! The handle to a running mesh.

use std::collections::hash_map::RandomState;
use std::collections::{BTreeMap, HashSet};
use std::hash::{BuildHasher, Hasher};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use flotilla_model::NodeId;
use flotilla_pki::{CredentialsHandle, SecretHandle};
use parking_lot::Mutex;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::bulk::{ChunkReader, UploadStream};
use crate::error::{BindError, CallError, NotSentReason};
use crate::handler::Handler;
use crate::handshake::Admission;
use crate::identity::Identity;
use crate::lane::Lane;
use crate::limits::Limits;
use crate::link::LinkStatus;
use crate::listener::{Acceptor, Signals};
use crate::network::{Listener, Network, TcpNetwork};
use crate::peers::{Peers, Reachability};
use crate::tasks::Tasks;

/// What a mesh is made of.
pub struct MeshConfig {
    /// Who we are.
    pub identity: Identity,
    /// Where we listen, `host:port`; port 0 takes a free one.
    pub listen: String,
    /// Bounds and deadlines.
    pub limits: Limits,
    /// The transport.
    pub network: Arc<dyn Network>,
    /// Fixes the spread of pauses between dials, for simulations; `None` draws one.
    pub seed: Option<u64>,
}

impl MeshConfig {
    /// Over TCP, with the default limits.
    pub fn new(identity: Identity, listen: impl Into<String>) -> Self {
        let network = Arc::new(TcpNetwork);
        Self { identity, listen: listen.into(), limits: Limits::default(), network, seed: None }
    }
}

/// Bulk traffic to one peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct BulkStatus {
    /// The peer.
    pub peer: NodeId,
    /// Streams in use.
    pub streams: usize,
    /// Bytes sent so far.
    pub sent_bytes: u64,
    /// Bytes received so far.
    pub received_bytes: u64,
}

/// A running mesh; cheap to clone. Ends with [`Mesh::shutdown`], or abruptly when the last handle is dropped.
#[derive(Clone)]
pub struct Mesh {
    shared: Arc<Shared>,
}

struct Shared {
    local_address: String,
    admission: Arc<Admission>,
    acceptor: Arc<Acceptor>,
    /// Taken away at the stop, so that the port closes when the last connection was accepted.
    door: Mutex<Option<Arc<dyn Listener>>>,
    peers: Arc<Peers>,
    tasks: Tasks,
    signals: Signals,
}

impl Drop for Shared {
    fn drop(&mut self) {
        // Cut first: what sees it does not say goodbye any more.
        self.signals.cut.cancel();
        self.signals.stop.cancel();
    }
}

impl Mesh {
    /// Listens and serves peers; dials nobody before [`Mesh::set_peers`].
    pub async fn bind(
        config: MeshConfig,
        credentials: CredentialsHandle,
        secrets: impl Into<SecretHandle>,
        handler: Arc<dyn Handler>,
    ) -> Result<Self, BindError> {
        let mesh = Self::open(config, credentials, secrets, handler).await?;
        // Ends when the mesh stops. It holds no handle of the mesh, whose last one may thus be dropped.
        mesh.shared.tasks.spawn(mesh.accepting());
        Ok(mesh)
    }

    /// As [`Mesh::bind`], for an owner that runs [`Mesh::accept`] itself, and again when it dies.
    pub async fn open(
        config: MeshConfig,
        credentials: CredentialsHandle,
        secrets: impl Into<SecretHandle>,
        handler: Arc<dyn Handler>,
    ) -> Result<Self, BindError> {
        let MeshConfig { identity, listen, limits, network, seed } = config;
        let admission = Arc::new(Admission::new(identity, credentials, secrets.into(), limits)?);
        let listener = network.bind(&listen).await;
        let listener: Arc<dyn Listener> =
            Arc::from(listener.map_err(|source| BindError::Listen { address: listen, source })?);
        let local_address = listener.local_address();
        let (tasks, signals) = (Tasks::here(), Signals::default());
        let acceptor = Arc::new(Acceptor::new(admission.clone(), handler, tasks.clone(), signals.clone()));
        let seed = seed.unwrap_or_else(|| RandomState::new().build_hasher().finish());
        let peers = Peers::new(network, admission.clone(), tasks.clone(), signals.clone(), seed);
        let door = Mutex::new(Some(listener));
        let shared = Shared { local_address, admission, acceptor, door, peers: Arc::new(peers), tasks, signals };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// Accepts peers until the mesh stops. One at a time.
    pub async fn accept(&self) {
        self.shared.tasks.run(self.accepting()).await;
    }

    fn accepting(&self) -> impl Future<Output = ()> + Send + use<> {
        let (acceptor, listener) = (self.shared.acceptor.clone(), self.shared.door.lock().clone());
        async move {
            if let Some(listener) = listener {
                acceptor.run(listener).await;
            }
        }
    }

    /// The address that is listened on, with its real port.
    pub fn local_address(&self) -> &str {
        &self.shared.local_address
    }

    /// Makes these the peers that are dialled (ourselves are skipped). Unchanged ones keep their connections.
    pub fn set_peers(&self, peers: BTreeMap<NodeId, String>) {
        self.shared.peers.set(peers);
    }

    /// Makes these the nodes that are refused though their certificate and proof are right: removed members. They are
    /// refused at their next handshake.
    pub fn set_barred(&self, barred: HashSet<NodeId>) {
        self.shared.admission.barred.store(Arc::new(barred));
    }

    /// Asks a peer and waits for its answer. See [`CallError`] for what a failure says about the request. Dropping
    /// the future cancels the request at the peer.
    pub async fn call(
        &self,
        node: NodeId,
        lane: Lane,
        body: impl Into<Bytes>,
        timeout: Duration,
    ) -> Result<Bytes, CallError> {
        let deadline = Instant::now() + timeout;
        let (peer, body) = (self.shared.peers.get(node)?, body.into());
        let link = peer.link(lane)?;
        let connected = || link.client().map_err(|why| CallError::NotSent(NotSentReason::NotConnected(why)));
        let mut client = connected()?;
        loop {
            let answer = client.call(body.clone(), deadline).await;
            if answer != Err(CallError::NotSent(NotSentReason::ConnectionEnded)) {
                return answer;
            }
            // Another connection may have taken over while this call waited for room. It waits on there.
            match connected() {
                Ok(next) if !next.is(&client) => client = next,
                _ => return answer,
            }
        }
    }

    /// Waits until a lane to a peer is connected.
    pub async fn connected(&self, node: NodeId, lane: Lane, timeout: Duration) -> Result<(), CallError> {
        let peer = self.shared.peers.get(node)?;
        let link = peer.link(lane)?;
        let waited = tokio::time::timeout(timeout, link.connected()).await;
        waited.map_err(|_| CallError::NotSent(NotSentReason::Deadline))
    }

    /// Opens a stream to a peer.
    pub async fn upload(&self, node: NodeId, header: impl Into<Bytes>) -> Result<UploadStream, CallError> {
        self.shared.peers.get(node)?.pool.upload(header.into()).await
    }

    /// Asks a peer for a stream; returns its header and the reader of its chunks.
    pub async fn download(&self, node: NodeId, header: impl Into<Bytes>) -> Result<(Bytes, ChunkReader), CallError> {
        self.shared.peers.get(node)?.pool.download(header.into()).await
    }

    /// The state of every link.
    pub fn links(&self) -> Vec<LinkStatus> {
        self.shared.peers.status()
    }

    /// The bulk traffic with every peer.
    pub fn bulk(&self) -> Vec<BulkStatus> {
        let status = |(peer, entry): (NodeId, Arc<crate::peers::Peer>)| BulkStatus {
            peer,
            streams: entry.pool.streams(),
            sent_bytes: entry.pool.stats().sent_bytes(),
            received_bytes: entry.pool.stats().received_bytes(),
        };
        self.shared.peers.all().into_iter().map(status).collect()
    }

    /// The health of every peer, as a level that is always current.
    pub fn watch_links(&self) -> watch::Receiver<Arc<Reachability>> {
        self.shared.peers.levels()
    }

    /// Says goodbye to all peers and ends: stops accepting, refuses new requests, finishes running ones for
    /// [`Limits::drain_timeout`], then cuts what is left. Tells whether everything ended by itself.
    pub async fn shutdown(&self) -> bool {
        self.shared.signals.stop.cancel();
        self.shared.door.lock().take();
        self.shared.peers.close_pools();
        // Somewhat more than the connections themselves take to drain and say farewell.
        let budget = self.shared.admission.limits.drain_timeout + Duration::from_secs(1);
        let in_order = tokio::time::timeout(budget, self.shared.tasks.ended()).await.is_ok();
        self.shared.signals.cut.cancel();
        self.shared.tasks.ended().await;
        in_order
    }

    /// Ends at once without a word, as the death of the process would. For tests and simulations.
    pub async fn abort(&self) {
        self.shared.signals.cut.cancel();
        self.shared.signals.stop.cancel();
        self.shared.door.lock().take();
        self.shared.peers.close_pools();
        self.shared.tasks.ended().await;
    }
}
