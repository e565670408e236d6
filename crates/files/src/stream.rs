//! Streams of bytes, ranges of them, and what names their content.

use std::{ops::Range, pin::Pin};

use bytes::{Bytes, BytesMut};
use flotilla_model::Sha256;
use futures::{Stream, StreamExt};
use serde::{Deserialize, Serialize};

use crate::StreamError;

/// Chunks of one blob in order. The end without an error means that all bytes came; an error means that they did not.
pub type ChunkStream = Pin<Box<dyn Stream<Item = Result<Bytes, StreamError>> + Send>>;

/// What a blob holds, computed over bytes that are synced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlobDigest {
    pub sha256: Sha256,
    pub length: u64,
}

/// A part of a blob: bytes from `start` up to but not including `end`; without an end, up to the blob's own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ByteRange {
    pub start: u64,
    pub end: Option<u64>,
}

impl ByteRange {
    pub const ALL: Self = Self { start: 0, end: None };

    pub fn new(range: Range<u64>) -> Self {
        Self { start: range.start, end: Some(range.end) }
    }

    /// The bounds within a blob of `length` bytes, or nothing if they reach beyond it.
    pub fn within(&self, length: u64) -> Option<Range<u64>> {
        let end = self.end.unwrap_or(length);
        (self.start <= end && end <= length).then_some(self.start..end)
    }
}

/// Reads a whole stream into memory, up to `limit_bytes`.
pub async fn collect(mut stream: ChunkStream, limit_bytes: usize) -> Result<Bytes, StreamError> {
    let mut all = BytesMut::new();
    while let Some(chunk) = stream.next().await {
        let chunk = chunk?;
        if all.len() + chunk.len() > limit_bytes {
            return Err(StreamError::Aborted(format!("more than {limit_bytes} bytes")));
        }
        all.extend_from_slice(&chunk);
    }
    Ok(all.freeze())
}

/// SHA-256 over bytes as they pass.
#[derive(Clone)]
pub(crate) struct Hasher {
    context: ring::digest::Context,
    length: u64,
}

impl Hasher {
    pub(crate) fn new() -> Self {
        Self { context: ring::digest::Context::new(&ring::digest::SHA256), length: 0 }
    }

    pub(crate) fn update(&mut self, bytes: &[u8]) {
        self.context.update(bytes);
        self.length += bytes.len() as u64;
    }

    pub(crate) fn finish(self) -> BlobDigest {
        let mut sha256 = [0; 32];
        sha256.copy_from_slice(self.context.finish().as_ref());
        BlobDigest { sha256: Sha256(sha256), length: self.length }
    }

    pub(crate) fn digest_of(bytes: &[u8]) -> BlobDigest {
        let mut hasher = Self::new();
        hasher.update(bytes);
        hasher.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_stay_within_the_blob() {
        for (start, end, length, expected) in [
            (0, None, 10, Some(0..10)),
            (3, Some(5), 10, Some(3..5)),
            (10, None, 10, Some(10..10)),
            (11, None, 10, None),
            (5, Some(4), 10, None),
            (0, Some(11), 10, None),
        ] {
            assert_eq!(ByteRange { start, end }.within(length), expected, "{start} {end:?} {length}");
        }
    }
}
