//! Three nodes in one process, over a network in memory, with a paused clock.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod durability;
mod failover;
mod group_commit;
mod harness;
mod hostile;
mod long_queue;
mod membership;
mod real_disk;
mod replace;
mod snapshots;
