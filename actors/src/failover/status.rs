//! What everyone may know about the health of the cluster as this node sees it.

use flotilla_model::NodeId;
use serde::Serialize;

use super::health::Health;
use crate::ports::{Fitness, LinkLevel};

/// A peer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PeerStatus {
    /// Who.
    pub node: NodeId,
    /// How it is.
    pub health: Health,
    /// How its link stands.
    pub level: LinkLevel,
    /// Round-trip time of the liveness lane.
    pub round_trip_us: Option<u64>,
    /// Last index in its log, by its heartbeat.
    pub last_log_index: Option<u64>,
    /// Last index that it has applied.
    pub applied_index: Option<u64>,
    /// Its fitness.
    pub fitness: Option<Fitness>,
    /// Log index up to which its components run with the parameters.
    pub parameters_index: Option<u64>,
}

/// The status of the failure detector.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct FailoverStatus {
    /// The peers.
    pub peers: Vec<PeerStatus>,
    /// The node that this one would promote now if the primary died.
    pub next_primary: Option<NodeId>,
    /// Whether this node can do a primary's duty.
    pub fit: bool,
    /// Elections that this node stood for because the primary was dead.
    pub campaigns: u64,
    /// Times that this node handed the lead over.
    pub hand_overs: u64,
    /// Times that this node was paused for longer than the connection timeout.
    pub pauses: u64,
    /// How long the last of them was.
    pub last_pause_ms: u64,
}
