//! The composition root: builds every part of a node, joins them, runs them, and stops them in order.

mod assembly;
mod bootstrap;
mod clock;
mod cpu_load;
mod custody;
mod data_dir;
mod facts;
mod fitness;
mod history;
mod identity;
mod metrics;
mod operations;
mod parameters;
mod process_usage;
mod removal;
mod run;
pub mod setup;
mod shutdown;
mod steps;
mod wiring;

pub use flotilla_telemetry::RecentLines;

pub use data_dir::{DataDir, DataDirError};
pub use identity::{Identity, Seed};
pub use run::{RunEnd, run};
