//! Lanes share the workers by weight; within a lane urgent events go first.

use std::collections::BTreeMap;

use crate::common::*;
use flotilla_model::*;
use proptest::prelude::*;

fn lane(text: &str) -> LaneName {
    LaneName::parse(text).unwrap()
}

fn set_lane(text: &str, weight: Option<u32>, is_paused: Option<bool>) -> Command {
    Command::SetLane { lane: lane(text), weight, is_paused, now_ms: CREATED_MS }
}

/// Accounts `a` and `b`, both with a route for all kinds.
fn two_lanes() -> State {
    let mut state = three_nodes();
    state.apply(&kind_route("b", "*", None)).unwrap();
    state
}

fn flood(state: &mut State, account: &str, node: u64, count: usize) -> Vec<EventId> {
    published(state, account, node, vec![new_event("order.a"); count])
}

#[test]
fn a_flood_of_one_account_does_not_delay_anothers_one_event() {
    let mut state = two_lanes();
    flood(&mut state, "a", 1, 1000);
    // The flood is being worked off when the other one comes.
    claimed(&mut state, 1, 500);
    let one = flood(&mut state, "b", 1, 1)[0];
    assert!(claimed(&mut state, 1, 2).contains(&one));
}

#[test]
fn an_idle_lane_saves_up_no_share() {
    let mut state = two_lanes();
    flood(&mut state, "a", 1, 1000);
    claimed(&mut state, 1, 500);
    flood(&mut state, "b", 1, 200);
    let next = claimed(&mut state, 1, 100);
    let of_a = next.iter().filter(|id| id.0 <= 1000).count();
    assert!((49..=51).contains(&of_a), "{of_a} of 100");
}

#[test]
fn urgent_events_of_a_lane_go_first_and_equal_ones_in_order() {
    let mut state = two_lanes();
    let with = |priority| NewEvent { priority: Priority::new(priority), ..new_event("order.a") };
    let ids = published(&mut state, "a", 1, vec![with(0), with(4), with(9), with(4), with(9)]);
    let order: Vec<_> = [2, 4, 1, 3, 0].into_iter().map(|at| ids[at]).collect();
    assert_eq!(claimed(&mut state, 1, 8), order);
}

#[test]
fn a_paused_lane_gives_nothing_out_and_goes_on_when_resumed() {
    let mut state = two_lanes();
    let ids = flood(&mut state, "a", 1, 3);
    assert_eq!(claimed(&mut state, 1, 1), [ids[0]]);
    state.apply(&set_lane("a", None, Some(true))).unwrap();
    let other = flood(&mut state, "b", 1, 1);
    assert_eq!(claimed(&mut state, 1, 8), other);
    flood(&mut state, "a", 2, 1);
    passes(&mut state, 1_000);
    assert_eq!(claimed(&mut state, 3, 8), [], "nor to others");
    assert_eq!((state.ready_count(), state.queue_statistics().ready), (0, 3));
    ended(&mut state, ids[0], WorkEnd::Done);
    state.apply(&set_lane("a", None, Some(false))).unwrap();
    assert_eq!(claimed(&mut state, 1, 8).len(), 3);
    state.check_invariants().unwrap();
}

#[test]
fn lanes_are_shared_among_stolen_events_too() {
    let mut state = two_lanes();
    flood(&mut state, "a", 1, 100);
    let one = flood(&mut state, "b", 1, 1)[0];
    assert!(!state.may_steal(NodeId(2), 100, state.clock_ms()));
    assert!(state.may_steal(NodeId(2), 100, state.clock_ms() + 100));
    passes(&mut state, 100);
    assert!(claimed(&mut state, 2, 2).contains(&one));
}

#[test]
fn weights_have_bounds() {
    let mut state = two_lanes();
    for weight in [0, 1001] {
        assert_eq!(state.apply(&set_lane("a", Some(weight), None)), Err(Rejection::LaneWeight { limit: 1000 }));
    }
}

#[test]
fn counts_and_ages_by_lane() {
    let mut state = two_lanes();
    flood(&mut state, "a", 1, 3);
    passes(&mut state, 500);
    flood(&mut state, "a", 2, 1);
    let id = state.lane(&lane("a")).unwrap().0;
    claimed(&mut state, 1, 1);
    let counts = state.lane_counts(id);
    assert_eq!((counts.ready, counts.leased, counts.all()), (3, 1, 4));
    assert_eq!((state.lane_oldest_ready_age_ms(id), state.oldest_ready_age_ms()), (500, 500));
    assert_eq!((state.ready_at(NodeId(1)), state.ready_at(NodeId(2)), state.ready_count()), (2, 1, 3));
    assert_eq!(state.lane(&lane("a")).unwrap().1.totals.published, 4);
}

#[test]
fn a_lane_goes_with_its_account_unless_something_is_in_it() {
    let mut state = two_lanes();
    flood(&mut state, "b", 1, 1);
    state.apply(&Command::RemoveAccount { name: name("b") }).unwrap();
    assert!(state.lane(&lane("b")).is_some());
    let id = claimed(&mut state, 1, 1)[0];
    ended(&mut state, id, WorkEnd::Done);
    state.apply(&account("b")).unwrap();
    state.apply(&Command::RemoveAccount { name: name("b") }).unwrap();
    assert!(state.lane(&lane("b")).is_none());
    state.check_invariants().unwrap();
}

proptest! {
    /// While all lanes have work, each gets its share within one event a lane, however claims are cut.
    #[test]
    fn shares_follow_weights(
        weights in prop::collection::vec(1u32..20, 2..5),
        claims in prop::collection::vec(1u32..40, 1..30),
    ) {
        let mut state = three_nodes();
        let mut lane_of = BTreeMap::new();
        for (index, weight) in weights.iter().enumerate() {
            let text = format!("lane{index}");
            state.apply(&kind_route("a", &format!("kind{index}"), Some(&text))).unwrap();
            state.apply(&set_lane(&text, Some(*weight), None)).unwrap();
            for id in published(&mut state, "a", 1, vec![new_event(&format!("kind{index}")); 1200]) {
                lane_of.insert(id, index);
            }
        }
        let (mut served, mut total) = (vec![0u32; weights.len()], 0);
        for count in claims {
            for id in claimed(&mut state, 1, count) {
                served[lane_of[&id]] += 1;
                total += 1;
            }
        }
        let sum: u32 = weights.iter().sum();
        for (weight, served) in weights.iter().zip(&served) {
            let share = f64::from(total) * f64::from(*weight) / f64::from(sum);
            let lanes = weights.len() as f64;
            prop_assert!((f64::from(*served) - share).abs() <= lanes, "{served} instead of {share}: {weights:?}");
        }
    }
}
