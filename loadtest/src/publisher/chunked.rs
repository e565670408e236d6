//! The chunked transfer coding, decoded as it arrives (RFC 9112, section 7.1). Trailers are skipped.

use anyhow::{Result, bail, ensure};

/// A size line is a few digits; extensions are allowed and ignored.
const SIZE_LINE_BYTES_MAX: usize = 1024;

#[derive(Default)]
pub(crate) struct ChunkedDecoder {
    state: State,
    /// The line that is being read, without its end.
    line: Vec<u8>,
}

#[derive(Default, Clone, Copy, PartialEq, Eq)]
enum State {
    #[default]
    Size,
    Data {
        left: usize,
    },
    /// The end of line behind the data.
    DataEnd,
    Trailer,
    Ended,
}

impl ChunkedDecoder {
    /// The next piece of the body, of those that `bytes` hold; `None` when they are used up or the body has ended.
    pub(crate) fn next<'a>(&mut self, bytes: &mut &'a [u8]) -> Result<Option<&'a [u8]>> {
        while !bytes.is_empty() && self.state != State::Ended {
            if let State::Data { left } = self.state {
                let (piece, rest) = bytes.split_at(left.min(bytes.len()));
                *bytes = rest;
                let left = left - piece.len();
                self.state = if left == 0 { State::DataEnd } else { State::Data { left } };
                return Ok(Some(piece));
            }
            if !self.take_line(bytes)? {
                break;
            }
            self.state = self.after_line()?;
            self.line.clear();
        }
        Ok(None)
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.state == State::Ended
    }

    /// Whether the line is whole now.
    fn take_line(&mut self, bytes: &mut &[u8]) -> Result<bool> {
        let end = bytes.iter().position(|byte| *byte == b'\n');
        let taken = end.unwrap_or(bytes.len());
        self.line.extend_from_slice(&bytes[..taken]);
        ensure!(self.line.len() <= SIZE_LINE_BYTES_MAX, "a line of the chunked body is too long");
        *bytes = &bytes[end.map_or(taken, |end| end + 1)..];
        Ok(end.is_some())
    }

    fn after_line(&self) -> Result<State> {
        let line = self.line.strip_suffix(b"\r").unwrap_or(&self.line);
        Ok(match self.state {
            State::Size => match chunk_size(line)? {
                0 => State::Trailer,
                left => State::Data { left },
            },
            State::DataEnd if line.is_empty() => State::Size,
            State::DataEnd => bail!("a chunk is longer than its size says"),
            State::Trailer if line.is_empty() => State::Ended,
            other => other,
        })
    }
}

fn chunk_size(line: &[u8]) -> Result<usize> {
    let text = String::from_utf8_lossy(line);
    let digits = text.split(';').next().unwrap_or_default().trim();
    match usize::from_str_radix(digits, 16) {
        Ok(size) if !digits.starts_with('+') => Ok(size),
        _ => bail!("'{text}' is no chunk size"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(pieces: &[&[u8]]) -> Result<(Vec<u8>, bool)> {
        let (mut decoder, mut body) = (ChunkedDecoder::default(), Vec::new());
        for mut bytes in pieces.iter().copied() {
            while let Some(data) = decoder.next(&mut bytes)? {
                body.extend_from_slice(data);
            }
        }
        Ok((body, decoder.has_ended()))
    }

    #[test]
    fn a_body_is_the_same_wherever_it_is_cut() {
        let text = b"4\r\nWiki\r\nA;name=value\r\npedia in\n\n\r\n0\r\nTrailer: yes\r\n\r\n";
        for cut in 0..=text.len() {
            let (body, ended) = decode(&[&text[..cut], &text[cut..]]).unwrap();
            assert_eq!(body, b"Wikipedia in\n\n", "cut at {cut}");
            assert!(ended);
        }
        assert!(!decode(&[&text[..20]]).unwrap().1);
    }

    #[test]
    fn what_is_not_chunked_is_refused() {
        for bad in ["x\r\n", "\r\n", "+4\r\n", "-1\r\n", "4\r\nWikipedia\r\n"] {
            assert!(decode(&[bad.as_bytes()]).is_err(), "{bad:?}");
        }
        assert!(decode(&[&[b'1'; SIZE_LINE_BYTES_MAX + 1]]).is_err());
    }
}
