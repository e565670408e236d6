//! Fakes of the ports, for the tests of this crate.

mod cluster;
mod cpu;
mod links;
mod log;
mod raft;

use std::future::Future;
use std::time::Duration;

pub(crate) use cluster::Cluster;
pub(crate) use cpu::FakeCpu;
pub(crate) use links::FakeLinks;
pub(crate) use log::{FakeLog, Trouble};
pub(crate) use raft::FakeRaft;

/// No condition of these tests takes long; a hang becomes a failure with a place.
#[track_caller]
pub(crate) fn within<F: Future>(future: F) -> impl Future<Output = F::Output> {
    let place = std::panic::Location::caller();
    async move {
        let Ok(output) = tokio::time::timeout(Duration::from_secs(20), future).await else {
            panic!("hung at {place}");
        };
        output
    }
}
