//! The mesh as actors see it: levels of links, heartbeats, and whom to dial.

use async_trait::async_trait;
use flotilla_model::{NodeId, SessionId};
use serde::{Deserialize, Serialize};

use super::{changes::Changes, raft::Checkpoint};

/// A node to keep a connection with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Peer {
    /// Who.
    pub node: NodeId,
    /// Its name.
    pub name: String,
    /// `host:port` of its cluster listener.
    pub address: String,
}

/// How a peer stands, by the liveness lane. `since_ms` is when it came to stand so, in milliseconds since the Unix epoch;
/// decisions measure by their own clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(tag = "level", rename_all = "snake_case")]
pub enum LinkLevel {
    /// Not reached yet.
    Connecting {
        /// Since when.
        since_ms: u64,
    },
    /// Signs of life come in time.
    Connected {
        /// Since when.
        since_ms: u64,
    },
    /// The connection was reset and dialling again was refused: the process is gone.
    Gone {
        /// Since when.
        since_ms: u64,
    },
    /// It said goodbye.
    Left {
        /// Since when.
        since_ms: u64,
    },
    /// No signs of life, and nobody says why: cut off, or paused.
    Silent {
        /// Since when.
        since_ms: u64,
    },
}

/// The link to one peer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LinkView {
    /// The peer.
    pub node: NodeId,
    /// How it stands.
    pub level: LinkLevel,
    /// Round-trip time of the liveness lane.
    pub round_trip_us: Option<u64>,
    /// Connections made so far.
    pub connects: u64,
    /// Why the last connection or dialling failed.
    pub last_error: Option<String>,
}

/// Whether a node can do a primary's duty.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fitness {
    /// For how long the oldest write of the log has been waiting for the disk.
    pub disk_stalled_ms: u64,
    /// Committed entries that are not applied yet.
    pub apply_lag: u64,
    /// An operator drains this node.
    pub draining: bool,
    /// For how long the pool of workers has shown no sign of life. Not in the first form of the heartbeat.
    #[serde(skip)]
    pub work_stalled_ms: u64,
}

/// Where the node's own fitness is read.
pub trait FitnessSource: Send + Sync + 'static {
    /// Now.
    fn fitness(&self) -> Fitness;
}

/// What nodes tell each other on the liveness lane. Fields are only added, at the end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heartbeat {
    /// Who tells it.
    pub node: NodeId,
    /// Its process.
    pub session: SessionId,
    /// Its term.
    pub term: u64,
    /// The primary it hears, that is, whose link is up.
    pub hears_primary: Option<NodeId>,
    /// Last index in its log.
    pub last_log_index: u64,
    /// Last index it has applied.
    pub applied_index: u64,
    /// Its fitness.
    pub fitness: Fitness,
    /// Its latest checkpoint.
    pub checkpoint: Option<Checkpoint>,
    /// Log index up to which its components run with the parameters.
    pub parameters_index: u64,
    /// Round trip to its nearest majority of the voters, in microseconds. Not in the first form of the heartbeat.
    #[serde(skip)]
    pub majority_round_trip_us: Option<u64>,
}

/// The mesh's connections. It dials and listens by itself; actors say with whom and look at the result.
pub trait MeshLinks: Send + Sync + 'static {
    /// The peers to keep connections with.
    fn set_peers(&self, peers: Vec<Peer>);

    /// Nodes that are refused whatever they show: former members.
    fn set_barred(&self, nodes: Vec<NodeId>);

    /// All links as they stand.
    fn links(&self) -> Vec<LinkView>;

    /// Tells of changed levels.
    fn changes(&self) -> Changes;

    /// Sends a heartbeat to every connected peer, without waiting; a peer that does not take it misses it.
    fn send_heartbeat(&self, heartbeat: &Heartbeat);
}

/// The mesh's listener as a thing that can be run again.
#[async_trait]
pub trait MeshListener: Send + Sync + 'static {
    /// Listens until it is cancelled or dies; the error says of what.
    async fn listen(&self) -> Result<(), String>;
}
