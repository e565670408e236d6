//! Leases and their fences, retries, dead letters, unknown outcomes: case by case.

use crate::common::{CREATED_MS, name, path, stored, three_nodes};
use flotilla_model::*;

fn claim(state: &mut State, node: u64, session: u64) -> Result<Vec<(EventId, u32)>, Rejection> {
    let command = Command::Claim {
        node: NodeId(node),
        session: SessionId(session),
        count: 8,
        steal_after_ms: 100,
        now_ms: CREATED_MS,
    };
    match state.apply(&command)? {
        Outcome::Claimed { leases, .. } => Ok(leases),
        other => panic!("{other:?}"),
    }
}

fn complete(state: &mut State, node: u64, attempt: u32, end: WorkEnd) -> Vec<EventId> {
    let result = WorkResult { event: EventId(1), attempt, worker: WorkerId(1), steps: vec![], end };
    let command =
        Command::Complete { node: NodeId(node), session: SessionId(node), results: vec![result], now_ms: CREATED_MS };
    match state.apply(&command).unwrap() {
        Outcome::Completed { stale } => stale,
        other => panic!("{other:?}"),
    }
}

fn tick(state: &mut State, after_ms: u64) {
    state.apply(&Command::Tick { now_ms: CREATED_MS + after_ms }).unwrap();
}

fn lost(node: u64) -> Command {
    Command::NodeLost { node: NodeId(node), session: SessionId(node), reason: "test".to_owned(), now_ms: CREATED_MS }
}

fn one_event() -> State {
    let mut state = three_nodes();
    state.apply(&stored("a", "x", 1, 1)).unwrap();
    state
}

fn transfer(state: &State) -> &Transfer {
    state.transfers.get(&TransferId(1)).unwrap()
}

#[test]
fn the_node_that_took_the_file_goes_first_and_others_after_a_delay() {
    let mut state = one_event();
    assert_eq!(claim(&mut state, 2, 2).unwrap(), vec![]);
    tick(&mut state, 100);
    assert_eq!(claim(&mut state, 2, 2).unwrap(), vec![(EventId(1), 1)]);
    assert_eq!(claim(&mut state, 1, 1).unwrap(), vec![]);
}

#[test]
fn events_of_a_lost_node_are_taken_at_once() {
    let mut state = one_event();
    state.apply(&lost(1)).unwrap();
    assert_eq!(claim(&mut state, 2, 2).unwrap(), vec![(EventId(1), 1)]);
}

#[test]
fn a_lost_nodes_result_is_refused() {
    let mut state = one_event();
    assert_eq!(claim(&mut state, 1, 1).unwrap(), vec![(EventId(1), 1)]);
    state.apply(&lost(1)).unwrap();
    assert_eq!(claim(&mut state, 1, 1), Err(Rejection::StaleSession { node: NodeId(1) }));
    assert_eq!(claim(&mut state, 2, 2).unwrap(), vec![(EventId(1), 2)]);
    assert_eq!(complete(&mut state, 1, 1, WorkEnd::Done), vec![EventId(1)]);
    assert_eq!(complete(&mut state, 2, 1, WorkEnd::Done), vec![EventId(1)]);
    assert_eq!(complete(&mut state, 2, 2, WorkEnd::Done), vec![]);
    assert_eq!(transfer(&state).state, TransferState::Processed);
    assert_eq!(state.totals().results_stale, 2);
}

#[test]
fn a_failed_step_is_retried_after_the_delay_and_then_given_up() {
    let mut state = one_event();
    let failed = || WorkEnd::Failed { reason: "503".to_owned(), retryable: true };
    for attempt in 1..=5 {
        assert_eq!(claim(&mut state, 1, 1).unwrap(), vec![(EventId(1), attempt)]);
        complete(&mut state, 1, attempt, failed());
        assert_eq!(claim(&mut state, 1, 1).unwrap(), vec![], "before its time");
        let deadline_ms = state.next_deadline_ms().unwrap();
        state.apply(&Command::Tick { now_ms: deadline_ms }).unwrap();
    }
    assert_eq!(claim(&mut state, 1, 1).unwrap(), vec![(EventId(1), 6)]);
    complete(&mut state, 1, 6, failed());
    assert_eq!(state.queue_statistics().dead, 1);
    assert_eq!(transfer(&state).state, TransferState::FailedSubtransmission);

    state.apply(&Command::RetryEvent { event: EventId(1), now_ms: CREATED_MS }).unwrap();
    assert_eq!(transfer(&state).state, TransferState::InProgress);
    assert_eq!(claim(&mut state, 1, 1).unwrap(), vec![(EventId(1), 7)]);
    complete(&mut state, 1, 7, WorkEnd::Done);
    assert_eq!(transfer(&state).state, TransferState::Processed);
    state.check_invariants().unwrap();
}

