//! Time enters the log as `Tick`, from the primary.

mod actor;
mod core;

pub use actor::Ticker;
pub use core::TickerCore;
