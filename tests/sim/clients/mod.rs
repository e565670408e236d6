//! Who uses the cluster during the run.

mod reader;
mod worker;
mod writer;

pub(crate) use reader::read;
pub(crate) use worker::{drain, work};
pub(crate) use writer::write;

use std::time::Duration;

use flotilla_consensus::random_below;

async fn pause(max_ms: u64) {
    tokio::time::sleep(Duration::from_micros(random_below(max_ms * 1000) + 1)).await;
}
