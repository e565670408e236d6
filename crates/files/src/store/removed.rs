//! Copies that were removed while they may still be on their way to the disk: a removal can overtake the append that it is meant for,
//! because the node that gave the upload up does not wait for it. Such a copy must not appear afterwards.

use std::collections::VecDeque;

use flotilla_model::BlobId;
use parking_lot::Mutex;

/// More removals than happen while one append waits for its sync; one that is forgotten too early is left to the sweep.
const REMEMBERED_MAX: usize = 4096;

#[derive(Default)]
pub(crate) struct Removed {
    latest: Mutex<VecDeque<BlobId>>,
}

impl Removed {
    pub(crate) fn remember(&self, blob: BlobId) {
        let mut latest = self.latest.lock();
        if latest.len() == REMEMBERED_MAX {
            latest.pop_front();
        }
        latest.push_back(blob);
    }

    pub(crate) fn contains(&self, blob: BlobId) -> bool {
        self.latest.lock().contains(&blob)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn remembers_the_latest_only() {
        let removed = Removed::default();
        for number in 0..=REMEMBERED_MAX as u128 {
            removed.remember(BlobId(number));
        }
        assert!(!removed.contains(BlobId(0)));
        assert!(removed.contains(BlobId(1)) && removed.contains(BlobId(REMEMBERED_MAX as u128)));
        assert_eq!(removed.latest.lock().len(), REMEMBERED_MAX);
    }
}
