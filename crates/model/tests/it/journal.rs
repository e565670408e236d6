//! The journal that consumers follow.

use crate::common::*;
use flotilla_model::*;

#[test]
fn consumers_go_on_from_a_position() {
    let mut state = three_nodes();
    let ids = published(&mut state, "a", 1, vec![new_event("order.a"), new_event("x"), new_event("order.b")]);
    let after = |position| state.journal.after(EventId(position)).map(|entry| entry.id).collect::<Vec<_>>();
    assert_eq!(after(0), ids);
    assert_eq!(after(2), ids[2..]);
    assert_eq!(after(3), []);
    assert_eq!(after(99), []);
}

#[test]
fn the_oldest_entries_go_and_it_is_said_which() {
    let mut state = three_nodes();
    state.apply(&set(parameter_names::MAX_HISTORY, 2)).unwrap();
    let ids = published(&mut state, "a", 1, vec![new_event("order.a"); 5]);
    let kept: Vec<_> = state.journal.iter().map(|entry| entry.id).collect();
    assert_eq!(kept, ids[3..]);
    assert_eq!(state.journal_lost(), ids[2]);
    // An event whose entry is gone ends as any other.
    let id = claimed(&mut state, 1, 1)[0];
    ended(&mut state, id, WorkEnd::Done);
    assert_eq!(state.totals().events_completed, 1);
    state.check_invariants().unwrap();
}

#[test]
fn files_are_not_in_it() {
    let mut state = three_nodes();
    state.apply(&stored("a", "x", 1, 1)).unwrap();
    assert!(state.journal.is_empty());
}
