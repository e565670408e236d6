//! Any sequence of commands keeps the invariants, and any two replicas that apply it end alike.

use crate::common::three_nodes;
use crate::drawn::any_command;
use flotilla_model::{Command, State};
use proptest::prelude::*;

fn snapshot(state: &State) -> Vec<u8> {
    let mut bytes = Vec::new();
    state.encode_snapshot(&mut bytes).unwrap();
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn invariants_hold_after_every_command(commands in prop::collection::vec(any_command(), 1..120)) {
        let mut state = three_nodes();
        for command in &commands {
            let (before, view) = (state.digest(), state.clone());
            let answer = state.apply(command);
            prop_assert!(state.check_invariants().is_ok(), "{:?} after {command:?}", state.check_invariants());
            prop_assert_eq!(view.digest(), before, "a view changed under {:?}", command);
            if answer.is_err() {
                prop_assert_eq!(state.digest(), before, "{:?} was refused and changed something", command);
            }
        }
    }

    #[test]
    fn replicas_end_with_one_digest(commands in prop::collection::vec(any_command(), 1..120), cut in 0usize..120) {
        let (mut first, mut second) = (three_nodes(), three_nodes());
        for (index, command) in commands.iter().enumerate() {
            // The second replica reads the command off the wire and is restored from a snapshot on the way.
            let bytes = postcard::to_stdvec(command).unwrap();
            let decoded: Command = postcard::from_bytes(&bytes).unwrap();
            prop_assert_eq!(&decoded, command);
            prop_assert_eq!(first.apply(command), second.apply(&decoded));
            prop_assert_eq!(first.digest(), second.digest());
            if index == cut {
                second = State::decode_snapshot(&mut snapshot(&second).as_slice()).unwrap();
                prop_assert!(second.check_invariants().is_ok());
            }
        }
        prop_assert_eq!(snapshot(&first), snapshot(&second));
    }

    #[test]
    fn damaged_snapshots_are_refused(at in 0usize..4000, flip in 1u8..=255) {
        let good = snapshot(&three_nodes());
        let mut bad = good.clone();
        let at = at % bad.len();
        bad[at] ^= flip;
        // A digest is no checksum: what it need not catch is caught by the snapshot file's own checksum. It must not panic.
        let _ = State::decode_snapshot(&mut bad.as_slice());
        prop_assert!(State::decode_snapshot(&mut &good[..at]).is_err());
    }
}
