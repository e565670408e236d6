//! Time enters the log as `Tick`, from the primary.
//!
//! `core` decides, `actor` acts. It runs on every node, and is silent on secondaries.

mod actor;
mod core;
mod status;

pub use actor::{Ticker, TickerPorts};
pub use core::{Observed, TickerCore};
pub use status::TickerStatus;

#[cfg(test)]
mod tests;
