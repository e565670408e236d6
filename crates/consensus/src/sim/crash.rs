//! What a crash leaves of a simulated disk.

use super::disk::{Contents, Store, overwrite};
use crate::runtime::random_below;

/// A sector is written whole or not at all; a longer write may be torn between sectors.
const SECTOR_BYTES: u64 = 512;

/// Loses what was not synced, at random: each write whole, in part, or not at all.
pub(super) fn crash(store: &mut Store) {
    store.epoch += 1;
    let kept_changes = random_below(store.unsynced_changes.len() as u64 + 1) as usize;
    let mut names = std::mem::take(&mut store.durable_names);
    for change in store.unsynced_changes.drain(..).take(kept_changes) {
        change.apply_to(&mut names);
    }
    store.names = names.clone();
    store.durable_names = names;
    let linked: Vec<_> = store.names.values().copied().collect();
    store.contents.retain(|number, _| linked.contains(number));
    store.contents.values_mut().for_each(lose_unsynced);
}

fn lose_unsynced(contents: &mut Contents) {
    for (offset, bytes) in std::mem::take(&mut contents.unsynced) {
        match random_below(3) {
            0 => {}
            1 => overwrite(&mut contents.durable, offset, &bytes),
            _ => tear(&mut contents.durable, offset, &bytes),
        }
    }
    contents.current = contents.durable.clone();
}

/// Writes a random choice of the sectors that the write touches.
fn tear(durable: &mut Vec<u8>, offset: u64, bytes: &[u8]) {
    let end = offset + bytes.len() as u64;
    let mut at = offset;
    while at < end {
        let border = ((at / SECTOR_BYTES + 1) * SECTOR_BYTES).min(end);
        if random_below(2) == 0 {
            overwrite(durable, at, &bytes[(at - offset) as usize..(border - offset) as usize]);
        }
        at = border;
    }
}

#[cfg(test)]
mod tests {
    use crate::disk::Disk;
    use crate::runtime::seed_randomness;
    use crate::sim::SimDisk;

    fn contents(disk: &SimDisk, name: &str) -> Option<Vec<u8>> {
        disk.open(name).ok().map(|file| crate::disk::read_all(file.as_ref()).unwrap())
    }

    #[test]
    fn synced_bytes_survive_and_unsynced_ones_may_not() {
        let mut lost = 0;
        let mut torn = 0;
        for seed in 0..100 {
            seed_randomness(seed);
            let disk = SimDisk::new();
            let file = disk.create("a").unwrap();
            file.write_at(0, &[1; 100]).unwrap();
            file.sync().unwrap();
            disk.sync_directory().unwrap();
            file.write_at(1024, &[2; 2048]).unwrap();
            disk.crash();
            assert!(file.sync().is_err(), "a handle from before the crash must be dead");
            let after = contents(&disk, "a").unwrap();
            assert_eq!(after[..100], [1; 100]);
            let survived = after.iter().filter(|byte| **byte == 2).count();
            lost += usize::from(survived == 0);
            torn += usize::from(survived > 0 && survived < 2048);
        }
        assert!(lost > 10 && torn > 10, "lost {lost}, torn {torn}");
    }

    #[test]
    fn a_rename_that_was_not_synced_may_be_lost() {
        let mut old_names = 0;
        for seed in 0..50 {
            seed_randomness(seed);
            let disk = SimDisk::new();
            disk.create("old").unwrap().sync().unwrap();
            disk.sync_directory().unwrap();
            disk.rename("old", "new").unwrap();
            disk.crash();
            assert_ne!(contents(&disk, "old").is_some(), contents(&disk, "new").is_some());
            old_names += usize::from(contents(&disk, "old").is_some());
        }
        assert!((1..50).contains(&old_names));
    }
}
