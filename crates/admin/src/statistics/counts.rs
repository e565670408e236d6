//! One more row counted.

use flotilla_model::{EventEnd, JournalEntry, Transfer, TransferState};

use crate::api::{EventCounts, TransferStatistics};

impl TransferStatistics {
    pub(super) fn add(&mut self, row: &Transfer) {
        self.count += 1;
        self.bytes += row.length;
        match row.state {
            TransferState::Processed => self.processed += 1,
            TransferState::Failed | TransferState::FailedSubtransmission => self.failed += 1,
            TransferState::InProgress | TransferState::Paused => self.open += 1,
        }
    }

    pub(super) fn join(&mut self, other: &Self) {
        self.count += other.count;
        self.bytes += other.bytes;
        self.processed += other.processed;
        self.failed += other.failed;
        self.open += other.open;
    }
}

impl EventCounts {
    pub(super) fn add(&mut self, entry: &JournalEntry, is_dead: bool) {
        self.published += 1;
        match entry.ended {
            Some((EventEnd::Completed, _)) => self.completed += 1,
            Some((EventEnd::Discarded, _)) => self.discarded += 1,
            Some((EventEnd::Expired, _)) => self.expired += 1,
            Some((EventEnd::Cancelled, _)) => self.cancelled += 1,
            None if is_dead => self.failed += 1,
            None => self.open += 1,
        }
    }

    pub(super) fn join(&mut self, other: &Self) {
        self.published += other.published;
        self.completed += other.completed;
        self.failed += other.failed;
        self.discarded += other.discarded;
        self.expired += other.expired;
        self.cancelled += other.cancelled;
        self.open += other.open;
    }
}
