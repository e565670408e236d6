//! The road that all writes climb, on one node with a real disk: appended, synced, committed, applied.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use criterion::{Criterion, Throughput};
use flotilla_consensus::disk::DirectoryDisk;
use flotilla_consensus::{Config, Consensus, Lane, PeerAddress, Transport, TransportError};
use flotilla_model::NodeId;

use crate::{BATCH, runtime, state};

const NODE: NodeId = NodeId(1);

pub(crate) fn measure(criterion: &mut Criterion) {
    let (runtime, dir) = (runtime(), tempfile::tempdir().unwrap());
    let consensus = runtime.block_on(start(dir.path()));
    let mut group = criterion.benchmark_group("log");
    for count in [1, BATCH] {
        group.throughput(Throughput::Elements(count as u64));
        group.bench_function(format!("commit-{count}"), |bencher| {
            bencher.iter(|| runtime.block_on(commit(&consensus, count)));
        });
    }
    group.finish();
    runtime.block_on(consensus.shutdown());
}

/// Alone, it has nobody to call.
struct Nobody;

#[async_trait]
impl Transport for Nobody {
    async fn call(&self, to: NodeId, _: Lane, _: Bytes, _: Duration) -> Result<Bytes, TransportError> {
        Err(TransportError::Unreachable { reason: format!("there is no node {to}") })
    }
}

async fn start(dir: &std::path::Path) -> Consensus {
    let disk = Arc::new(DirectoryDisk::open(dir).unwrap());
    let consensus = Consensus::start(Config::new(NODE), disk, Arc::new(Nobody)).await.unwrap();
    let address = PeerAddress { name: "node-1".to_owned(), address: "node-1:44431".to_owned() };
    consensus.initialize(address).await.unwrap();
    for command in state::setup() {
        consensus.propose(command).await.unwrap().outcome.unwrap();
    }
    consensus
}

/// So many at the same time: they share entries and syncs as they come.
async fn commit(consensus: &Consensus, count: usize) {
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..count {
        let consensus = consensus.clone();
        // Rows are replaced, so that the state stays as large as it is.
        tasks.spawn(async move { consensus.propose(state::set_parameter()).await.unwrap().outcome.unwrap() });
    }
    while let Some(done) = tasks.join_next().await {
        done.unwrap();
    }
}
