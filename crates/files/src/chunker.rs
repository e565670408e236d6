//! Gathers the small pieces of a network body into aligned chunks that disk and replicas share without another copy.
//!
//! The chunk grows while the source is fast and shrinks when it is slow: a thousand slow uploads must not hold a megabyte each.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::{Buf, Bytes};

use crate::buffer::{Buffer, BufferPool, SMALLEST_BUFFER};

/// Beyond this a chunk makes no transfer faster.
const CHUNK_BYTES_MAX: usize = 512 << 10;
/// A chunk filled sooner than this is doubled.
const FAST: Duration = Duration::from_millis(20);
/// A chunk that took longer than this is halved.
const SLOW: Duration = Duration::from_millis(200);

pub(crate) struct Chunker {
    pool: Arc<BufferPool>,
    filling: Option<(Buffer, Instant)>,
    chunk_bytes: usize,
}

impl Chunker {
    pub(crate) fn new(pool: Arc<BufferPool>) -> Self {
        Self { pool, filling: None, chunk_bytes: SMALLEST_BUFFER }
    }

    /// Takes bytes off the piece until a chunk is full or the piece is empty.
    pub(crate) fn push(&mut self, piece: &mut Bytes) -> Option<Bytes> {
        if piece.is_empty() {
            return None;
        }
        let (mut buffer, since) = match self.filling.take() {
            Some(filling) => filling,
            None => (self.pool.take(self.chunk_bytes), Instant::now()),
        };
        piece.advance(buffer.fill_from(piece));
        if !buffer.is_full() {
            self.filling = Some((buffer, since));
            return None;
        }
        self.adapt(since.elapsed());
        Some(buffer.freeze())
    }

    /// What waits for the rest of its chunk.
    pub(crate) fn filling(&self) -> &[u8] {
        self.filling.as_ref().map_or(&[], |(buffer, _)| buffer.filled())
    }

    /// The last chunk, which may be short.
    pub(crate) fn finish(self) -> Option<Bytes> {
        self.filling.map(|(buffer, _)| buffer.freeze())
    }

    fn adapt(&mut self, took: Duration) {
        if took < FAST {
            self.chunk_bytes = (self.chunk_bytes * 2).min(CHUNK_BYTES_MAX);
        } else if took > SLOW {
            self.chunk_bytes = (self.chunk_bytes / 2).max(SMALLEST_BUFFER);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_become_growing_chunks_in_order() {
        let mut chunker = Chunker::new(BufferPool::new(0));
        let source: Vec<u8> = (0..2_000_000u32).map(|number| (number % 251) as u8).collect();
        let mut chunks = Vec::new();
        for piece in source.chunks(9_999) {
            let mut piece = Bytes::copy_from_slice(piece);
            while let Some(chunk) = chunker.push(&mut piece) {
                chunks.push(chunk);
            }
            assert!(piece.is_empty());
        }
        chunks.extend(chunker.finish());
        assert_eq!(chunks.concat(), source);
        assert_eq!(chunks[0].len(), SMALLEST_BUFFER);
        assert!(chunks.iter().all(|chunk| chunk.len() <= CHUNK_BYTES_MAX));
    }

    #[test]
    fn slow_sources_hold_little() {
        let mut chunker = Chunker::new(BufferPool::new(0));
        for _ in 0..9 {
            chunker.adapt(Duration::from_millis(1));
        }
        assert_eq!(chunker.chunk_bytes, CHUNK_BYTES_MAX);
        chunker.adapt(Duration::from_millis(100));
        assert_eq!(chunker.chunk_bytes, CHUNK_BYTES_MAX);
        for _ in 0..9 {
            chunker.adapt(Duration::from_secs(1));
        }
        assert_eq!(chunker.chunk_bytes, SMALLEST_BUFFER);
    }
}
