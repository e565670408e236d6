//! Applications' events: taken one by one, bounded, and let go of when there is nothing to do.

use crate::common::*;
use flotilla_model::*;

fn answers(state: &mut State, command: &Command) -> Vec<Publication> {
    match state.apply(command).unwrap() {
        Outcome::Published(publications) => publications,
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_event_with_a_route_is_queued_and_one_without_has_ended() {
    let mut state = three_nodes();
    let ids = published(&mut state, "a", 1, vec![new_event("order.created"), new_event("other")]);
    assert_eq!(ids, [EventId(1), EventId(2)]);
    assert_eq!((state_name(&state, ids[0]), state_name(&state, ids[1])), ("ready", "ended"));
    assert_eq!((end_of(&state, ids[0]), end_of(&state, ids[1])), (None, Some(EventEnd::Completed)));
    assert_eq!(claimed(&mut state, 1, 8), [EventId(1)]);
    ended(&mut state, EventId(1), WorkEnd::Done);
    assert_eq!(end_of(&state, ids[0]), Some(EventEnd::Completed));
    state.check_invariants().unwrap();
}

#[test]
fn the_closest_route_is_taken() {
    let mut state = three_nodes();
    for (kind, lane) in [("*", "all"), ("order.created", "exact"), ("order.cr*", "longer")] {
        state.apply(&kind_route("a", kind, Some(lane))).unwrap();
    }
    for (kind, expected) in [("order.created", "exact"), ("order.crash", "longer"), ("order.x", "a"), ("z", "all")] {
        let id = published(&mut state, "a", 1, vec![new_event(kind)])[0];
        let lane = state.events.get(&id).unwrap().lane;
        assert_eq!(state.lanes.get(&lane).unwrap().name.as_str(), expected, "{kind}");
    }
    assert!(state.kind_route(&name("b"), "order.created").is_none());
}

#[test]
fn a_full_queue_refuses_by_number_and_by_bytes() {
    let mut state = three_nodes();
    state.apply(&set(parameter_names::MAX_EVENTS, 2)).unwrap();
    let three = publish("a", 1, vec![new_event("order.a"), new_event("order.b"), new_event("order.c")]);
    let publications = answers(&mut state, &three);
    assert_eq!(publications[2], Publication::Refused(Rejection::QueueFull { limit: 2 }));
    assert!(matches!(publications[..2], [Publication::New(_), Publication::New(_)]));
    assert_eq!(state.queue_room(), Room::Full);

    let mut state = three_nodes();
    state.apply(&set(parameter_names::MAX_BYTES, 100)).unwrap();
    let large = |bytes: usize| NewEvent { data: Payload::new(&vec![b'x'; bytes]), ..new_event("order.a") };
    let publications = answers(&mut state, &publish("a", 1, vec![large(60), large(60), large(40)]));
    assert_eq!(publications[1], Publication::Refused(Rejection::QueueBytesFull { limit: 100 }));
    assert!(matches!(publications[2], Publication::New(_)), "a smaller one fits");
    assert_eq!(state.queue_statistics().data_bytes, 100);
    state.check_invariants().unwrap();
}

#[test]
fn room_gets_tight_before_it_ends() {
    let mut state = three_nodes();
    state.apply(&set(parameter_names::MAX_EVENTS, 100)).unwrap();
    let mut seen = Vec::new();
    for _ in 0..100 {
        published(&mut state, "a", 1, vec![new_event("order.a")]);
        seen.push(state.queue_room());
    }
    assert_eq!(seen[88], Room::Ample);
    assert_eq!(seen[89], Room::Tight { urgency_per_mille: 0 });
    assert_eq!(seen[94], Room::Tight { urgency_per_mille: 500 });
    assert_eq!(seen[99], Room::Full);
}

#[test]
fn accounts_that_are_not_there_or_disabled_publish_nothing() {
    let mut state = three_nodes();
    let refused = state.apply(&publish("nobody", 1, vec![new_event("order.a")]));
    assert_eq!(refused, Err(Rejection::NoSuchAccount { name: name("nobody") }));
    let Command::PutAccount {
        name: account, password_hash, quota_bytes, quota_files, expected_version, now_ms, ..
    } = account("a")
    else {
        unreachable!()
    };
    let enabled = Some(false);
    let disable = Command::PutAccount {
        name: account,
        password_hash,
        enabled,
        quota_bytes,
        quota_files,
        expected_version,
        now_ms,
    };
    state.apply(&disable).unwrap();
    let refused = state.apply(&publish("a", 1, vec![new_event("order.a")]));
    assert_eq!(refused, Err(Rejection::AccountDisabled { name: name("a") }));
}

#[test]
fn an_event_about_data_publishes_no_file() {
    let mut state = three_nodes();
    let id = published(&mut state, "a", 1, vec![new_event("order.a")])[0];
    claimed(&mut state, 1, 1);
    let command = Command::PublishFile {
        event: id,
        attempt: 1,
        node: NodeId(1),
        session: SessionId(1),
        target_account: name("b"),
        target_path: path("x"),
        now_ms: CREATED_MS,
    };
    assert_eq!(state.apply(&command), Err(Rejection::NoFile { event: id }));
}
