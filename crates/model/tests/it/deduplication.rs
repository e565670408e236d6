//! Idempotency keys within their bounded window.

use crate::common::*;
use flotilla_model::*;
use proptest::prelude::*;

fn with_key(text: &str) -> NewEvent {
    NewEvent { idempotency_key: key(text), ..new_event("order.a") }
}

fn first_answer(state: &mut State, account: &str, event: NewEvent) -> Publication {
    match state.apply(&publish(account, 1, vec![event])).unwrap() {
        Outcome::Published(mut publications) => publications.remove(0),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_key_stands_for_one_event_until_its_window_ends() {
    let mut state = three_nodes();
    assert_eq!(first_answer(&mut state, "a", with_key("i")), Publication::New(EventId(1)));
    assert_eq!(first_answer(&mut state, "a", with_key("i")), Publication::Again(EventId(1)));
    assert_eq!(first_answer(&mut state, "b", with_key("i")), Publication::New(EventId(2)), "each account has its own");
    claimed(&mut state, 1, 1);
    ended(&mut state, EventId(1), WorkEnd::Done);
    assert_eq!(first_answer(&mut state, "a", with_key("i")), Publication::Again(EventId(1)), "ended, not forgotten");
    passes(&mut state, 300_000);
    assert!(state.idempotency_keys.is_empty());
    assert_eq!(first_answer(&mut state, "a", with_key("i")), Publication::New(EventId(3)));
    assert_eq!(state.totals().events_repeated, 2);
}

#[test]
fn twice_in_one_batch_is_once() {
    let mut state = three_nodes();
    let batch = publish("a", 1, vec![with_key("i"), with_key("i")]);
    let expected = Outcome::Published(vec![Publication::New(EventId(1)), Publication::Again(EventId(1))]);
    assert_eq!(state.apply(&batch), Ok(expected));
}

proptest! {
    #[test]
    fn the_number_of_keys_is_bounded_and_the_oldest_go(keys in prop::collection::vec(0u32..50, 1..100), limit in 1u64..10) {
        let mut state = three_nodes();
        state.apply(&set(parameter_names::MAX_DEDUPLICATION_KEYS, limit)).unwrap();
        // What a window of that many keys remembers.
        let mut window: Vec<(u32, EventId)> = Vec::new();
        for text in keys {
            let expected = window.iter().find(|(known, _)| *known == text).map(|(_, id)| Publication::Again(*id));
            let answer = first_answer(&mut state, "a", with_key(&text.to_string()));
            if let Publication::New(id) = answer {
                window.push((text, id));
                if window.len() as u64 > limit {
                    window.remove(0);
                }
            }
            prop_assert_eq!(expected.is_some(), matches!(answer, Publication::Again(_)));
            prop_assert!(expected.is_none_or(|expected| expected == answer));
            prop_assert!(state.idempotency_keys.len() as u64 <= limit);
        }
    }
}
