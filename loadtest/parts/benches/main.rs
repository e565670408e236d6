//! How long the parts take, each by itself and through its public interface.
//!
//! Absolute times belong to a machine and an hour. `reference` is work that no change of ours makes faster or slower: the ratio
//! to it is what `cargo xtask parts` holds against the recorded one.

#![allow(clippy::unwrap_used, reason = "a benchmark may panic")]

mod files;
mod log;
mod mesh;
mod reference;
mod state;
mod tls;

use std::time::Duration;

use criterion::Criterion;

const RECORD_BYTES: usize = 1024;
/// As many records as one entry of the log has under load.
const BATCH: usize = 512;

/// A runtime like the one that the daemon's parts share.
fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

fn main() {
    let mut criterion = Criterion::default()
        .without_plots()
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(2))
        .sample_size(20)
        .configure_from_args();
    reference::measure(&mut criterion);
    log::measure(&mut criterion);
    state::measure(&mut criterion);
    mesh::measure(&mut criterion);
    tls::measure(&mut criterion);
    files::measure(&mut criterion);
    criterion.final_summary();
}