#[test]
fn an_event_that_kills_its_process_three_times_is_given_up() {
    let mut state = one_event();
    for node in 1..=3 {
        tick(&mut state, 100 * node);
        assert_eq!(claim(&mut state, node, node).unwrap(), vec![(EventId(1), node as u32)]);
        state.apply(&lost(node)).unwrap();
    }
    assert_eq!(state.queue_statistics().dead, 1);
}

#[test]
fn a_begun_step_that_must_not_be_repeated_waits_for_a_person() {
    for (answer, next_step) in [(ResolveAnswer::Happened, 3), (ResolveAnswer::DoItAgain, 2)] {
        let mut state = one_event();
        claim(&mut state, 1, 1).unwrap();
        let begin = Command::BeginStep {
            event: EventId(1),
            attempt: 1,
            node: NodeId(1),
            session: SessionId(1),
            step: 2,
            now_ms: CREATED_MS,
        };
        state.apply(&begin).unwrap();
        state.apply(&lost(1)).unwrap();
        assert_eq!(state.queue_statistics().outcome_unknown, 1);
        assert_eq!(transfer(&state).state, TransferState::Paused);
        state.apply(&Command::ResolveEvent { event: EventId(1), answer, now_ms: CREATED_MS }).unwrap();
        assert_eq!(state.events.get(&EventId(1)).unwrap().next_step, next_step);
        state.check_invariants().unwrap();
    }
}

#[test]
fn a_begun_step_that_may_be_repeated_is_repeated() {
    let mut state = one_event();
    claim(&mut state, 1, 1).unwrap();
    let begin = Command::BeginStep {
        event: EventId(1),
        attempt: 1,
        node: NodeId(1),
        session: SessionId(1),
        step: 0,
        now_ms: CREATED_MS,
    };
    state.apply(&begin).unwrap();
    state.apply(&lost(1)).unwrap();
    assert_eq!(claim(&mut state, 2, 2).unwrap(), vec![(EventId(1), 2)]);
}

#[test]
fn a_lease_that_is_not_renewed_ends() {
    let mut state = one_event();
    claim(&mut state, 1, 1).unwrap();
    tick(&mut state, 299_000);
    let renew = Command::RenewLeases {
        node: NodeId(1),
        session: SessionId(1),
        leases: vec![(EventId(1), 1)],
        now_ms: CREATED_MS + 299_000,
    };
    state.apply(&renew).unwrap();
    tick(&mut state, 598_000);
    assert_eq!(state.queue_statistics().leased, 1);
    tick(&mut state, 599_000);
    let queue = state.queue_statistics();
    assert_eq!((queue.leased, queue.waiting), (0, 1), "it counts as a failed try");
    assert_eq!(state.events.get(&EventId(1)).unwrap().failures, 1);
}

#[test]
fn publish_is_fenced_and_copies_no_contents() {
    let mut state = one_event();
    claim(&mut state, 1, 1).unwrap();
    let publish = |attempt| Command::PublishFile {
        event: EventId(1),
        attempt,
        node: NodeId(1),
        session: SessionId(1),
        target_account: name("b"),
        target_path: path("in/x"),
        now_ms: CREATED_MS,
    };
    assert_eq!(state.apply(&publish(2)), Err(Rejection::StaleLease { event: EventId(1) }));
    state.apply(&publish(1)).unwrap();
    state.apply(&publish(1)).unwrap();
    assert_eq!(state.file(&name("b"), &path("in/x")).unwrap().blob, BlobId(1));
    assert_eq!(state.blobs.len(), 1);
    state.check_invariants().unwrap();
}

#[test]
fn a_full_queue_refuses_and_keeps_nothing() {
    let mut state = one_event();
    let bound = Command::SetParameter {
        name: parameter_names::MAX_EVENTS.to_owned(),
        node: None,
        value: Some("1".to_owned()),
        expected_version: None,
        changed_by: "test".to_owned(),
        now_ms: CREATED_MS,
    };
    state.apply(&bound).unwrap();
    let refused = state.apply(&stored("a", "y", 2, 1)).unwrap_err();
    assert_eq!(refused, Rejection::QueueFull { limit: 1 });
    assert!(refused.is_temporary());
    assert!(state.file(&name("a"), &path("y")).is_none());
}
