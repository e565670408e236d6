//! The actors of a node: each with a pure core that decides and a thin shell that acts, all supervised.

pub mod certificates;
pub mod config_sync;
pub mod failover;
pub mod gmp;
pub mod membership;
pub mod mesh;
mod parameters;
pub mod ports;
pub mod secret_rotation;
pub mod supervision;
#[cfg(test)]
mod testing;
pub mod ticker;
