//! Lists from the indexes hold what looking through all events would find.

use std::collections::BTreeSet;

use crate::common::three_nodes;
use crate::drawn::any_command;
use flotilla_model::*;
use proptest::prelude::*;

fn found(state: &State, wanted: impl Fn(&EventRecord) -> bool) -> Vec<EventId> {
    state.events.values().filter(|event| wanted(event)).map(|event| event.id).collect()
}

fn sorted(ids: impl Iterator<Item = EventId>) -> Vec<EventId> {
    ids.collect::<BTreeSet<_>>().into_iter().collect()
}

proptest! {
    #[test]
    fn they_agree_with_the_events(commands in prop::collection::vec(any_command(), 1..80), from in 0u64..8) {
        let mut state = three_nodes();
        for command in &commands {
            let _ = state.apply(command);
        }
        let from = EventId(from);
        let in_state = |name: &'static str| move |event: &EventRecord| event.state.name() == name;
        let after = |name| found(&state, |event| event.id >= from && in_state(name)(event));
        prop_assert_eq!(state.dead_events(from).map(|event| event.id).collect::<Vec<_>>(), after("dead"));
        prop_assert_eq!(state.doubtful_events(from).map(|event| event.id).collect::<Vec<_>>(), after("outcome-unknown"));
        prop_assert_eq!(sorted(state.leased_events()), found(&state, in_state("leased")));
        prop_assert_eq!(sorted(state.waiting_events()), found(&state, in_state("waiting")));
        for (id, lane, counts) in state.lanes_from(LaneId(0)) {
            let ready = found(&state, |event| event.lane == id && in_state("ready")(event));
            prop_assert_eq!(sorted(state.ready_events_of(id)), ready);
            prop_assert_eq!(counts.all() as usize, found(&state, |event| event.lane == id).len(), "{}", &lane.name);
        }
    }
}

#[test]
fn a_lane_is_named_by_an_account_or_a_route() {
    let mut state = three_nodes();
    let named = |state: &State, name| state.lane_is_named(&LaneName::parse(name).unwrap());
    assert!(named(&state, "a") && !named(&state, "bulk"));
    state.apply(&crate::common::kind_route("a", "report.*", Some("bulk"))).unwrap();
    assert!(named(&state, "bulk"));
}
