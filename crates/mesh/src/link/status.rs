//! The published state of one link, for the console, metrics and tests.

use flotilla_model::NodeId;
use serde::Serialize;

use crate::lane::Lane;

/// What a link is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkState {
    /// Dialling or in the handshake.
    Connecting,
    /// Carries requests.
    Connected,
    /// Waits before it dials again.
    Waiting,
}

/// One lane to one peer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LinkStatus {
    /// The peer.
    pub peer: NodeId,
    /// Its address.
    pub address: String,
    /// The lane.
    pub lane: Lane,
    /// What the link is doing.
    pub state: LinkState,
    /// When it came into this state, milliseconds since the Unix epoch.
    pub since_ms: u64,
    /// The last measured time from a ping to its pong, in microseconds.
    pub round_trip_us: Option<u64>,
    /// Why the last connection ended or was not made.
    pub last_error: Option<String>,
    /// Connections made so far, those not counted that took over from a working one.
    pub connections: u64,
    /// Connections that took over from a working one, for another certificate.
    pub successions: u64,
    /// Requests that wait for an answer.
    pub in_flight: usize,
    /// Bytes sent so far.
    pub sent_bytes: u64,
    /// Bytes received so far.
    pub received_bytes: u64,
    /// The peer's version, while connected.
    pub software_version: Option<String>,
}
