//! Thin owners of the mesh's parts: one that keeps the listener alive, and one for each peer that tells how its link
//! fares. The mesh itself dials, reconnects and moves the bytes, in tasks of its own.

mod links;
mod listener;
mod peer;

pub use links::{MeshLinksActor, MeshStatus};
pub use listener::MeshListenerActor;
pub use peer::PeerLinkStatus;

#[cfg(test)]
mod tests;
