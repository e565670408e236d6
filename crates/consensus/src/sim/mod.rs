//! A simulated disk and network, for tests and for the seeded simulation of whole clusters. Never used by the daemon.

mod crash;
mod disk;
mod network;

pub use disk::{DiskFaults, SimDisk};
pub use network::{LinkFaults, SimNetwork, SimTransport};
