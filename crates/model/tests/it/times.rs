//! Not before a time, not after one, and delays between tries.

use crate::common::*;
use flotilla_model::*;

#[test]
fn an_event_is_not_given_out_before_its_time() {
    let mut state = three_nodes();
    let later = NewEvent { not_before_ms: Some(CREATED_MS + 5_000), ..new_event("order.a") };
    let id = published(&mut state, "a", 1, vec![later])[0];
    assert_eq!(state.next_deadline_ms(), Some(CREATED_MS + 5_000));
    passes(&mut state, 4_999);
    assert_eq!(claimed(&mut state, 1, 1), []);
    passes(&mut state, 1);
    assert_eq!(claimed(&mut state, 1, 1), [id]);
}

#[test]
fn its_time_counts_behind_another_of_its_key_too() {
    let mut state = three_nodes();
    let first = NewEvent { ordering_key: key("k"), ..new_event("order.a") };
    let second = NewEvent { not_before_ms: Some(CREATED_MS + 5_000), ..first.clone() };
    let ids = published(&mut state, "a", 1, vec![first, second]);
    claimed(&mut state, 1, 1);
    ended(&mut state, ids[0], WorkEnd::Done);
    assert_eq!(state_name(&state, ids[1]), "waiting");
}

#[test]
fn an_event_that_no_worker_took_in_time_expires() {
    let mut state = three_nodes();
    let short = || NewEvent { expires_ms: Some(CREATED_MS + 1_000), ..new_event("order.a") };
    let ids = published(&mut state, "a", 1, vec![short(), short()]);
    assert_eq!(claimed(&mut state, 1, 1), [ids[0]]);
    passes(&mut state, 1_000);
    assert_eq!((state_name(&state, ids[0]), state_name(&state, ids[1])), ("leased", "ended"));
    assert_eq!(end_of(&state, ids[1]), Some(EventEnd::Expired));
    ended(&mut state, ids[0], WorkEnd::Failed { reason: "no".to_owned(), retryable: true });
    assert_eq!(end_of(&state, ids[0]), Some(EventEnd::Expired), "its next try would come too late");
    let refused = state.apply(&publish("a", 1, vec![short()]));
    assert_eq!(refused, Ok(Outcome::Published(vec![Publication::Refused(Rejection::EventExpired)])));
    state.check_invariants().unwrap();
}

/// How long the event waits for its next try.
fn delay_ms(state: &State, event: EventId) -> u64 {
    match state.events.get(&event).unwrap().state {
        EventState::Waiting { not_before_ms } => not_before_ms - state.clock_ms(),
        ref other => panic!("{other:?}"),
    }
}

#[test]
fn delays_grow_and_are_the_same_on_every_node() {
    let (mut first, mut second) = (three_nodes(), three_nodes());
    let mut delays = Vec::new();
    for state in [&mut first, &mut second] {
        let id = published(state, "a", 1, vec![new_event("order.a")])[0];
        let mut own = Vec::new();
        for _ in 0..5 {
            claimed(state, 1, 1);
            ended(state, id, WorkEnd::Failed { reason: "no".to_owned(), retryable: true });
            own.push(delay_ms(state, id));
            let wait_ms = delay_ms(state, id);
            passes(state, wait_ms);
        }
        delays.push(own);
    }
    assert_eq!(delays[0], delays[1]);
    for (delay, expected) in delays[0].iter().zip([1_000, 2_000, 4_000, 8_000, 16_000u64]) {
        assert!(delay.abs_diff(expected) <= expected / 10, "{delay} instead of about {expected}");
    }
    assert_eq!(first.digest(), second.digest());
}

#[test]
fn a_failure_on_this_side_has_a_delay_of_its_own() {
    let mut state = three_nodes();
    state.apply(&set(parameter_names::INTERNAL_RETRY_DELAY, 30)).unwrap();
    let id = published(&mut state, "a", 1, vec![new_event("order.a")])[0];
    claimed(&mut state, 1, 1);
    ended(&mut state, id, WorkEnd::FailedInternally { reason: "the disk is full".to_owned() });
    assert!((27_000..=33_000).contains(&delay_ms(&state, id)));
}

#[test]
fn the_poison_limit_is_a_parameter() {
    let mut state = three_nodes();
    state.apply(&set(parameter_names::POISON_LIMIT, 1)).unwrap();
    let id = published(&mut state, "a", 1, vec![new_event("order.a")])[0];
    claimed(&mut state, 1, 1);
    let lost =
        Command::NodeLost { node: NodeId(1), session: SessionId(1), reason: "test".to_owned(), now_ms: CREATED_MS };
    state.apply(&lost).unwrap();
    assert_eq!(state_name(&state, id), "dead");
}
