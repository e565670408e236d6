//! Connections between nodes: mutual TLS with a proof of the cluster secret, lanes, requests and streams.
//!
//! Each node dials every peer for its own requests, one lasting connection a lane, and serves the requests that peers
//! send over the connections that they dialled. So there is no question of who keeps which of two connections, and
//! each direction's health is known by itself. Bulk streams take a pooled connection each.
//!
//! Everything is bounded (see [`Limits`]); a peer that does not take its answers is cut off and told why. A caller
//! always learns whether its request may have had an effect (see [`CallError`]).
//!
//! Deliberately absent: what the requests mean, Raft, actors, and any decision about membership or failover.

mod bulk;
mod error;
mod handler;
mod handshake;
mod identity;
mod lane;
mod limits;
mod link;
mod listener;
mod mesh;
mod network;
mod peers;
mod rpc;
mod stats;
mod tasks;
#[cfg(test)]
mod testing;
mod wire;

pub use bulk::{ChunkReader, ChunkWriter, StreamError, UploadStream};
pub use error::{BindError, CallError, DialError, NotSentReason, Refusal, UnknownReason};
pub use handler::Handler;
pub use handshake::{HandshakeError, HandshakeStep, RefusalCode};
pub use identity::{Identity, PeerIdentity, PeerRole};
pub use lane::Lane;
pub use limits::{LaneLimits, Limits};
pub use link::{LinkState, LinkStatus, PeerReachability};
pub use mesh::{BulkStatus, Mesh, MeshConfig};
pub use network::{BoxedStream, Listener, MemoryFaults, MemoryNetwork, Network, Stream, TcpNetwork};
pub use peers::Reachability;
pub use wire::cut::CutReason;
