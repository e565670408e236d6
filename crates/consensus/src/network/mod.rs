//! openraft's network over the [`crate::Transport`]: the calling end in `client`, the answering end in `server`.

mod client;
mod pipeline;
mod server;
mod snapshot_sender;

pub(crate) use client::PeerClients;
pub(crate) use server::RaftServer;
