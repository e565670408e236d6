//! The joints: each port of a crate, implemented with another crate. Nothing here decides anything.

mod doors;
mod heartbeat;
mod keeper;
mod links;
mod log;
mod operations;
mod raft;
mod replicas;
mod secrets;
mod state_stream;
mod traces;
mod transport;

pub(crate) use doors::Doors;
pub(crate) use keeper::{Keeper, assemble, renew};
pub(crate) use links::{Links, Listening};
pub(crate) use log::Log;
pub(crate) use operations::AnyNode;
pub(crate) use raft::RaftLevers;
pub(crate) use replicas::Replicas;
pub(crate) use secrets::Secrets;
pub(crate) use state_stream::{StateHeader, state_request};
pub(crate) use traces::traces;
pub(crate) use transport::MeshTransport;
