//! The bounded ring of lines.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use parking_lot::Mutex;

use super::line::LogLine;

/// An idle node says a few lines an hour and one in trouble some in a second: hours of it, in a few megabytes. Beyond either bound the
/// oldest line goes, and is counted.
const LINES_MAX: usize = 10_000;
const BYTES_MAX: usize = 4 << 20;
/// Of one answer, so that it fits into a message between nodes.
const ANSWER_BYTES_MAX: usize = 1 << 20;

/// The last lines of this process; a cheap handle.
#[derive(Clone, Default)]
pub struct RecentLines(Arc<Mutex<Ring>>);

#[derive(Default)]
struct Ring {
    lines: VecDeque<Arc<LogLine>>,
    bytes: usize,
    lost: u64,
    last_us: u64,
}

/// Which part of the lines, and from which end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Span {
    /// Newest first, those before this time.
    Before(u64),
    /// Oldest first, those after this time.
    After(u64),
}

impl Span {
    /// All, newest first.
    pub fn newest() -> Self {
        Self::Before(u64::MAX)
    }
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selection {
    pub lines: Vec<LogLine>,
    /// There are further ones that fit, behind the last.
    pub has_more: bool,
    /// Lines that the ring has, whether they fit or not.
    pub kept: u64,
    /// Lines that had to make room since the process began.
    pub lost: u64,
    /// Times of the first and the last line that the ring has; 0: it has none.
    pub oldest_us: u64,
    pub newest_us: u64,
}

impl RecentLines {
    /// The wall clock names the line; one that stands still or goes back is helped on.
    pub(super) fn keep(&self, mut line: LogLine) {
        let now_us = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_micros();
        let mut ring = self.0.lock();
        line.at_us = u64::try_from(now_us).unwrap_or(u64::MAX).max(ring.last_us + 1);
        ring.push(line);
    }

    /// The lines of a span that are wanted.
    pub fn select(&self, span: Span, limit: usize, wanted: impl Fn(&LogLine) -> bool) -> Selection {
        // Whoever writes a line must not wait for a search.
        let (lines, lost, newest_us) = {
            let ring = self.0.lock();
            (ring.lines.iter().cloned().collect::<Vec<_>>(), ring.lost, ring.last_us)
        };
        let fitting: Box<dyn Iterator<Item = &Arc<LogLine>>> = match span {
            Span::Before(end_us) => Box::new(lines.iter().rev().filter(move |line| line.at_us < end_us)),
            Span::After(start_us) => Box::new(lines.iter().filter(move |line| line.at_us > start_us)),
        };
        let mut fitting = fitting.filter(|line| wanted(line));
        let (mut found, mut bytes, mut has_more) = (Vec::new(), 0, false);
        for line in fitting.by_ref() {
            bytes += line.cost_bytes();
            if found.len() == limit || bytes > ANSWER_BYTES_MAX {
                has_more = true;
                break;
            }
            found.push(LogLine::clone(line));
        }
        Selection {
            lines: found,
            has_more,
            kept: lines.len() as u64,
            lost,
            oldest_us: lines.first().map_or(0, |line| line.at_us),
            newest_us,
        }
    }
}

impl Ring {
    fn push(&mut self, line: LogLine) {
        self.last_us = line.at_us;
        self.bytes += line.cost_bytes();
        self.lines.push_back(Arc::new(line));
        while self.lines.len() > LINES_MAX || self.bytes > BYTES_MAX {
            let Some(oldest) = self.lines.pop_front() else { break };
            self.bytes -= oldest.cost_bytes();
            self.lost += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use tracing::Level;

    use super::*;

    fn recent(messages: impl IntoIterator<Item = String>) -> RecentLines {
        let recent = RecentLines::default();
        for message in messages {
            let mut line = LogLine::new(Level::INFO, "test");
            line.say(&message);
            recent.keep(line);
        }
        recent
    }

    fn messages(selection: &Selection) -> Vec<&str> {
        selection.lines.iter().map(|line| line.message.as_str()).collect()
    }

    #[test]
    fn lines_are_read_from_either_end_page_by_page() {
        let recent = recent((1..=5).map(|number| number.to_string()));
        let first = recent.select(Span::newest(), 2, |_| true);
        assert_eq!((messages(&first), first.has_more, first.kept, first.lost), (vec!["5", "4"], true, 5, 0));
        let rest = recent.select(Span::Before(first.lines[1].at_us), 10, |line| line.message != "2");
        assert_eq!((messages(&rest), rest.has_more), (vec!["3", "1"], false));
        let since = recent.select(Span::After(rest.lines[0].at_us), 10, |_| true);
        assert_eq!((messages(&since), since.newest_us), (vec!["4", "5"], first.lines[0].at_us));
        let none = recent.select(Span::After(first.newest_us), 10, |_| true);
        assert!(none.lines.is_empty() && !none.has_more);
    }

    #[test]
    fn the_oldest_make_room_and_are_counted() {
        let many = recent((0..LINES_MAX + 3).map(|number| number.to_string())).select(Span::newest(), 1, |_| true);
        assert_eq!((many.kept, many.lost), (LINES_MAX as u64, 3));
        let large = recent((0..2000).map(|_| "x".repeat(4000)));
        let found = large.select(Span::newest(), 2000, |_| true);
        assert!(found.kept < 1100 && found.lost > 900, "{} kept", found.kept);
        assert!(found.has_more && found.lines.len() < 300, "an answer is bounded: {}", found.lines.len());
    }

    #[test]
    fn no_two_lines_have_the_same_time() {
        let recent = recent((0..1000).map(|_| String::new()));
        let found = recent.select(Span::newest(), 1000, |_| true);
        assert!(found.lines.is_sorted_by(|later, earlier| later.at_us > earlier.at_us));
    }
}
