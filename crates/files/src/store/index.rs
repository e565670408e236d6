//! Where each blob is, in memory: rebuilt at start from file names and segment indexes, kept small (checksums of small blobs stay
//! on disk with them).

use std::collections::BTreeMap;

use flotilla_model::{BlobId, Sha256};
use parking_lot::RwLock;

use super::record::record_span;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// A record in a segment, by the offset of its header.
    Segment { number: u32, offset: u32 },
    /// A file of its own, whose name holds the checksum.
    Large { sha256: Box<Sha256> },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) length: u64,
    pub(crate) created_ms: u64,
    pub(crate) place: Place,
}

/// How much of a segment is still wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct SegmentUse {
    pub(crate) live_bytes: u64,
    pub(crate) live_blobs: u64,
    pub(crate) written_bytes: u64,
    pub(crate) sealed: bool,
}

#[derive(Default)]
struct Tables {
    blobs: BTreeMap<BlobId, Entry>,
    /// Lengths of all blobs together.
    bytes: u64,
    segments: BTreeMap<u32, SegmentUse>,
}

impl Tables {
    fn count(&mut self, entry: &Entry, added: bool) {
        if added {
            self.bytes += entry.length;
        } else {
            self.bytes -= entry.length;
        }
        if let Place::Segment { number, .. } = entry.place {
            let segment = self.segments.entry(number).or_default();
            let span = record_span(entry.length);
            if added {
                segment.live_bytes += span;
                segment.live_blobs += 1;
            } else {
                segment.live_bytes -= span;
                segment.live_blobs -= 1;
            }
        }
    }

    fn put(&mut self, blob: BlobId, entry: Entry) -> Option<Entry> {
        self.count(&entry, true);
        let old = self.blobs.insert(blob, entry);
        if let Some(old) = &old {
            self.count(old, false);
        }
        old
    }
}

#[derive(Default)]
pub(crate) struct Index {
    tables: RwLock<Tables>,
}

impl Index {
    pub(crate) fn get(&self, blob: BlobId) -> Option<Entry> {
        self.tables.read().blobs.get(&blob).cloned()
    }

    pub(crate) fn len(&self) -> usize {
        self.tables.read().blobs.len()
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.tables.read().bytes
    }

    /// Blobs after the given one, in order of their ids.
    pub(crate) fn list(&self, after: Option<BlobId>, limit: usize) -> Vec<(BlobId, Entry)> {
        use std::ops::Bound::{Excluded, Unbounded};
        let lower = after.map_or(Unbounded, Excluded);
        self.tables
            .read()
            .blobs
            .range((lower, Unbounded))
            .take(limit)
            .map(|(blob, entry)| (*blob, entry.clone()))
            .collect()
    }

    /// Adds a blob, or replaces its place; gives back the entry that it replaced.
    pub(crate) fn put(&self, blob: BlobId, entry: Entry) -> Option<Entry> {
        self.tables.write().put(blob, entry)
    }

    /// Adds a blob unless it is there already; then the entry that is there.
    pub(crate) fn put_new(&self, blob: BlobId, entry: Entry) -> Result<(), Entry> {
        let mut tables = self.tables.write();
        match tables.blobs.get(&blob) {
            Some(present) => Err(present.clone()),
            None => {
                tables.put(blob, entry);
                Ok(())
            }
        }
    }

    /// Moves a blob if it is still where it was; a deleted or replaced one stays so.
    pub(crate) fn relocate(&self, blob: BlobId, from: &Place, to: Place) -> bool {
        let mut tables = self.tables.write();
        let Some(entry) = tables.blobs.get(&blob).filter(|entry| entry.place == *from).cloned() else {
            return false;
        };
        tables.put(blob, Entry { place: to, ..entry });
        true
    }

    /// Removes a blob if it is still at `place` (anywhere without one).
    pub(crate) fn remove(&self, blob: BlobId, place: Option<&Place>) -> Option<Entry> {
        let mut tables = self.tables.write();
        if let Some(place) = place
            && tables.blobs.get(&blob).is_none_or(|entry| entry.place != *place)
        {
            return None;
        }
        let removed = tables.blobs.remove(&blob)?;
        tables.count(&removed, false);
        Some(removed)
    }

    pub(crate) fn segment_written(&self, number: u32, written_bytes: u64, sealed: bool) {
        let mut tables = self.tables.write();
        let segment = tables.segments.entry(number).or_default();
        segment.written_bytes = written_bytes;
        segment.sealed = sealed;
    }

    pub(crate) fn segment_removed(&self, number: u32) {
        self.tables.write().segments.remove(&number);
    }

    pub(crate) fn segment(&self, number: u32) -> Option<SegmentUse> {
        self.tables.read().segments.get(&number).copied()
    }

    /// Sealed segments of which less than half is live, emptiest first.
    pub(crate) fn wasteful_segments(&self) -> Vec<u32> {
        let tables = self.tables.read();
        let mut found: Vec<_> = tables
            .segments
            .iter()
            .filter(|(_, segment)| segment.sealed && segment.live_bytes * 2 < segment.written_bytes)
            .map(|(number, segment)| (segment.live_bytes, *number))
            .collect();
        found.sort_unstable();
        found.into_iter().map(|(_, number)| number).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn small(number: u32, offset: u32) -> Entry {
        Entry { length: 100, created_ms: 1, place: Place::Segment { number, offset } }
    }

    #[test]
    fn live_bytes_follow_every_change() {
        let index = Index::default();
        index.segment_written(1, 4 * record_span(100), true);
        for blob in 1..=4 {
            index.put_new(BlobId(blob), small(1, blob as u32 * 1000)).unwrap();
        }
        assert!(index.wasteful_segments().is_empty());
        assert_eq!(index.put_new(BlobId(1), small(2, 0)), Err(small(1, 1000)));
        index.remove(BlobId(1), None).unwrap();
        index.put(BlobId(2), small(2, 8));
        assert_eq!(index.segment(1).unwrap().live_blobs, 2);
        assert!(index.remove(BlobId(3), Some(&Place::Segment { number: 9, offset: 9 })).is_none());
        assert!(index.relocate(BlobId(3), &small(1, 3000).place, small(2, 16).place));
        assert!(!index.relocate(BlobId(3), &small(1, 3000).place, small(2, 24).place), "moved already");
        assert!(!index.relocate(BlobId(1), &small(1, 1000).place, small(2, 24).place), "deleted already");
        assert_eq!(index.wasteful_segments(), vec![1]);
        assert_eq!(index.segment(2).unwrap().live_bytes, 2 * record_span(100));
        assert_eq!(index.bytes(), 300);
    }

    #[test]
    fn listing_pages_in_order() {
        let index = Index::default();
        for blob in [5, 1, 3] {
            index.put(BlobId(blob), small(1, blob as u32));
        }
        let ids = |after, limit| index.list(after, limit).into_iter().map(|(blob, _)| blob.0).collect::<Vec<_>>();
        assert_eq!(ids(None, 2), [1, 3]);
        assert_eq!(ids(Some(BlobId(3)), 2), [5]);
    }
}
