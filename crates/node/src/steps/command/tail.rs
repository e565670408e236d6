//! The end of what a command says: enough to see why it failed, whatever it writes.

use std::collections::VecDeque;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::io::{AsyncRead, AsyncReadExt};

/// Kept of standard output and standard error together, in the order in which it came.
const TAIL_BYTES: usize = 1024;

/// Shared by the readers of both.
#[derive(Debug, Clone, Default)]
pub(super) struct Tail(Arc<Mutex<VecDeque<u8>>>);

impl Tail {
    /// Reads until the other end is closed by all who have it.
    pub(super) async fn follow(self, mut pipe: impl AsyncRead + Unpin) {
        let mut buffer = [0; 8192];
        // An error is an end as well.
        while let Ok(length @ 1..) = pipe.read(&mut buffer).await {
            self.add(&buffer[..length]);
        }
    }

    fn add(&self, bytes: &[u8]) {
        let mut kept = self.0.lock();
        kept.extend(&bytes[bytes.len().saturating_sub(TAIL_BYTES)..]);
        let surplus = kept.len().saturating_sub(TAIL_BYTES);
        kept.drain(..surplus);
    }

    /// As one line: it goes into the transfer's row and into logs.
    pub(super) fn text(&self) -> String {
        let bytes: Vec<u8> = self.0.lock().iter().copied().collect();
        let text = String::from_utf8_lossy(&bytes);
        let words = text.split(|character: char| character.is_whitespace() || character.is_control());
        words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_kibibyte_stays_as_one_line() {
        let tail = Tail::default();
        tail.add(b"begin\n");
        for _ in 0..1000 {
            tail.add(b"0123456789");
        }
        tail.add(b"\nwhat\twent \x1b[1mwrong\r\n\n");
        let text = tail.text();
        assert!(text.ends_with("456789 what went [1mwrong") && text.len() <= TAIL_BYTES, "{text}");
        tail.add(&[b'x'; 5000]);
        assert_eq!(tail.text(), "x".repeat(TAIL_BYTES));
        tail.add(b"\xff\xfe");
        assert!(tail.text().ends_with("x\u{fffd}\u{fffd}"), "no UTF-8");
        assert_eq!(Tail::default().text(), "");
    }
}
