//! Reused, page-aligned buffers.
//!
//! Direct I/O needs aligned memory, and memory touched for the first time costs as much as the write itself. A buffer becomes a
//! shared `Bytes` without a copy and comes back to the pool when its last holder (disk or replica) drops it.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use bytes::Bytes;
use parking_lot::Mutex;

/// Direct I/O wants offset, length and address to be multiples of the logical block; 4096 suits every disk in use.
pub(crate) const ALIGNMENT: usize = 4096;
pub(crate) const SMALLEST_BUFFER: usize = 64 << 10;
pub(crate) const LARGEST_BUFFER: usize = 1 << 20;
const CLASSES: usize = 5;

/// Idle buffers by size class: 64 KiB, 128, 256, 512, 1 MiB.
pub struct BufferPool {
    idle: Mutex<[Vec<Vec<u8>>; CLASSES]>,
    idle_bytes: AtomicUsize,
    idle_limit_bytes: usize,
    used_bytes: AtomicUsize,
    used_peak_bytes: AtomicUsize,
}

impl BufferPool {
    pub fn new(idle_limit_bytes: usize) -> Arc<Self> {
        Arc::new(Self {
            idle: Mutex::new(Default::default()),
            idle_bytes: AtomicUsize::new(0),
            idle_limit_bytes,
            used_bytes: AtomicUsize::new(0),
            used_peak_bytes: AtomicUsize::new(0),
        })
    }

    /// Bytes of buffers in use now.
    pub fn used_bytes(&self) -> usize {
        self.used_bytes.load(Ordering::Relaxed)
    }

    /// The most that was ever in use.
    pub fn used_peak_bytes(&self) -> usize {
        self.used_peak_bytes.load(Ordering::Relaxed)
    }

    /// A buffer of at least `wanted` bytes, at most [`LARGEST_BUFFER`].
    pub(crate) fn take(self: &Arc<Self>, wanted: usize) -> Buffer {
        let class = class_of(wanted);
        let capacity = SMALLEST_BUFFER << class;
        let reused = self.idle.lock()[class].pop();
        let storage = match reused {
            Some(storage) => {
                self.idle_bytes.fetch_sub(capacity, Ordering::Relaxed);
                storage
            }
            None => vec![0; capacity + ALIGNMENT],
        };
        let used = self.used_bytes.fetch_add(capacity, Ordering::Relaxed) + capacity;
        self.used_peak_bytes.fetch_max(used, Ordering::Relaxed);
        let start = storage.as_ptr().align_offset(ALIGNMENT).min(ALIGNMENT);
        Buffer { storage, start, length: 0, capacity, pool: Arc::clone(self) }
    }

    fn give_back(&self, storage: Vec<u8>, capacity: usize) {
        self.used_bytes.fetch_sub(capacity, Ordering::Relaxed);
        let idle = self.idle_bytes.fetch_add(capacity, Ordering::Relaxed) + capacity;
        if idle <= self.idle_limit_bytes {
            self.idle.lock()[class_of(capacity)].push(storage);
        } else {
            self.idle_bytes.fetch_sub(capacity, Ordering::Relaxed);
        }
    }
}

fn class_of(wanted: usize) -> usize {
    let capacity = wanted.clamp(SMALLEST_BUFFER, LARGEST_BUFFER).next_power_of_two();
    (capacity / SMALLEST_BUFFER).trailing_zeros() as usize
}

/// One aligned buffer, filled from its start.
pub(crate) struct Buffer {
    storage: Vec<u8>,
    start: usize,
    length: usize,
    capacity: usize,
    pool: Arc<BufferPool>,
}

impl Buffer {
    pub(crate) fn is_empty(&self) -> bool {
        self.length == 0
    }

    pub(crate) fn is_full(&self) -> bool {
        self.length == self.capacity
    }

    pub(crate) fn filled(&self) -> &[u8] {
        &self.storage[self.start..self.start + self.length]
    }

    /// Copies as much of `source` as fits; says how much that was.
    pub(crate) fn fill_from(&mut self, source: &[u8]) -> usize {
        let count = source.len().min(self.capacity - self.length);
        let begin = self.start + self.length;
        self.storage[begin..begin + count].copy_from_slice(&source[..count]);
        self.length += count;
        count
    }

    /// The filled part with zeros after it, up to the alignment.
    pub(crate) fn padded(&mut self) -> &[u8] {
        let padded = self.length.next_multiple_of(ALIGNMENT);
        self.storage[self.start + self.length..self.start + padded].fill(0);
        &self.storage[self.start..self.start + padded]
    }

    /// The first `length` bytes, to be read into; they count as filled.
    pub(crate) fn for_reading(&mut self, length: usize) -> &mut [u8] {
        self.length = length.min(self.capacity);
        &mut self.storage[self.start..self.start + self.length]
    }

    pub(crate) fn freeze(self) -> Bytes {
        Bytes::from_owner(self)
    }
}

impl AsRef<[u8]> for Buffer {
    fn as_ref(&self) -> &[u8] {
        self.filled()
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        self.pool.give_back(std::mem::take(&mut self.storage), self.capacity);
    }
}

/// Whether a slice may be handed to direct I/O as it is.
pub(crate) fn is_aligned(slice: &[u8]) -> bool {
    slice.len().is_multiple_of(ALIGNMENT) && slice.as_ptr().align_offset(ALIGNMENT) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buffers_are_aligned_and_reused() {
        let pool = BufferPool::new(1 << 20);
        let mut buffer = pool.take(100_000);
        let first_address = buffer.for_reading(131_072).as_ptr() as usize;
        assert!(is_aligned(buffer.filled()));
        assert_eq!(pool.used_bytes(), 131_072);
        let shared = buffer.freeze();
        let second = shared.slice(5..);
        drop(shared);
        assert_eq!(pool.used_bytes(), 131_072, "still held by the second handle");
        drop(second);
        assert_eq!(pool.used_bytes(), 0);
        let mut again = pool.take(131_072);
        assert_eq!(again.for_reading(1).as_ptr() as usize, first_address);
    }

    #[test]
    fn idle_memory_is_bounded() {
        let pool = BufferPool::new(128 << 10);
        let held: Vec<_> = (0..10).map(|_| pool.take(64 << 10)).collect();
        drop(held);
        assert_eq!(pool.idle_bytes.load(Ordering::Relaxed), 128 << 10);
    }

    #[test]
    fn filling_stops_at_the_capacity_and_padding_is_zero() {
        let pool = BufferPool::new(0);
        let mut buffer = pool.take(1);
        assert_eq!(buffer.fill_from(&vec![7; 70_000]), 65_536);
        assert!(buffer.is_full());
        let mut buffer = pool.take(1);
        buffer.fill_from(b"abc");
        let padded = buffer.padded();
        assert_eq!(padded.len(), 4096);
        assert_eq!(&padded[..4], b"abc\0");
        assert!(padded[3..].iter().all(|byte| *byte == 0));
    }
}
