//! Ordering keys: events of one key run in order, one at a time, whatever happens to them.

use std::collections::BTreeMap;

use crate::common::*;
use flotilla_model::*;
use proptest::prelude::*;

fn keyed(text: &str) -> NewEvent {
    NewEvent { ordering_key: key(text), ..new_event("order.a") }
}

#[test]
fn the_second_waits_until_the_first_has_ended() {
    let mut state = three_nodes();
    let ids = published(&mut state, "a", 1, vec![keyed("k"), keyed("k"), keyed("l")]);
    assert_eq!(claimed(&mut state, 1, 8), [ids[0], ids[2]]);
    ended(&mut state, ids[0], WorkEnd::Failed { reason: "no".to_owned(), retryable: true });
    assert_eq!(claimed(&mut state, 1, 8), [], "the first one waits for its next try");
    passes(&mut state, 2_000);
    assert_eq!(claimed(&mut state, 1, 8), [ids[0]]);
    ended(&mut state, ids[0], WorkEnd::Done);
    assert_eq!(claimed(&mut state, 1, 8), [ids[1]]);
}

#[test]
fn a_dead_letter_holds_its_key_until_a_person_decides() {
    for (action, goes_on) in [
        (EventAction::Discard, true),
        (EventAction::Cancel, true),
        (EventAction::Retry { steps: None }, false),
        (EventAction::Retry { steps: Some(vec![Step::Checksum]) }, false),
    ] {
        let mut state = three_nodes();
        let ids = published(&mut state, "a", 1, vec![keyed("k"), keyed("k")]);
        claimed(&mut state, 1, 1);
        ended(&mut state, ids[0], WorkEnd::Failed { reason: "no".to_owned(), retryable: false });
        assert_eq!((state_name(&state, ids[0]), state_name(&state, ids[1])), ("dead", "blocked"));
        let change = Command::ChangeEvents { events: vec![ids[0]], action, now_ms: CREATED_MS };
        state.apply(&change).unwrap();
        assert_eq!(state_name(&state, ids[1]), if goes_on { "ready" } else { "blocked" });
        state.check_invariants().unwrap();
    }
}

#[test]
fn one_that_leaves_from_the_middle_lets_nobody_pass() {
    let mut state = three_nodes();
    let ids = published(&mut state, "a", 1, vec![keyed("k"), keyed("k"), keyed("k")]);
    let cancel = Command::ChangeEvents { events: vec![ids[1]], action: EventAction::Cancel, now_ms: CREATED_MS };
    state.apply(&cancel).unwrap();
    assert_eq!(state_name(&state, ids[2]), "blocked");
    assert_eq!(claimed(&mut state, 1, 8), [ids[0]]);
    ended(&mut state, ids[0], WorkEnd::Done);
    assert_eq!(claimed(&mut state, 1, 8), [ids[2]]);
}

#[test]
fn a_key_counts_within_its_account() {
    let mut state = three_nodes();
    state.apply(&kind_route("b", "*", None)).unwrap();
    let first = published(&mut state, "a", 1, vec![keyed("k")]);
    let second = published(&mut state, "b", 1, vec![keyed("k")]);
    assert_eq!((state_name(&state, first[0]), state_name(&state, second[0])), ("ready", "ready"));
}

proptest! {
    /// Any mixture of claims, results, losses and time: of each key, events end in their order and never two are leased.
    #[test]
    fn events_of_a_key_never_overtake(steps in prop::collection::vec((0u8..6, 1u64..4, 0usize..3), 1..200)) {
        let mut state = three_nodes();
        let mut finished: BTreeMap<EventKey, Vec<EventId>> = BTreeMap::new();
        for (action, node, which) in steps {
            let text = ["k", "l", "m"][which];
            match action {
                0 | 1 => { published(&mut state, "a", node, vec![keyed(text)]); }
                2 => { claimed(&mut state, node, 2); }
                3 => passes(&mut state, 700),
                4 => {
                    let leased: Vec<_> = state.leased_to(NodeId(node)).map(|event| event.id).collect();
                    if let Some(id) = leased.get(which).copied() {
                        let key = state.events.get(&id).unwrap().ordering_key().unwrap().clone();
                        ended(&mut state, id, WorkEnd::Done);
                        finished.entry(key).or_default().push(id);
                    }
                }
                _ => {
                    let leased: Vec<_> = state.leased_to(NodeId(node)).map(|event| event.id).collect();
                    if let Some(id) = leased.get(which).copied() {
                        ended(&mut state, id, WorkEnd::Failed { reason: "no".to_owned(), retryable: true });
                    }
                }
            }
            prop_assert!(state.check_invariants().is_ok(), "{:?}", state.check_invariants());
            for text in ["k", "l", "m"] {
                let leased = state.events.values().filter(|event| {
                    event.ordering_key() == key(text).as_ref() && matches!(event.state, EventState::Leased(_))
                });
                prop_assert!(leased.count() <= 1);
            }
        }
        for ids in finished.values() {
            prop_assert!(ids.is_sorted(), "{ids:?}");
        }
    }
}
