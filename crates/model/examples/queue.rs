//! What one event costs in the state machine: published, claimed and completed in batches, as the log brings them.
//!
//! `cargo run --release -p flotilla-model --example queue -- --backlog 1000000`
#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a measurement for a terminal")]

use std::time::{Duration, Instant};

use flotilla_model::*;

const BATCH: usize = 256;
const BATCHES: usize = 400;
const DATA_BYTES: usize = 1024;

fn main() {
    let backlog: usize =
        std::env::args().skip_while(|text| text != "--backlog").nth(1).map_or(0, |n| n.parse().unwrap());
    let mut state = cluster();
    let before_kib = resident_kib();
    let begun = Instant::now();
    for _ in 0..backlog / BATCH {
        apply(&mut state, &publish("later", DATA_BYTES / 4));
    }
    if backlog > 0 {
        let per_event = (resident_kib() - before_kib) * 1024 / state.events.len();
        println!("backlog of {} events: {per_event} bytes each, built in {:?}", state.events.len(), begun.elapsed());
    }
    for run in 1..=3 {
        let mut took = [Duration::ZERO; 5];
        for _ in 0..BATCHES {
            let encoded = postcard::to_stdvec(&publish("work", DATA_BYTES)).unwrap();
            let begun = Instant::now();
            let command: Command = postcard::from_bytes(&encoded).unwrap();
            took[0] += begun.elapsed();
            took[1] += apply(&mut state, &command);
            let begun = Instant::now();
            let claim = Command::Claim {
                node: NodeId(1),
                session: SessionId(1),
                count: BATCH as u32,
                steal_after_ms: 100,
                now_ms: 1,
            };
            let Ok(Outcome::Claimed { leases, .. }) = state.apply(&claim) else { panic!("no leases") };
            took[2] += begun.elapsed();
            let results = leases.into_iter().map(|(event, attempt)| done(event, attempt)).collect();
            let complete = Command::Complete { node: NodeId(1), session: SessionId(1), results, now_ms: 1 };
            let encoded = postcard::to_stdvec(&complete).unwrap();
            let begun = Instant::now();
            let command: Command = postcard::from_bytes(&encoded).unwrap();
            took[3] += begun.elapsed();
            took[4] += apply(&mut state, &command);
        }
        let per_event = took.map(|took| took.as_nanos() as f64 / (BATCH * BATCHES) as f64 / 1000.0);
        let [decode, publish, claim, decode_results, complete] = per_event;
        println!(
            "run {run}: decode {decode:.2} + publish {publish:.2}, claim {claim:.2}, decode {decode_results:.2} + complete \
             {complete:.2} = {:.2} µs per event",
            per_event.iter().sum::<f64>()
        );
    }
}

fn cluster() -> State {
    let mut state = State::default();
    let steps = vec![Step::Checksum];
    let account = AccountName::parse("bank").unwrap();
    let later = KindPattern::parse("later").unwrap();
    let kind = KindPattern::parse("work").unwrap();
    let route = |kind, lane| Command::PutKindRoute {
        account: account.clone(),
        kind,
        steps: steps.clone(),
        lane,
        priority: None,
        expected_version: None,
    };
    let commands = [
        Command::CreateCluster {
            id: 7,
            name: "bench".to_owned(),
            parameters: vec![
                ("EventQueue.maxEvents".to_owned(), "10000000".to_owned()),
                ("EventQueue.maxBytes".to_owned(), "10000000000".to_owned()),
            ],
            now_ms: 1,
        },
        Command::AdmitMember {
            token: None,
            name: "one".to_owned(),
            role: MemberRole::Full,
            mesh_address: "one:1".to_owned(),
            admin_url: "https://one".to_owned(),
            transfer_url: "https://one".to_owned(),
            authority: Authority {
                fingerprint: "ca".to_owned(),
                certificate_pem: String::new(),
                node: None,
                added_ms: 1,
            },
            now_ms: 1,
        },
        Command::NodeStarted {
            node: NodeId(1),
            session: SessionId(1),
            version: String::new(),
            mesh_address: String::new(),
            admin_url: String::new(),
            transfer_url: String::new(),
            now_ms: 1,
        },
        Command::PutAccount {
            name: account.clone(),
            password_hash: Some(String::new()),
            enabled: None,
            quota_bytes: None,
            quota_files: None,
            expected_version: None,
            now_ms: 1,
        },
        route(later, Some(LaneName::parse("later").unwrap())),
        route(kind, None),
        Command::SetLane { lane: LaneName::parse("later").unwrap(), weight: None, is_paused: Some(true), now_ms: 1 },
    ];
    for command in &commands {
        state.apply(command).unwrap();
    }
    state
}

fn publish(kind: &str, bytes: usize) -> Command {
    let event = NewEvent {
        kind: KindName::parse(kind).unwrap(),
        data: Payload::new(&vec![b'x'; bytes]),
        ordering_key: None,
        idempotency_key: None,
        priority: None,
        not_before_ms: None,
        expires_ms: None,
        trace_id: None,
    };
    let account = AccountName::parse("bank").unwrap();
    // Each its own bytes, as events that come off the log have.
    let events = (0..BATCH)
        .map(|_| NewEvent { data: Payload::new(&event.data.read().expect("in memory")), ..event.clone() })
        .collect();
    Command::PublishEvents { account, node: NodeId(1), events, now_ms: 1 }
}

fn done(event: EventId, attempt: u32) -> WorkResult {
    let report = StepReport {
        step: 0,
        kind: "log".to_owned(),
        attempt,
        node: NodeId(1),
        worker: WorkerId(3),
        started_ms: 1_700_000_000_000,
        duration_us: 20,
        result: StepResult::Succeeded { detail: String::new() },
    };
    WorkResult { event, attempt, worker: WorkerId(3), steps: vec![report], end: WorkEnd::Done }
}

/// The time that it takes while a reader holds the view from before, as the node's readers do.
fn apply(state: &mut State, command: &Command) -> Duration {
    let view = state.clone();
    let begun = Instant::now();
    state.apply(command).unwrap();
    let took = begun.elapsed();
    drop(view);
    took
}

fn resident_kib() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}
