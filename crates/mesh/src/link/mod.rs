//! The lasting connections to one peer: who dials, when again, and what is known of the peer's health.

mod backoff;
mod dialler;
mod reachability;
mod status;
mod succession;

pub(crate) use dialler::{Link, LinkEvent, dial};
pub use reachability::PeerReachability;
pub(crate) use reachability::Tracker;
pub use status::{LinkState, LinkStatus};
