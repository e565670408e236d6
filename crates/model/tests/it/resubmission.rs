//! A file's work is done again.

use crate::common::*;
use flotilla_model::*;

fn resubmit(state: &mut State, transfer: u64) -> Result<EventId, Rejection> {
    let command = Command::ResubmitTransfer { transfer: TransferId(transfer), node: NodeId(1), now_ms: CREATED_MS };
    let outcome = state.apply(&attributed("password", &command));
    state.check_invariants().unwrap();
    match outcome? {
        Outcome::Resubmitted { event } => Ok(event),
        other => panic!("{other:?}"),
    }
}

/// Transfer 1 of account `a` was worked on by event 1, which ended so.
fn worked_on(end: WorkEnd) -> State {
    let mut state = three_nodes();
    state.apply(&stored("a", "x", 1, 1)).unwrap();
    let event = claimed(&mut state, 1, 1)[0];
    ended(&mut state, event, end);
    state
}

#[test]
fn what_was_processed_gets_a_new_event_with_the_route_of_now() {
    let mut state = worked_on(WorkEnd::Done);
    let steps = vec![Step::Log { message: "again".to_owned() }];
    let route = Command::PutRoute { account: name("a"), steps: steps.clone(), expected_version: None };
    state.apply(&route).unwrap();
    assert_eq!(resubmit(&mut state, 1), Ok(EventId(2)));
    let event = state.events.get(&EventId(2)).unwrap();
    assert_eq!((&event.route.steps, event.next_step, event.file().unwrap().transfer), (&steps, 0, TransferId(1)));
    let transfer = state.transfers.get(&TransferId(1)).unwrap();
    assert_eq!(
        (transfer.state, transfer.event, transfer.ended_ms),
        (TransferState::InProgress, Some(EventId(2)), None)
    );
    // While it runs, it is not begun twice.
    let refused = Rejection::WrongEventState { event: EventId(2), state: "ready".to_owned() };
    assert_eq!(resubmit(&mut state, 1), Err(refused));
    claimed(&mut state, 1, 1);
    ended(&mut state, EventId(2), WorkEnd::Done);
    assert_eq!(state.transfers.get(&TransferId(1)).unwrap().state, TransferState::Processed);
    let (_, row) = state.audit.last().unwrap();
    assert_eq!((row.operation.as_str(), row.subject.as_str()), ("transfer.resubmit", "transfer 1"));
}

#[test]
fn a_dead_letter_begins_anew() {
    let mut state = worked_on(WorkEnd::Failed { reason: "gone".to_owned(), retryable: false });
    assert_eq!(state_name(&state, EventId(1)), "dead");
    assert_eq!(resubmit(&mut state, 1), Ok(EventId(1)));
    assert_eq!(state_name(&state, EventId(1)), "ready");
}

#[test]
fn without_contents_or_route_there_is_nothing_to_do() {
    let mut state = worked_on(WorkEnd::Done);
    assert_eq!(resubmit(&mut state, 9), Err(Rejection::NoSuchTransfer { transfer: TransferId(9) }));
    state.apply(&Command::RemoveFile { account: name("a"), path: path("x"), expected: None }).unwrap();
    assert_eq!(resubmit(&mut state, 1), Err(Rejection::ContentsGone { transfer: TransferId(1) }));
    state.apply(&stored("b", "y", 2, 1)).unwrap();
    assert_eq!(resubmit(&mut state, 2), Err(Rejection::NoRoute { account: name("b") }));
}
