//! Snapshots of older versions stay readable.

use crate::common::name;
use flotilla_model::*;

/// Written by the last program that wrote version 1.
const VERSION_1: &[u8] = include_bytes!("../golden/snapshot-v1.bin");

/// Written by the last program that wrote version 2.
const VERSION_2: &[u8] = include_bytes!("../golden/snapshot-v2.bin");

/// Written by the last program that wrote version 3.
const VERSION_3: &[u8] = include_bytes!("../golden/snapshot-v3.bin");

/// Written by the last program that wrote version 4.
const VERSION_4: &[u8] = include_bytes!("../golden/snapshot-v4.bin");

/// Written by the last program that wrote version 5.
const VERSION_5: &[u8] = include_bytes!("../golden/snapshot-v5.bin");

/// Written by the last program that wrote version 6.
const VERSION_6: &[u8] = include_bytes!("../golden/snapshot-v6.bin");

#[test]
fn version_6_is_read_and_works_on() {
    let mut state = State::decode_snapshot(&mut &VERSION_6[..]).unwrap();
    state.check_invariants().unwrap();
    assert_eq!((state.files.len(), state.administrator_certificates.len(), state.delegations.len()), (2, 1, 1));
    assert_eq!((state.uploads.len(), state.partner_sessions.len()), (0, 0));
    state.apply(&crate::common::open_upload("b", 1, "z", 10)).unwrap();
    state.apply(&crate::common::append("b", 1, 0, 50, 5, 1)).unwrap();
    state.check_invariants().unwrap();

    let mut bytes = Vec::new();
    state.encode_snapshot(&mut bytes).unwrap();
    let read = State::decode_snapshot(&mut bytes.as_slice()).unwrap();
    read.check_invariants().unwrap();
    assert_eq!(read.digest(), state.digest());
}

#[test]
fn version_5_is_read_and_works_on() {
    let mut state = State::decode_snapshot(&mut &VERSION_5[..]).unwrap();
    state.check_invariants().unwrap();
    assert_eq!((state.api_tokens.len(), state.second_factors.len(), state.requests.len()), (1, 1, 1));
    assert_eq!((state.administrator_certificates.len(), state.delegations.len()), (0, 0));
    state.apply(&crate::people_of_accounts::delegate("dora", &["a"])).unwrap();
    state.check_invariants().unwrap();

    let mut bytes = Vec::new();
    state.encode_snapshot(&mut bytes).unwrap();
    assert_eq!(State::decode_snapshot(&mut bytes.as_slice()).unwrap().digest(), state.digest());
}

#[test]
fn version_4_is_read_and_works_on() {
    let mut state = State::decode_snapshot(&mut &VERSION_4[..]).unwrap();
    state.check_invariants().unwrap();
    assert_eq!((state.api_tokens.len(), state.login_sessions.len(), state.audit.len()), (1, 1, 1));
    assert_eq!((state.login_failures.len(), state.second_factors.len(), state.requests.len()), (1, 1, 0));
    state.apply(&crate::common::attributed("password", &crate::common::set("EventQueue.maxRetryCount", 3))).unwrap();
    state.check_invariants().unwrap();

    let mut bytes = Vec::new();
    state.encode_snapshot(&mut bytes).unwrap();
    assert_eq!(State::decode_snapshot(&mut bytes.as_slice()).unwrap().digest(), state.digest());
}

#[test]
fn version_1_is_read_and_works_on() {
    let mut state = State::decode_snapshot(&mut &VERSION_1[..]).unwrap();
    state.check_invariants().unwrap();
    let states: Vec<_> = state.events.values().map(|event| event.state.name()).collect();
    assert_eq!(states, ["dead", "leased", "leased", "leased", "ready"]);
    let event = state.events.get(&EventId(5)).unwrap();
    assert_eq!((event.kind.name(), event.account.as_str()), ("file.received", "a"));
    assert_eq!(event.file().unwrap().path.as_str(), "u");
    assert_eq!(event.route.steps.len(), 3);
    assert_eq!(state.lane(&LaneName::of(&name("a"))).unwrap().1.totals.published, 5);
    assert_eq!(state.totals().leases_granted, 4);
    let leased: Vec<_> = state.leased_to(NodeId(1)).map(|event| event.id).collect();
    assert_eq!(leased, [EventId(3)]);
    crate::common::ended(&mut state, EventId(3), WorkEnd::Done);
    state.check_invariants().unwrap();

    let mut bytes = Vec::new();
    state.encode_snapshot(&mut bytes).unwrap();
    assert_eq!(State::decode_snapshot(&mut bytes.as_slice()).unwrap().digest(), state.digest());
}

