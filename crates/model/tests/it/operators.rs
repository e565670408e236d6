//! What people do with events, in bulk: each for itself.

use crate::common::*;
use flotilla_model::*;

fn change(state: &mut State, events: &[EventId], action: EventAction) -> (u64, Vec<(EventId, Rejection)>) {
    let command = Command::ChangeEvents { events: events.to_vec(), action, now_ms: CREATED_MS };
    match state.apply(&command).unwrap() {
        Outcome::EventsChanged { changed, refused } => (changed, refused),
        other => panic!("{other:?}"),
    }
}

/// Events 1 and 2 are dead, 3 is ready.
fn two_dead_letters() -> State {
    let mut state = three_nodes();
    published(&mut state, "a", 1, vec![new_event("order.a"); 3]);
    for id in claimed(&mut state, 1, 2) {
        ended(&mut state, id, WorkEnd::Failed { reason: "gone".to_owned(), retryable: false });
    }
    state
}

#[test]
fn bulk_changes_say_what_was_refused() {
    let mut state = two_dead_letters();
    let ids = [EventId(1), EventId(2), EventId(3), EventId(9)];
    let (changed, refused) = change(&mut state, &ids, EventAction::Discard);
    assert_eq!(changed, 2);
    let expected = [
        (EventId(3), Rejection::WrongEventState { event: EventId(3), state: "ready".to_owned() }),
        (EventId(9), Rejection::NoSuchEvent { event: EventId(9) }),
    ];
    assert_eq!(refused, expected);
    assert_eq!(end_of(&state, EventId(1)), Some(EventEnd::Discarded));
}

#[test]
fn a_retry_with_another_route_begins_anew() {
    let mut state = two_dead_letters();
    let steps = vec![Step::Checksum, Step::Checksum];
    assert_eq!(change(&mut state, &[EventId(1)], EventAction::Retry { steps: Some(steps.clone()) }).0, 1);
    let event = state.events.get(&EventId(1)).unwrap();
    assert_eq!((event.next_step, event.failures, &event.route.steps), (0, 0, &steps));
    let publish = Step::Publish { account: name("nobody"), folder: String::new() };
    let command = Command::ChangeEvents {
        events: vec![EventId(2)],
        action: EventAction::Retry { steps: Some(vec![publish]) },
        now_ms: CREATED_MS,
    };
    assert_eq!(state.apply(&command), Err(Rejection::StepAccount { step: 0, account: name("nobody") }));
}

#[test]
fn cancelling_a_leased_event_voids_its_lease() {
    let mut state = two_dead_letters();
    claimed(&mut state, 1, 1);
    assert_eq!(change(&mut state, &[EventId(3)], EventAction::Cancel), (1, vec![]));
    let result = WorkResult { event: EventId(3), attempt: 1, worker: WorkerId(1), steps: vec![], end: WorkEnd::Done };
    let complete =
        Command::Complete { node: NodeId(1), session: SessionId(1), results: vec![result], now_ms: CREATED_MS };
    assert_eq!(state.apply(&complete), Ok(Outcome::Completed { stale: vec![EventId(3)] }));
    assert_eq!(end_of(&state, EventId(3)), Some(EventEnd::Cancelled));
}

#[test]
fn an_event_in_a_step_that_may_have_had_an_effect_is_not_cancelled() {
    let mut state = three_nodes();
    let webhook = Step::Webhook { url: "http://127.0.0.1/".to_owned(), key: None, timeout_ms: 1000, idempotent: false };
    let route = Command::PutKindRoute {
        account: name("a"),
        kind: KindPattern::parse("order.*").unwrap(),
        steps: vec![webhook],
        lane: None,
        priority: None,
        expected_version: None,
    };
    state.apply(&route).unwrap();
    let id = published(&mut state, "a", 1, vec![new_event("order.a")])[0];
    claimed(&mut state, 1, 1);
    let (node, session) = (NodeId(1), SessionId(1));
    let begin = Command::BeginStep { event: id, attempt: 1, node, session, step: 0, now_ms: CREATED_MS };
    state.apply(&begin).unwrap();
    assert_eq!(change(&mut state, &[id], EventAction::Cancel).0, 0);
    ended(&mut state, id, WorkEnd::OutcomeUnknown { step: 0, reason: "cut".to_owned() });
    assert_eq!(change(&mut state, &[id], EventAction::Resolve(ResolveAnswer::Happened)).0, 1);
    assert_eq!(state.events.get(&id).unwrap().next_step, 1);
}

#[test]
fn one_command_changes_a_bounded_number() {
    let mut state = three_nodes();
    let events = (1..=1025).map(EventId).collect();
    let command = Command::ChangeEvents { events, action: EventAction::Discard, now_ms: CREATED_MS };
    assert_eq!(state.apply(&command), Err(Rejection::TooManyEvents { limit: 1024 }));
}
