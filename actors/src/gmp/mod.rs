//! GeneralMessageProcessing: a pool that claims events for its workers, and the workers that carry them out.
//!
//! `core` decides, `pool` acts, `floor` lies between pool and workers, `desk` holds what one worker works on.

mod core;
mod desk;
mod floor;
mod handle;
mod holdings;
mod pace;
mod pool;
mod rounds;
mod settings;
mod sizing;
mod status;
mod supply;
mod worker;

pub use core::{Effect, PoolConfig, PoolCore};
pub use handle::{Gmp, GmpPorts};
pub use status::{PoolStatus, PoolTotals};

#[cfg(test)]
mod tests;
