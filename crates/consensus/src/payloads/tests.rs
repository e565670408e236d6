//! Data that has left the memory can be read, goes with its last owner, and survives a disk that fails.

use std::sync::Arc;

use flotilla_model::Payload;

use super::PayloadStore;
use crate::disk::{DirectoryDisk, Disk};
use crate::sim::{DiskFaults, SimDisk};

const AREA_BYTES: u64 = 8 << 10;

fn data(number: u64) -> Vec<u8> {
    format!("{{\"order\":{number}}}").repeat(1 + number as usize % 7).into_bytes()
}

/// Payloads that were taken, with a write whenever one was due.
async fn taken(store: &PayloadStore, numbers: std::ops::Range<u64>) -> Vec<Payload> {
    let mut payloads = Vec::new();
    for number in numbers {
        let mut payload = Payload::new(&data(number));
        store.take(&mut payload);
        assert!(!payload.is_in_memory());
        payloads.push(payload);
        if store.is_due() {
            store.write().await.unwrap();
        }
    }
    payloads
}

fn check(payloads: &[Payload], first: u64) {
    for (number, payload) in (first..).zip(payloads) {
        assert_eq!(*payload.read().unwrap(), *data(number), "event {number}");
    }
}

fn total(payloads: &[Payload]) -> u64 {
    payloads.iter().map(|payload| payload.len() as u64).sum()
}

#[tokio::test]
async fn data_is_read_from_files_without_names() {
    let folder = tempfile::tempdir().unwrap();
    let disk = Arc::new(DirectoryDisk::open(folder.path()).unwrap());
    let store = PayloadStore::new(Arc::clone(&disk) as Arc<dyn Disk>, AREA_BYTES);
    let mut payloads = taken(&store, 0..1000).await;
    assert!(total(&payloads) > 5 * AREA_BYTES, "several areas");
    check(&payloads, 0);
    assert_eq!(store.bytes(), total(&payloads));
    assert_eq!(disk.list().unwrap(), Vec::<String>::new(), "a crash leaves nothing behind");

    let open_files = || {
        let links =
            std::fs::read_dir("/proc/self/fd").unwrap().filter_map(|link| link.unwrap().path().read_link().ok());
        links.filter(|target| target.starts_with(folder.path()) && target.to_string_lossy().contains("deleted")).count()
    };
    let before = open_files();
    payloads.drain(..900);
    check(&payloads, 900);
    assert_eq!(store.bytes(), total(&payloads));
    assert!(open_files() < before / 2, "an area goes with the last event whose data it holds");
}

#[tokio::test]
async fn data_is_read_in_any_order() {
    let folder = tempfile::tempdir().unwrap();
    let disk = Arc::new(DirectoryDisk::open(folder.path()).unwrap());
    // Larger than what is read ahead.
    let store = PayloadStore::new(disk, 256 << 10);
    let count = 10_007;
    let payloads = taken(&store, 0..count).await;
    // In order, with gaps, back, and all over the place.
    for step in [1, 3, count - 1, 7_919] {
        for turn in 0..count {
            let number = turn * step % count;
            assert_eq!(*payloads[number as usize].read().unwrap(), *data(number), "event {number}, step {step}");
        }
    }
}

#[tokio::test]
async fn what_cannot_be_written_stays_in_memory() {
    let disk = Arc::new(SimDisk::new());
    let store = PayloadStore::new(Arc::clone(&disk) as Arc<dyn Disk>, AREA_BYTES);
    let mut payloads = taken(&store, 0..200).await;
    disk.set_faults(DiskFaults { capacity_bytes: Some(0), ..DiskFaults::default() });
    payloads.extend(taken(&store, 200..400).await);
    check(&payloads, 0);
    disk.set_faults(DiskFaults::default());
    payloads.extend(taken(&store, 400..600).await);
    check(&payloads, 0);
    assert_eq!(store.bytes(), total(&payloads));
}

#[tokio::test]
async fn readers_and_a_writer_do_not_disturb_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let disk = Arc::new(DirectoryDisk::open(folder.path()).unwrap());
    let store = PayloadStore::new(disk, 64 << 10);
    let (sender, receiver) = std::sync::mpsc::channel::<(u64, Payload)>();
    let reader = std::thread::spawn(move || {
        let mut count = 0;
        for (number, payload) in receiver {
            assert_eq!(*payload.read().unwrap(), *data(number));
            count += 1;
        }
        count
    });
    for round in 0..200 {
        let first = round * 50;
        let payloads = taken(&store, first..first + 50).await;
        for pair in (first..).zip(payloads) {
            sender.send(pair).unwrap();
        }
    }
    drop(sender);
    assert_eq!(reader.join().unwrap(), 10_000);
    assert_eq!(store.bytes(), 0);
}
