//! What the tests of the queue share: accounts with routes, applications' events, work on them.

use flotilla_model::{
    AccountName, Command, EventId, EventKey, KindName, KindPattern, LaneName, NewEvent, NodeId, Outcome, Payload,
    Publication, Step, StepReport, StepResult, WorkEnd, WorkResult, WorkerId,
};

use crate::harness::{MemoryLedger, NOW_MS, SESSION};

pub(crate) fn account(name: &str) -> AccountName {
    AccountName::parse(name).unwrap()
}

pub(crate) fn add_account(ledger: &MemoryLedger, name: &str) {
    ledger.apply(Command::PutAccount {
        name: account(name),
        password_hash: Some("$argon2id$".to_owned()),
        enabled: None,
        quota_bytes: None,
        quota_files: None,
        expected_version: None,
        now_ms: NOW_MS,
    });
}

pub(crate) fn webhook() -> Step {
    Step::Webhook { url: "https://example.org".to_owned(), key: None, timeout_ms: 5, idempotent: false }
}

/// An account whose events of all own kinds go through one webhook.
pub(crate) fn add_publisher(ledger: &MemoryLedger, name: &str, lane: Option<&str>) {
    add_account(ledger, name);
    ledger.apply(Command::PutKindRoute {
        account: account(name),
        kind: KindPattern::parse("*").unwrap(),
        steps: vec![webhook()],
        lane: lane.map(|lane| LaneName::parse(lane).unwrap()),
        priority: None,
        expected_version: None,
    });
}

pub(crate) fn event(kind: &str) -> NewEvent {
    NewEvent {
        kind: KindName::parse(kind).unwrap(),
        data: Payload::new(br#"{"z": 1, "a": 12345678901234567890.10}"#),
        ordering_key: None,
        idempotency_key: None,
        priority: None,
        not_before_ms: None,
        expires_ms: None,
        trace_id: None,
    }
}

pub(crate) fn ordered(kind: &str, key: &str) -> NewEvent {
    NewEvent { ordering_key: Some(EventKey::parse(key).unwrap()), ..event(kind) }
}

/// At [`NOW_MS`] and `after_ms`.
pub(crate) fn publish(ledger: &MemoryLedger, name: &str, events: Vec<NewEvent>, after_ms: u64) -> Vec<EventId> {
    let now_ms = NOW_MS + after_ms;
    let command = Command::PublishEvents { account: account(name), node: NodeId(2), events, now_ms };
    let Outcome::Published(published) = ledger.apply(command) else { panic!("not published") };
    let id = |publication| match publication {
        Publication::New(id) => id,
        other => panic!("{other:?}"),
    };
    published.into_iter().map(id).collect()
}

/// Leases up to `count` ready events to node 2.
pub(crate) fn claim(ledger: &MemoryLedger, count: u32) -> Vec<(EventId, u32)> {
    let claim = Command::Claim { node: NodeId(2), session: SESSION, count, steal_after_ms: 0, now_ms: NOW_MS };
    let Outcome::Claimed { leases, .. } = ledger.apply(claim) else { panic!("not claimed") };
    leases
}

/// Ends leases alike, after one run of the first step.
pub(crate) fn complete(ledger: &MemoryLedger, leases: Vec<(EventId, u32)>, end: WorkEnd) {
    let result = |(event, attempt)| WorkResult {
        event,
        attempt,
        worker: WorkerId(1),
        steps: vec![StepReport {
            step: 0,
            kind: "webhook".to_owned(),
            attempt,
            node: NodeId(2),
            worker: WorkerId(1),
            started_ms: NOW_MS,
            duration_us: 1500,
            result: match &end {
                WorkEnd::Done => StepResult::Succeeded { detail: "answered 204".to_owned() },
                WorkEnd::Failed { reason, .. } | WorkEnd::OutcomeUnknown { reason, .. } => {
                    StepResult::Failed { message: reason.clone() }
                }
                other => StepResult::Failed { message: format!("{other:?}") },
            },
        }],
        end: end.clone(),
    };
    let results = leases.into_iter().map(result).collect();
    ledger.apply(Command::Complete { node: NodeId(2), session: SESSION, results, now_ms: NOW_MS });
}

pub(crate) fn failed(reason: &str) -> WorkEnd {
    WorkEnd::Failed { reason: reason.to_owned(), retryable: false }
}

/// Leases all ready events and lets them die.
pub(crate) fn bury(ledger: &MemoryLedger, reason: &str) {
    let leases = claim(ledger, 1000);
    complete(ledger, leases, failed(reason));
}
