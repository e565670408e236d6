//! Transfers at a steady rate through all members in turn: each is recorded, claimed and completed.
//!
//! Time is paused (`main.rs`): a sleep is a step of what is modelled, and takes exactly as long.

use std::time::Duration;

use flotilla_consensus::{Consensus, random_below};
use flotilla_model::{
    AccountName, BlobId, Command, FilePath, NodeId, Outcome, Protocol, PutCondition, SessionId, Sha256, StepReport,
    StepResult, WorkEnd, WorkResult, WorkerId,
};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use crate::cluster::{ACCOUNT, Cluster, NOW_MS};
use crate::model::{PERIOD, Shape, TRANSFERS};

/// What the model is held against.
pub(crate) struct Measured {
    /// Median of a commit proposed on the primary.
    pub(crate) commit_ms: f64,
    /// All members together, requests and answers.
    pub(crate) messages_per_s: f64,
    /// The same, without what an idle cluster sends.
    pub(crate) bytes_per_transfer: f64,
}

pub(crate) async fn measure(cluster: &Cluster, shape: Shape) -> Measured {
    // Until what was on its way at the higher speed has settled.
    sleep(Duration::from_secs(5)).await;
    let idle = per_second(cluster, sleep(Duration::from_secs(5))).await;
    let mut latencies = Vec::new();
    let busy = per_second(cluster, async { latencies = load(cluster, shape).await }).await;
    latencies.sort();
    Measured {
        commit_ms: latencies[latencies.len() / 2].as_secs_f64() * 1000.0,
        messages_per_s: busy.messages,
        bytes_per_transfer: (busy.bytes - idle.bytes) / busy.transfers,
    }
}

struct PerSecond {
    messages: f64,
    bytes: f64,
    transfers: f64,
}

async fn per_second(cluster: &Cluster, during: impl Future<Output = ()>) -> PerSecond {
    let ((messages, bytes), begun) = (cluster.traffic.so_far(), Instant::now());
    during.await;
    let (seconds, (messages_now, bytes_now)) = (begun.elapsed().as_secs_f64(), cluster.traffic.so_far());
    PerSecond {
        messages: (messages_now - messages) as f64 / seconds,
        bytes: (bytes_now - bytes) as f64 / seconds,
        transfers: TRANSFERS as f64 / seconds,
    }
}

/// How long the commits took that were proposed on the primary.
async fn load(cluster: &Cluster, shape: Shape) -> Vec<Duration> {
    let mut transfers = JoinSet::new();
    for number in 0..TRANSFERS {
        // By chance: in step with the round trips, all would meet the links free, or all busy.
        sleep(Duration::from_micros(random_below(2 * PERIOD.as_micros() as u64))).await;
        let at = (number % shape.members) as usize;
        transfers.spawn(transfer(cluster.nodes[at].clone(), at as u64 + 1, number, shape.members));
    }
    let all = transfers.join_all().await;
    all.into_iter().filter(|(node, _)| *node == 1).map(|(_, latency)| latency).collect()
}

/// Recorded, then claimed and completed by the node that took it.
async fn transfer(consensus: Consensus, node: u64, number: u64, members: u64) -> (u64, Duration) {
    let begun = Instant::now();
    let applied = consensus.propose(stored(node, number, members)).await.unwrap();
    let latency = begun.elapsed();
    applied.outcome.unwrap();
    let (node_id, session) = (NodeId(node), SessionId(node));
    let claim = Command::Claim { node: node_id, session, count: 8, steal_after_ms: 60_000, now_ms: NOW_MS };
    let claimed = consensus.propose(claim).await.unwrap().outcome.unwrap();
    let Outcome::Claimed { leases, .. } = claimed else { panic!("{claimed:?}") };
    let results: Vec<WorkResult> = leases.into_iter().map(|(event, attempt)| result(event, attempt)).collect();
    if !results.is_empty() {
        let complete = Command::Complete { node: node_id, session, results, now_ms: NOW_MS };
        consensus.propose(complete).await.unwrap().outcome.unwrap();
    }
    (node, latency)
}

fn stored(node: u64, number: u64, members: u64) -> Command {
    Command::FileStored {
        account: AccountName::parse(ACCOUNT).unwrap(),
        path: FilePath::parse(&format!("in/2026/report-{number}.csv")).unwrap(),
        blob: BlobId(u128::from(number) + 1),
        length: 65_536,
        sha256: Sha256([number as u8; 32]),
        holders: vec![NodeId(node), NodeId(node % members + 1)],
        node: NodeId(node),
        protocol: Protocol::Https,
        remote: "192.0.2.1".to_owned(),
        condition: PutCondition::Any,
        started_ms: NOW_MS,
        now_ms: NOW_MS,
    }
}

fn result(event: flotilla_model::EventId, attempt: u32) -> WorkResult {
    let (worker, kind) = (WorkerId(1), "checksum".to_owned());
    let detail = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824".to_owned();
    let result = StepResult::Succeeded { detail };
    let step =
        StepReport { step: 0, kind, attempt, node: NodeId(1), worker, started_ms: NOW_MS, duration_us: 900, result };
    WorkResult { event, attempt, worker, steps: vec![step], end: WorkEnd::Done }
}
