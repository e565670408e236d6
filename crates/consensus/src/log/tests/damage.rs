//! Damage is refused with an error that names the file and the place.

use std::sync::Arc;

use openraft::storage::RaftLogStorage;

use super::{SETTINGS, append, append_range, entries, entry, open, sized_entry, vote};
use crate::disk::{Disk, read_all};
use crate::log::LogError;
use crate::log::segment::{segment_name, segment_number};
use crate::sim::{DiskFaults, SimDisk};

fn segments(disk: &SimDisk) -> Vec<String> {
    disk.list().unwrap().into_iter().filter(|name| segment_number(name).is_some()).collect()
}

fn used_bytes(disk: &SimDisk, name: &str) -> usize {
    let bytes = read_all(disk.open(name).unwrap().as_ref()).unwrap();
    bytes.iter().rposition(|byte| *byte != 0).unwrap()
}

async fn filled(disk: &Arc<SimDisk>, count: u64) {
    let mut log = open(disk).unwrap();
    log.save_vote(&vote(1)).await.unwrap();
    append_range(&mut log, 1, 0..count).await;
    log.close().await.unwrap();
}

#[tokio::test]
async fn a_flipped_bit_in_the_middle_is_refused_wherever_it_is() {
    let disk = Arc::new(SimDisk::new());
    filled(&disk, 20).await;
    let name = segment_name(1);
    let used = used_bytes(&disk, &name);
    for position in (0..used).step_by(41) {
        disk.damage(&name, |bytes| bytes[position] ^= 0x10).unwrap();
        match open(&disk).map(|_| ()) {
            Err(LogError::Corrupt { file, offset, .. }) => {
                assert_eq!(file, name);
                assert!(offset as usize <= position, "offset {offset}, damage at {position}");
            }
            other => panic!("damage at {position} of {used}: {other:?}"),
        }
        disk.damage(&name, |bytes| bytes[position] ^= 0x10).unwrap();
    }
    assert_eq!(entries(&open(&disk).unwrap()).await.len(), 20);
}

#[tokio::test]
async fn a_flipped_bit_in_an_earlier_segment_is_refused() {
    let disk = Arc::new(SimDisk::new());
    filled(&disk, 200).await;
    assert!(segments(&disk).len() > 2);
    let name = segment_name(1);
    let used = used_bytes(&disk, &name);
    disk.damage(&name, |bytes| bytes[used - 3] ^= 1).unwrap();
    assert!(matches!(open(&disk), Err(LogError::Corrupt { file, .. }) if file == name));
}

#[tokio::test]
async fn any_missing_segment_is_refused() {
    let disk = Arc::new(SimDisk::new());
    filled(&disk, 200).await;
    let names = segments(&disk);
    assert!(names.len() > 3);
    for name in &names {
        let copy = read_all(disk.open(name).unwrap().as_ref()).unwrap();
        disk.remove(name).unwrap();
        match open(&disk).map(|_| ()) {
            Err(LogError::MissingSegment { file }) => assert_eq!(file, *name),
            Err(LogError::MissingEntries { expected: 0, found }) => assert!(found > 0 && *name == names[0]),
            other => panic!("{name} missing: {other:?}"),
        }
        disk.create(name).unwrap().write_at(0, &copy).unwrap();
    }
    for name in &names {
        disk.remove(name).unwrap();
    }
    assert!(matches!(open(&disk), Err(LogError::MissingSegment { .. })), "all segments missing");
}

#[tokio::test]
async fn a_torn_tail_is_cut_and_the_log_goes_on() {
    let disk = Arc::new(SimDisk::new());
    filled(&disk, 5).await;
    let name = segment_name(1);
    let before = used_bytes(&disk, &name);
    let mut log = open(&disk).unwrap();
    append(&mut log, vec![sized_entry(1, 5, 3000)]).await.unwrap();
    log.close().await.unwrap();
    disk.damage(&name, |bytes| bytes[before + 1500..].fill(0)).unwrap();

    let (mut log, cut_bytes) = super::LogStore::open(Arc::clone(&disk) as Arc<dyn Disk>, SETTINGS).unwrap();
    assert!((1000..2000).contains(&cut_bytes), "{cut_bytes}");
    assert_eq!(entries(&log).await.len(), 5);
    append_range(&mut log, 2, 5..9).await;
    log.close().await.unwrap();
    let log = open(&disk).unwrap();
    assert_eq!(entries(&log).await[5..], [entry(2, 5), entry(2, 6), entry(2, 7), entry(2, 8)]);
}

#[tokio::test]
async fn a_full_disk_fails_writes_and_loses_nothing() {
    let disk = Arc::new(SimDisk::new());
    let mut log = open(&disk).unwrap();
    append_range(&mut log, 1, 0..10).await;
    disk.set_faults(DiskFaults { capacity_bytes: Some(20 << 10), ..DiskFaults::default() });
    let mut acknowledged = 10;
    let error = loop {
        match append(&mut log, vec![entry(1, acknowledged)]).await {
            Ok(()) => acknowledged += 1,
            Err(error) => break error,
        }
    };
    assert!(error.to_string().contains("cannot be written"), "{error}");
    assert!(log.failure().is_some());
    disk.set_faults(DiskFaults::default());
    append(&mut log, vec![entry(1, acknowledged + 1)]).await.unwrap_err();
    assert!(log.close().await.is_err(), "a log that failed stays failed");

    let log = open(&disk).unwrap();
    let kept = entries(&log).await;
    assert_eq!(kept.len() as u64, acknowledged);
    assert!(kept.iter().enumerate().all(|(index, kept)| *kept == entry(1, index as u64)));
}

#[tokio::test]
async fn a_failed_sync_acknowledges_nothing() {
    let disk = Arc::new(SimDisk::new());
    let mut log = open(&disk).unwrap();
    append_range(&mut log, 1, 0..3).await;
    disk.set_faults(DiskFaults { fail_syncs: true, ..DiskFaults::default() });
    append(&mut log, vec![entry(1, 3)]).await.unwrap_err();
    log.save_vote(&vote(9)).await.unwrap_err();
}
