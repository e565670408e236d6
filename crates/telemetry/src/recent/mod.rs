//! The last lines of this node's log, kept in memory: what any node can be asked for, whoever takes the log of the process.
//!
//! Lines come from a layer of `tracing`, behind the same filter as what is written to standard error. Nothing is kept on disk: a
//! process that ends takes its lines with it, and its log is where the supervisor of the process has put it.

mod layer;
mod line;
mod ring;
mod secrets;

pub use line::LogLine;
pub use ring::{RecentLines, Selection, Span};
