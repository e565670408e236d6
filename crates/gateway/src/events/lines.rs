//! Cuts a body that comes in pieces into lines. A line that lies within one piece is not copied.

use bytes::Bytes;
use flotilla_model::Payload;
use memchr::memchr;

/// Longest line: the largest data and room for all other fields.
pub(crate) const LINE_BYTES_MAX: usize = Payload::MAX_LENGTH + (4 << 10);

/// A line does not end within [`LINE_BYTES_MAX`] bytes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct TooLong;

#[derive(Default)]
pub(crate) struct Lines {
    /// The beginning of a line, from earlier pieces.
    begun: Vec<u8>,
    /// What is left of the last piece.
    rest: Bytes,
}

impl Lines {
    /// Takes the next piece, when [`Lines::next_line`] has given all lines of the one before.
    pub(crate) fn push(&mut self, piece: Bytes) {
        debug_assert!(self.rest.is_empty(), "the lines of the last piece were not taken");
        self.rest = piece;
    }

    /// The next line, without its end; `None` when another piece is needed.
    pub(crate) fn next_line(&mut self) -> Result<Option<Bytes>, TooLong> {
        let Some(end) = memchr(b'\n', &self.rest) else {
            if self.begun.len() + self.rest.len() > LINE_BYTES_MAX {
                return Err(TooLong);
            }
            self.begun.extend_from_slice(&self.rest);
            self.rest = Bytes::new();
            return Ok(None);
        };
        if self.begun.len() + end > LINE_BYTES_MAX {
            return Err(TooLong);
        }
        let mut line = self.rest.split_to(end + 1);
        line.truncate(end);
        if !self.begun.is_empty() {
            self.begun.extend_from_slice(&line);
            line = std::mem::take(&mut self.begun).into();
        }
        Ok(Some(line))
    }

    /// What stands behind the last end of a line.
    pub(crate) fn last_line(&mut self) -> Option<Bytes> {
        let line = std::mem::take(&mut self.begun);
        (!line.is_empty()).then(|| line.into())
    }
}

/// Nothing but spaces, which JSON leaves out of account.
pub(crate) fn is_blank(line: &[u8]) -> bool {
    line.iter().all(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n'))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn cut(pieces: impl IntoIterator<Item = impl Into<Bytes>>) -> Result<Vec<Bytes>, TooLong> {
        let (mut lines, mut all) = (Lines::default(), Vec::new());
        for piece in pieces {
            lines.push(piece.into());
            while let Some(line) = lines.next_line()? {
                all.push(line);
            }
        }
        all.extend(lines.last_line());
        Ok(all)
    }

    #[test]
    fn lines_across_pieces() {
        assert_eq!(cut(["a\nbc", "", "d\n", "\ne"]).unwrap(), ["a", "bcd", "", "e"]);
        assert!(cut(["", ""]).unwrap().is_empty());
    }

    #[test]
    fn a_line_within_a_piece_is_not_copied() {
        let piece = Bytes::from_static(b"abc\ndef\n");
        let mut lines = Lines::default();
        lines.push(piece.clone());
        assert_eq!(lines.next_line().unwrap().unwrap().as_ptr(), piece.as_ptr());
    }

    #[test]
    fn a_line_that_is_too_long_is_refused_before_its_end() {
        let longest = "x".repeat(LINE_BYTES_MAX);
        assert_eq!(cut([longest.clone(), "\n".to_owned()]).unwrap(), [&*longest]);
        assert_eq!(cut([longest.clone(), "y".to_owned()]), Err(TooLong));
        assert_eq!(cut([format!("{longest}y\n")]), Err(TooLong));
        let mut lines = Lines::default();
        for _ in 0..LINE_BYTES_MAX / 1000 {
            lines.push(vec![b'x'; 1000].into());
            assert_eq!(lines.next_line(), Ok(None));
        }
        lines.push(vec![b'x'; 1000].into());
        assert_eq!(lines.next_line(), Err(TooLong));
    }

    proptest! {
        #[test]
        fn pieces_do_not_matter(bytes in prop::collection::vec(prop::sample::select(b"ab\n\r ".to_vec()), 0..200),
                                sizes in prop::collection::vec(1..20_usize, 1..20)) {
            let mut pieces = Vec::new();
            let (mut rest, mut sizes) = (&bytes[..], sizes.iter().cycle());
            while !rest.is_empty() {
                let (piece, left) = rest.split_at((*sizes.next().unwrap()).min(rest.len()));
                pieces.push(Bytes::copy_from_slice(piece));
                rest = left;
            }
            let mut expected: Vec<_> = bytes.split(|byte| *byte == b'\n').map(Bytes::copy_from_slice).collect();
            expected.pop_if(|last| last.is_empty());
            prop_assert_eq!(cut(pieces).unwrap(), expected);
        }
    }
}
