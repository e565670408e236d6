//! A simulated disk and network, for tests and for the seeded simulation of whole clusters. Never used by the daemon.

mod crash;
mod disk;

pub use disk::{DiskFaults, SimDisk};
