//! Who is alive, who is primary next, and whether this node may stay primary.
//!
//! `health` judges one peer, `core` decides, `actor` acts. Raft alone makes a primary: everything here only tells it
//! earlier what its timers would find out later, so that a wrong suspicion costs an election and nothing else.

mod actor;
mod beats;
mod candidates;
mod core;
mod health;
mod round_trips;
mod status;
mod steady;

pub use actor::{Failover, FailoverPorts};
pub use beats::Beats;
pub use core::{Effect, FailoverConfig, FailoverCore, Observed, Patience};
pub use health::Health;
pub use status::{FailoverStatus, PeerStatus};

#[cfg(test)]
mod tests;
