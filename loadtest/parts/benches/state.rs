//! The pure core: commands applied to the state, and its digest.

use criterion::{BatchSize, Criterion, Throughput};
use flotilla_model::{
    AccountName, Authority, Command, KindName, KindPattern, MemberRole, NewEvent, NodeId, Outcome, Payload, SessionId,
    State, Step, WorkEnd, WorkResult, WorkerId,
};

use crate::{BATCH, RECORD_BYTES};

const NOW_MS: u64 = 1_700_000_000_000;
const NODE: NodeId = NodeId(1);
const SESSION: SessionId = SessionId(1);
/// In the queue before anything is measured: trees are as deep as they are in use.
const BACKLOG: usize = 20 * BATCH;

pub(crate) fn measure(criterion: &mut Criterion) {
    let mut state = State::default();
    for command in setup() {
        state.apply(&command).unwrap();
    }
    let publish = publish();
    for _ in 0..BACKLOG / BATCH {
        state.apply(&publish).unwrap();
    }
    let mut claimed = state.clone();
    let complete = claim(&mut claimed);

    let mut group = criterion.benchmark_group("state");
    group.throughput(Throughput::Elements(BATCH as u64));
    // A clone shares everything with its original until it changes.
    let mut apply = |name: &str, state: &State, command: &Command| {
        group.bench_function(name, |bencher| {
            bencher.iter_batched_ref(|| state.clone(), |state| state.apply(command).unwrap(), BatchSize::PerIteration);
        });
    };
    apply("publish-512", &state, &publish);
    apply("claim-512", &state, &claim_command());
    apply("complete-512", &claimed, &complete);
    group.finish();
}

/// A cluster of one node, an account, a route.
pub(crate) fn setup() -> Vec<Command> {
    vec![
        Command::CreateCluster { id: 1, name: "parts".to_owned(), parameters: Vec::new(), now_ms: NOW_MS },
        Command::AdmitMember {
            token: None,
            name: "node-1".to_owned(),
            role: MemberRole::Full,
            mesh_address: "node-1:44431".to_owned(),
            admin_url: "https://node-1:8444".to_owned(),
            transfer_url: "https://node-1:8443".to_owned(),
            authority: Authority {
                fingerprint: "ca-1".to_owned(),
                certificate_pem: "certificate".to_owned(),
                node: None,
                added_ms: NOW_MS,
            },
            now_ms: NOW_MS,
        },
        Command::NodeStarted {
            node: NODE,
            session: SESSION,
            version: "0.1.0".to_owned(),
            mesh_address: "node-1:44431".to_owned(),
            admin_url: "https://node-1:8444".to_owned(),
            transfer_url: "https://node-1:8443".to_owned(),
            now_ms: NOW_MS,
        },
        Command::PutAccount {
            name: account(),
            password_hash: Some("$argon2id$".to_owned()),
            enabled: None,
            quota_bytes: None,
            quota_files: None,
            expected_version: None,
            now_ms: NOW_MS,
        },
        Command::PutKindRoute {
            account: account(),
            kind: KindPattern::parse("load.*").unwrap(),
            steps: vec![Step::Checksum],
            lane: None,
            priority: None,
            expected_version: None,
        },
    ]
}

pub(crate) fn set_parameter() -> Command {
    Command::SetParameter {
        name: "EventQueue.internalRetryDelayInterval".to_owned(),
        node: None,
        value: Some("1000".to_owned()),
        expected_version: None,
        changed_by: "parts".to_owned(),
        now_ms: NOW_MS,
    }
}

fn account() -> AccountName {
    AccountName::parse("load").unwrap()
}

fn publish() -> Command {
    let event = NewEvent {
        kind: KindName::parse("load.test").unwrap(),
        data: Payload::new(&[b'a'; RECORD_BYTES]),
        ordering_key: None,
        idempotency_key: None,
        priority: None,
        not_before_ms: None,
        expires_ms: None,
        trace_id: None,
    };
    Command::PublishEvents { account: account(), node: NODE, events: vec![event; BATCH], now_ms: NOW_MS }
}

fn claim_command() -> Command {
    Command::Claim { node: NODE, session: SESSION, count: BATCH as u32, steal_after_ms: 0, now_ms: NOW_MS }
}

/// Claims a batch; what its workers would report.
fn claim(state: &mut State) -> Command {
    let Outcome::Claimed { leases, .. } = state.apply(&claim_command()).unwrap() else { panic!("nothing was claimed") };
    assert_eq!(leases.len(), BATCH);
    let results = leases.into_iter().map(|(event, attempt)| WorkResult {
        event,
        attempt,
        worker: WorkerId(1),
        steps: Vec::new(),
        end: WorkEnd::Done,
    });
    Command::Complete { node: NODE, session: SESSION, results: results.collect(), now_ms: NOW_MS }
}
