//! The audit log: what people did, with what was before and after.

use crate::common::*;
use flotilla_model::*;

fn last(state: &State) -> &AuditRecord {
    state.audit.last().unwrap().1
}

#[test]
fn a_change_and_its_row_come_together() {
    let mut state = three_nodes();
    state.apply(&audited(&set("EventQueue.maxRetryCount", 2))).unwrap();
    state.apply(&audited(&set("EventQueue.maxRetryCount", 7))).unwrap();
    let row = last(&state);
    assert_eq!((row.operation.as_str(), row.subject.as_str()), ("parameter.set", "EventQueue.maxRetryCount"));
    assert_eq!((row.before.as_deref(), row.after.as_deref()), (Some("2"), Some("7")));
    assert_eq!((row.origin.who.as_str(), row.origin.remote.as_str()), ("ada", "192.0.2.7"));
    assert_eq!(row.id, AuditId(2));
}

#[test]
fn what_is_refused_leaves_no_row() {
    let mut state = three_nodes();
    let before = state.digest();
    let unknown = Command::RemoveMember { node: NodeId(9), now_ms: CREATED_MS };
    assert_eq!(state.apply(&audited(&unknown)), Err(Rejection::NoSuchMember { node: NodeId(9) }));
    assert_eq!(state.digest(), before);
}

#[test]
fn secrets_stay_out() {
    let mut state = three_nodes();
    state.apply(&audited(&account("c"))).unwrap();
    let administrator = Command::PutAdministrator {
        name: name("ada"),
        password_hash: Some("$argon2id$".to_owned()),
        role: Some(AdministratorRole::Operator),
        must_change_password: false,
        now_ms: CREATED_MS,
    };
    state.apply(&audited(&administrator)).unwrap();
    assert_eq!(last(&state).operation, "administrator.put");
    for row in state.audit.values() {
        assert!(!format!("{row:?}").contains("argon2"), "{row:?}");
    }
}

#[test]
fn only_commands_of_people_are_audited_and_none_within_another() {
    let mut state = three_nodes();
    for command in [Command::Tick { now_ms: CREATED_MS }, audited(&account("c"))] {
        assert_eq!(state.apply(&audited(&command)), Err(Rejection::NestedCommand));
    }
    let operation = Command::RecordOperation {
        operation: "certificate.import".to_owned(),
        subject: "mesh".to_owned(),
        before: None,
        after: Some("node 2".to_owned()),
    };
    assert_eq!(state.apply(&operation), Err(Rejection::NestedCommand), "alone it would forge the log");
    state.apply(&audited(&operation)).unwrap();
    assert_eq!(last(&state).after.as_deref(), Some("node 2"));
}

#[test]
fn the_oldest_rows_go_first() {
    let mut state = three_nodes();
    state.apply(&set("Audit.maxRecords", 3)).unwrap();
    for value in 0..5 {
        state.apply(&audited(&set("EventQueue.maxRetryCount", value))).unwrap();
    }
    assert_eq!(state.audit.iter().map(|(id, _)| id.0).collect::<Vec<_>>(), [3, 4, 5]);
    state.apply(&set("Audit.maxRecords", 0)).unwrap();
    state.apply(&audited(&account("c"))).unwrap();
    assert_eq!(state.audit.iter().map(|(id, _)| id.0).collect::<Vec<_>>(), [6], "numbers go on");
}

