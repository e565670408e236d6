//! Snapshots come back as they were, and damage is refused.

use std::sync::Arc;

use bytes::Bytes;
use flotilla_model::{Command, State};

use super::{Incoming, Received, SnapshotError, SnapshotStore};
use crate::disk::{Disk, read_all};
use crate::payloads::PayloadStore;
use crate::sim::SimDisk;
use crate::types::{SnapshotMeta, StoredMembership, log_id};

fn state(ticks: u64) -> State {
    let mut state = State::default();
    let parameters = vec![("EventQueue.maxRetryCount".to_owned(), "5".to_owned())];
    state.apply(&Command::CreateCluster { id: 7, name: "test".to_owned(), parameters, now_ms: 1 }).unwrap();
    (2..ticks).for_each(|now_ms| drop(state.apply(&Command::Tick { now_ms })));
    state
}

fn meta(index: u64) -> SnapshotMeta {
    SnapshotMeta { last_log_id: Some(log_id(2, index)), last_membership: StoredMembership::default() }
}

fn open(disk: &Arc<SimDisk>) -> Result<(SnapshotStore, Option<(SnapshotMeta, State)>), SnapshotError> {
    SnapshotStore::open(Arc::clone(disk) as Arc<dyn Disk>, &payloads(disk))
}

fn payloads(disk: &Arc<SimDisk>) -> PayloadStore {
    PayloadStore::new(Arc::clone(disk) as Arc<dyn Disk>, 1 << 20)
}

#[test]
fn the_newest_snapshot_is_found_after_a_crash() {
    let disk = Arc::new(SimDisk::new());
    let (store, nothing) = open(&disk).unwrap();
    assert!(nothing.is_none());
    for index in [5, 9] {
        store.build(&meta(index), &state(index)).unwrap();
    }
    disk.create("snapshot.building").unwrap().write_at(0, b"half a snapshot").unwrap();
    disk.crash();
    let (_, found) = open(&disk).unwrap();
    let (found_meta, found_state) = found.unwrap();
    assert_eq!((found_meta, found_state.digest()), (meta(9), state(9).digest()));
    assert!(!disk.list().unwrap().contains(&"snapshot.building".to_owned()));
}

#[test]
fn a_damaged_snapshot_is_refused_by_name() {
    let disk = Arc::new(SimDisk::new());
    let file = open(&disk).unwrap().0.build(&meta(5), &state(5)).unwrap();
    let length = file.file.length().unwrap() as usize;
    for position in 0..length {
        disk.damage(&file.name, |bytes| bytes[position] ^= 1).unwrap();
        match open(&disk).map(|_| ()) {
            Err(error) => assert!(error.to_string().contains(&file.name), "{error}"),
            Ok(()) => panic!("damage at {position} of {length} was not noticed"),
        }
        disk.damage(&file.name, |bytes| bytes[position] ^= 1).unwrap();
    }
    open(&disk).unwrap();
}

#[test]
fn pieces_make_a_snapshot_even_when_some_come_twice() {
    let source = Arc::new(SimDisk::new());
    let original = open(&source).unwrap().0.build(&meta(5), &state(50)).unwrap();
    let bytes = Bytes::from(read_all(original.file.as_ref()).unwrap());
    let length = bytes.len() as u64;

    let target = Arc::new(SimDisk::new());
    let (store, _) = open(&target).unwrap();
    let mut incoming = Incoming::default();
    let mut take = |id, offset: usize, end: usize| {
        let piece = bytes.slice(offset..end.min(bytes.len()));
        incoming.take(target.as_ref(), id, length, offset as u64, &piece).unwrap()
    };
    assert!(matches!(take(1, 0, 30), Received::Wanted(30)));
    assert!(matches!(take(2, 30, 60), Received::Wanted(0)), "another snapshot begins anew");
    assert!(matches!(take(2, 0, 40), Received::Wanted(40)));
    assert!(matches!(take(2, 0, 40), Received::Wanted(40)), "a piece that comes twice counts once");
    let Received::Complete(file) = take(2, 40, usize::MAX) else { panic!("not complete") };
    let installed = store.install(&meta(5), file, &payloads(&target)).unwrap();
    assert_eq!(installed.digest(), state(50).digest());
    assert_eq!(open(&target).unwrap().1.unwrap().1.digest(), state(50).digest());
}

#[test]
fn lengths_that_no_snapshot_has_are_refused() {
    let disk = SimDisk::new();
    let mut incoming = Incoming::default();
    assert!(incoming.take(&disk, 1, u64::MAX, 0, &Bytes::new()).is_err());
    assert!(matches!(incoming.take(&disk, 1, 5, 0, &Bytes::from_static(b"longer than five")), Ok(Received::Wanted(0))));
}
