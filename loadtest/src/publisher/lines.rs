//! Events as they go over the wire, made once.

use std::io::Write;

use serde_json::{Map, Value};

/// Different lines, so that nobody gains by compressing or remembering one; few enough to stay in the cache.
const VARIETY: usize = 64;
/// Lines that share one chunk of the request body.
const CHUNK_LINES_MAX: usize = 64;

/// The lines that a connection sends, over and over; sending one is a copy of its bytes.
#[derive(Clone)]
pub(crate) struct EventLines {
    bytes: Vec<u8>,
    line_bytes: usize,
    next: usize,
}

impl EventLines {
    /// Events of a kind with a JSON string of `data_bytes` characters each; `not_before` is RFC 3339.
    pub(crate) fn new(kind: &str, data_bytes: usize, not_before: Option<&str>) -> Self {
        let mut bytes = Vec::new();
        // An xorshift generator: the text only has to look random.
        let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
        for _ in 0..VARIETY {
            let mut text = || {
                seed ^= seed << 13;
                seed ^= seed >> 7;
                seed ^= seed << 17;
                char::from(
                    b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_"[(seed >> 32) as usize % 64],
                )
            };
            let mut event = Map::new();
            event.insert("kind".to_owned(), kind.into());
            event.insert("data".to_owned(), (0..data_bytes).map(|_| text()).collect::<String>().into());
            if let Some(not_before) = not_before {
                event.insert("not_before".to_owned(), not_before.into());
            }
            bytes.extend_from_slice(Value::Object(event).to_string().as_bytes());
            bytes.push(b'\n');
        }
        Self { line_bytes: bytes.len() / VARIETY, bytes, next: 0 }
    }

    /// Appends the next lines, as many as a chunk takes of `count`, as one chunk; gives how many these were.
    pub(crate) fn append_chunk(&mut self, count: u64, to: &mut Vec<u8>) -> u64 {
        let taken = usize::try_from(count).unwrap_or(usize::MAX).min(CHUNK_LINES_MAX);
        // Writing to a vector does not fail.
        let _ = write!(to, "{:x}\r\n", taken * self.line_bytes);
        let mut left = taken;
        while left > 0 {
            let run = left.min(VARIETY - self.next);
            let from = self.next * self.line_bytes;
            to.extend_from_slice(&self.bytes[from..from + run * self.line_bytes]);
            self.next = (self.next + run) % VARIETY;
            left -= run;
        }
        to.extend_from_slice(b"\r\n");
        taken as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chunk_holds_whole_lines_of_the_size_that_was_asked_for() {
        let mut lines = EventLines::new("load.test", 1024, Some("2100-01-01T00:00:00Z"));
        let mut out = Vec::new();
        for (asked, given) in [(50, 50), (1000, CHUNK_LINES_MAX as u64), (1, 1)] {
            out.clear();
            assert_eq!(lines.append_chunk(asked, &mut out), given);
            let text = String::from_utf8(out.clone()).unwrap();
            let (size, rest) = text.split_once("\r\n").unwrap();
            let body = rest.strip_suffix("\r\n").unwrap();
            assert_eq!(usize::from_str_radix(size, 16).unwrap(), body.len());
            assert_eq!(body.lines().count() as u64, given);
            for line in body.lines() {
                let event: Value = serde_json::from_str(line).unwrap();
                assert_eq!(event["kind"], "load.test");
                assert_eq!(event["data"].as_str().unwrap().len(), 1024);
                assert_eq!(event["not_before"], "2100-01-01T00:00:00Z");
            }
        }
    }
}
