//! One aligned block in which an appender lays out the records of a batch, reused for every batch.

use crate::buffer::ALIGNMENT;

pub(crate) struct BatchBuffer {
    storage: Vec<u8>,
    start: usize,
    length: usize,
    capacity: usize,
}

impl BatchBuffer {
    pub(crate) fn new(capacity: usize) -> Self {
        let capacity = capacity.next_multiple_of(ALIGNMENT);
        let storage = vec![0; capacity + ALIGNMENT];
        let start = storage.as_ptr().align_offset(ALIGNMENT).min(ALIGNMENT);
        Self { storage, start, length: 0, capacity }
    }

    pub(crate) fn clear(&mut self) {
        self.length = 0;
    }

    pub(crate) fn len(&self) -> usize {
        self.length
    }

    pub(crate) fn push(&mut self, bytes: &[u8]) {
        assert!(self.length + bytes.len() <= self.capacity, "a batch is cut before its buffer is full");
        let begin = self.start + self.length;
        self.storage[begin..begin + bytes.len()].copy_from_slice(bytes);
        self.length += bytes.len();
    }

    /// Zeros up to a multiple of `alignment`.
    pub(crate) fn pad_to(&mut self, alignment: usize) {
        let padded = self.length.next_multiple_of(alignment);
        self.storage[self.start + self.length..self.start + padded].fill(0);
        self.length = padded;
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.storage[self.start..self.start + self.length]
    }
}