#[test]
fn a_change_may_depend_on_a_version() {
    let mut state = three_nodes();
    state.apply(&administrator("ada", AdministratorRole::Administrator)).unwrap();
    state.apply(&administrator("bob", AdministratorRole::Administrator)).unwrap();
    let version = |state: &State| state.administrators.get(&name("bob")).map_or(0, |row| row.version);
    let removal = |expected_version| {
        let row = VersionedRow::Administrator(name("bob"));
        let command = EncodedCommand::new(&Command::RemoveAdministrator { name: name("bob") });
        Command::IfVersion { row, expected_version, command }
    };
    let (actual, before) = (version(&state), state.digest());
    for expected in [0, actual + 1] {
        let refused = Err(Rejection::VersionConflict { expected, actual });
        assert_eq!(state.apply(&attributed("password", &removal(expected))), refused);
    }
    // Neither alone nor within itself.
    let nested = Command::IfVersion {
        row: VersionedRow::Account(name("nobody")),
        expected_version: 0,
        command: EncodedCommand::new(&removal(actual)),
    };
    for command in [removal(actual), attributed("password", &nested)] {
        assert_eq!(state.apply(&command), Err(Rejection::NestedCommand));
    }
    assert_eq!(state.digest(), before);
    state.apply(&attributed("password", &removal(actual))).unwrap();
    assert_eq!((version(&state), last(&state).operation.as_str()), (0, "administrator.remove"));
}

#[test]
fn a_request_under_a_key_is_carried_out_once() {
    let mut state = three_nodes();
    let once = |key: u8, request: u8, name: &str| {
        attributed(
            "password",
            &Command::Once {
                key: Sha256([key; 32]),
                request: Sha256([request; 32]),
                answer: Sealed(vec![request]),
                command: EncodedCommand::new(&account(name)),
            },
        )
    };
    state.apply(&once(1, 1, "c")).unwrap();
    state.check_invariants().unwrap();
    let before = state.digest();
    assert_eq!(state.apply(&once(1, 1, "c")), Err(Rejection::RequestRepeated));
    assert_eq!(state.apply(&once(1, 2, "d")), Err(Rejection::RequestKeyReused));
    assert_eq!(state.digest(), before);
    assert_eq!(state.requests.get(&Sha256([1; 32])).unwrap().answer, Sealed(vec![1]));
    // What is refused is not remembered.
    let missing = EncodedCommand::new(&Command::RemoveAccount { name: name("nobody") });
    let (key, request, answer) = (Sha256([3; 32]), Sha256([3; 32]), Sealed(Vec::new()));
    assert!(state.apply(&attributed("password", &Command::Once { key, request, answer, command: missing })).is_err());
    assert_eq!(state.requests.len(), 1);

    let mut bytes = Vec::new();
    state.encode_snapshot(&mut bytes).unwrap();
    assert_eq!(State::decode_snapshot(&mut bytes.as_slice()).unwrap().digest(), state.digest());
    // A day later it is forgotten; and there is a bound.
    state.apply(&Command::Tick { now_ms: CREATED_MS + 86_400_000 }).unwrap();
    assert_eq!(state.requests.len(), 0);
    for number in 0..1100_u32 {
        let mut key = Sha256([9; 32]);
        key.0[..4].copy_from_slice(&number.to_be_bytes());
        let command = EncodedCommand::new(&account("c"));
        let once = Command::Once { key, request: key, answer: Sealed(Vec::new()), command };
        state.apply(&attributed("password", &once)).unwrap();
    }
    assert_eq!(state.requests.len(), 1000);
    state.check_invariants().unwrap();
}

#[test]
fn lanes_and_the_order_of_promotion_are_changed_only_as_they_were_seen() {
    let mut state = three_nodes();
    published(&mut state, "a", 1, vec![new_event("order.a")]);
    let lane = LaneName::of(&name("a"));
    let set = Command::SetLane { lane: lane.clone(), weight: Some(7), is_paused: None, now_ms: CREATED_MS };
    let moved = Command::MoveMember { node: NodeId(3), position: 0 };
    let seen = [state.lane(&lane).unwrap().1.version(), state.servers_version()];
    for (row, expected_version, change) in
        [(VersionedRow::Lane(lane), seen[0], set), (VersionedRow::Servers, seen[1], moved)]
    {
        let command = Command::IfVersion { row, expected_version, command: EncodedCommand::new(&change) };
        state.apply(&attributed("password", &command)).unwrap();
        let again = state.apply(&attributed("password", &command));
        assert!(
            matches!(again, Err(Rejection::VersionConflict { expected, .. }) if expected == expected_version),
            "{again:?}"
        );
    }
    state.check_invariants().unwrap();
}