#[test]
fn version_2_is_read_and_works_on() {
    let mut state = State::decode_snapshot(&mut &VERSION_2[..]).unwrap();
    state.check_invariants().unwrap();
    let states: Vec<_> = state.events.values().map(|event| event.state.name()).collect();
    assert_eq!(states, ["leased", "ready", "ready", "leased", "ready"]);
    assert_eq!(state.parameter("EventQueue.maxRetryCount", None).unwrap().value, "2");
    assert_eq!((state.journal.len(), state.audit.len()), (2, 0));
    state.apply(&crate::common::audited(&crate::common::set("EventQueue.maxRetryCount", 3))).unwrap();
    state.check_invariants().unwrap();

    let mut bytes = Vec::new();
    state.encode_snapshot(&mut bytes).unwrap();
    assert_eq!(State::decode_snapshot(&mut bytes.as_slice()).unwrap().digest(), state.digest());
}

#[test]
fn version_3_is_read_and_its_audit_log_is_chained_on() {
    let mut state = State::decode_snapshot(&mut &VERSION_3[..]).unwrap();
    state.check_invariants().unwrap();
    let after: Vec<_> = state.audit.values().map(|row| (row.after.clone(), row.previous)).collect();
    assert_eq!(after, [(Some("2".to_owned()), None), (Some("7".to_owned()), None)]);
    let change = crate::common::attributed("password", &crate::common::set("EventQueue.maxRetryCount", 3));
    state.apply(&change).unwrap();
    state.check_invariants().unwrap();
    let mut check = ChainCheck::default();
    state.audit.values().for_each(|row| check.follow(row).unwrap());
    assert_eq!((check.rows(), check.unlinked()), (3, 1));

    let mut bytes = Vec::new();
    state.encode_snapshot(&mut bytes).unwrap();
    assert_eq!(State::decode_snapshot(&mut bytes.as_slice()).unwrap().digest(), state.digest());
}

#[test]
fn a_version_of_the_future_is_refused_by_name() {
    let mut bytes = VERSION_1.to_vec();
    bytes[8] = 99;
    let error = State::decode_snapshot(&mut bytes.as_slice()).err().unwrap();
    assert!(matches!(error, SnapshotError::Version(99)), "{error}");
}

#[test]
fn data_beyond_what_shall_be_in_memory_is_handed_out_while_a_snapshot_is_read() {
    use crate::common::{new_event, publish, published, set, three_nodes};
    struct Shelf(Vec<u8>);
    impl StoredPayload for Shelf {
        fn read(&self, buffer: &mut [u8]) -> std::io::Result<()> {
            buffer.copy_from_slice(&self.0);
            Ok(())
        }
    }

    let mut state = three_nodes();
    state.apply(&set(parameter_names::MEMORY_BYTES, 200)).unwrap();
    let events = (0..9).map(|number| NewEvent { data: Payload::new(&[number; 50]), ..new_event("order.a") }).collect();
    let ids = published(&mut state, "a", 1, events);
    assert!(state.queue_memory_is_full());
    state.apply(&publish("a", 1, vec![new_event("other")])).unwrap();
    let mut bytes = Vec::new();
    state.encode_snapshot(&mut bytes).unwrap();

    let mut stored = 0;
    let mut store = |data: &mut Payload| {
        data.move_to(|bytes| std::sync::Arc::new(Shelf(bytes.to_vec())));
        stored += 1;
    };
    let read = State::decode_snapshot_storing(&mut bytes.as_slice(), &mut store).unwrap();
    assert_eq!(stored, 5, "four of fifty bytes stay in memory: the older ones, whose turn comes first");
    read.check_invariants().unwrap();
    assert_eq!(read.digest(), state.digest());
    for (number, id) in ids.iter().enumerate() {
        let data = read.events.get(id).unwrap().data().unwrap();
        assert_eq!(data.is_in_memory(), number < 4);
        assert_eq!(*data.read().unwrap(), [number as u8; 50]);
        let entry = read.journal.get(*id).unwrap();
        assert_eq!(entry.data.is_in_memory(), number < 4, "the journal has no copy of its own");
    }
    let mut again = Vec::new();
    read.encode_snapshot(&mut again).unwrap();
    assert_eq!(again, bytes);
}
