//! The bytes of files and events: known from the seed, so that nothing has to be kept to compare with.

use std::sync::OnceLock;

use bytes::Bytes;
use rand::{RngCore, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::scenario::Size;

const PATTERN_BYTES: usize = 1 << 20;
const HEAD_BYTES: usize = 16;
const CHUNK_BYTES: usize = 256 << 10;

/// A file: a head of its own, then a stretch of a common pattern that begins at a place of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Contents {
    head: [u8; HEAD_BYTES],
    offset: usize,
    pub(crate) length: u64,
}

/// Compares what comes back.
pub(crate) struct Comparison {
    contents: Contents,
    position: u64,
}

fn pattern() -> &'static Bytes {
    static PATTERN: OnceLock<Bytes> = OnceLock::new();
    PATTERN.get_or_init(|| {
        let mut bytes = vec![0; PATTERN_BYTES];
        ChaCha8Rng::seed_from_u64(0x666c_6f74).fill_bytes(&mut bytes);
        bytes.into()
    })
}

/// Text for an event's data.
pub(crate) fn text(length: usize) -> &'static str {
    static TEXT: OnceLock<String> = OnceLock::new();
    let digit = |byte: &u8| char::from(b'a' + byte % 26);
    let whole = TEXT.get_or_init(|| pattern()[..1 << 16].iter().map(digit).collect());
    &whole[..length.min(whole.len())]
}

/// The generator of one operation: independent of all others.
pub(crate) fn random_of(seed: u64, load: usize, number: u64) -> ChaCha8Rng {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    random.set_stream(((load as u64) << 48) | number);
    random
}

impl Contents {
    /// Of operation `number` of the load at `load`.
    pub(crate) fn of(seed: u64, load: usize, number: u64, size: &Size) -> Self {
        let mut random = random_of(seed, load, number);
        let mut head = [0; HEAD_BYTES];
        random.fill_bytes(&mut head);
        let offset = random.next_u64() as usize % PATTERN_BYTES;
        Self { head, offset, length: size.draw(&mut random) }
    }

    /// All of it, piece by piece, without copying the pattern.
    pub(crate) fn chunks(self) -> impl Iterator<Item = Bytes> {
        let mut position = 0;
        std::iter::from_fn(move || {
            let piece = self.piece(position, CHUNK_BYTES)?;
            position += piece.len() as u64;
            Some(piece)
        })
    }

    /// Up to `most` bytes from `position` on; fewer where the pattern begins anew.
    fn piece(&self, position: u64, most: usize) -> Option<Bytes> {
        let left = usize::try_from(self.length.checked_sub(position)?).unwrap_or(usize::MAX).min(most);
        if left == 0 {
            return None;
        }
        if position < HEAD_BYTES as u64 {
            let from = position as usize;
            return Some(Bytes::copy_from_slice(&self.head[from..(from + left).min(HEAD_BYTES)]));
        }
        let at = (self.offset + (position - HEAD_BYTES as u64) as usize) % PATTERN_BYTES;
        Some(pattern().slice(at..(at + left).min(PATTERN_BYTES)))
    }

    pub(crate) fn compare(self) -> Comparison {
        Comparison { contents: self, position: 0 }
    }
}

impl Comparison {
    /// The next bytes; says where they differ.
    pub(crate) fn feed(&mut self, mut bytes: &[u8]) -> Result<(), String> {
        while !bytes.is_empty() {
            let expected = self.contents.piece(self.position, bytes.len());
            let expected =
                expected.ok_or_else(|| format!("more than the {} bytes that were sent", self.contents.length))?;
            let (here, rest) = bytes.split_at(expected.len());
            if let Some(at) = here.iter().zip(&expected).position(|(found, sent)| found != sent) {
                return Err(format!("byte {} differs", self.position + at as u64));
            }
            self.position += here.len() as u64;
            bytes = rest;
        }
        Ok(())
    }

    pub(crate) fn end(self) -> Result<(), String> {
        let Contents { length, .. } = self.contents;
        if self.position == length { Ok(()) } else { Err(format!("{} bytes instead of {length}", self.position)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contents(number: u64, length: u64) -> Contents {
        Contents::of(1, 2, number, &Size::fixed(length))
    }

    fn compare(contents: Contents, bytes: &[u8], step: usize) -> Result<(), String> {
        let mut comparison = contents.compare();
        bytes.chunks(step).try_for_each(|piece| comparison.feed(piece))?;
        comparison.end()
    }

    #[test]
    fn what_is_sent_is_known_again_and_anything_else_is_not() {
        for length in [0, 1, 15, 16, 17, 300, CHUNK_BYTES as u64 + 5, (PATTERN_BYTES * 2 + 77) as u64] {
            let contents = contents(length, length);
            let sent: Vec<u8> = contents.chunks().flatten().collect();
            assert_eq!(sent.len() as u64, length);
            assert_eq!(compare(contents, &sent, 1 << 16), Ok(()));
            assert_eq!(compare(contents, &sent, 7), Ok(()));
            if length > 0 {
                assert!(compare(contents, &sent[1..], 1000).is_err());
                let mut damaged = sent.clone();
                damaged[length as usize / 2] ^= 1;
                assert_eq!(compare(contents, &damaged, 1000), Err(format!("byte {} differs", length / 2)));
            }
            let longer = [&sent[..], b"x"].concat();
            assert!(compare(contents, &longer, 1000).is_err());
        }
    }

    #[test]
    fn each_operation_has_bytes_of_its_own() {
        let bytes = |number| contents(number, 40).chunks().flatten().collect::<Vec<u8>>();
        assert_eq!(bytes(1), bytes(1));
        assert_ne!(bytes(1)[..16], bytes(2)[..16]);
        assert_ne!(bytes(1)[16..], bytes(2)[16..]);
        assert_ne!(Contents::of(1, 0, 1, &Size::default()), Contents::of(1, 1, 1, &Size::default()));
    }
}
