//! Lines of many nodes, put in order. Pure.

use std::cmp::Reverse;
use std::fmt;

use flotilla_model::NodeId;

use crate::api::{LogLineView, from_us};
use crate::nodes::{LogLines, NodeLogLine};

/// A place in the merged log: lines have one each, since a node gives no time twice. As text: `1795861442838123-2`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Cursor {
    pub(crate) at_us: u64,
    pub(crate) node: NodeId,
}

impl Cursor {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (at_us, node) = text.split_once('-')?;
        Some(Self { at_us: at_us.parse().ok()?, node: NodeId(node.parse().ok()?) })
    }

    /// The time before which a node's lines are behind this place.
    pub(crate) fn before_us(self, node: NodeId) -> u64 {
        self.at_us.saturating_add(u64::from(node < self.node))
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}-{}", self.at_us, self.node)
    }
}

/// Newest first, at most `limit`, and where to go on. A node that has more behind its last line hides what others said before that
/// line: it would come out of order.
pub(super) fn newest(answers: Vec<(NodeId, LogLines)>, limit: usize) -> (Vec<LogLineView>, Option<Cursor>) {
    let horizon = answers.iter().filter(|(_, lines)| lines.has_more);
    let horizon = horizon.filter_map(|(node, lines)| Some(place(*node, lines.lines.last()?))).max();
    let mut all = with_places(answers);
    all.sort_unstable_by_key(|(place, _)| Reverse(*place));
    let count = all.len();
    let shown = all.into_iter().take_while(|(place, _)| horizon.is_none_or(|horizon| *place >= horizon)).take(limit);
    let shown: Vec<_> = shown.collect();
    let has_more = horizon.is_some() || shown.len() < count;
    let last = shown.last().map(|(place, _)| *place).filter(|_| has_more);
    (shown.into_iter().map(view).collect(), last)
}

/// Oldest first, all of them.
pub(super) fn oldest(answers: Vec<(NodeId, LogLines)>) -> Vec<LogLineView> {
    let mut all = with_places(answers);
    all.sort_unstable_by_key(|(place, _)| *place);
    all.into_iter().map(view).collect()
}

fn with_places(answers: Vec<(NodeId, LogLines)>) -> Vec<(Cursor, NodeLogLine)> {
    let of_one =
        |(node, lines): (NodeId, LogLines)| lines.lines.into_iter().map(move |line| (place(node, &line), line));
    answers.into_iter().flat_map(of_one).collect()
}

fn place(node: NodeId, line: &NodeLogLine) -> Cursor {
    Cursor { at_us: line.at_us, node }
}

fn view((place, line): (Cursor, NodeLogLine)) -> LogLineView {
    let NodeLogLine { at_us, level, target, message, fields } = line;
    LogLineView { node: place.node, at: from_us(at_us), level, target, message, fields }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answers(rows: &[(u64, &[u64], bool)]) -> Vec<(NodeId, LogLines)> {
        let line = |at_us: &u64| NodeLogLine { at_us: *at_us, ..NodeLogLine::default() };
        let row = |(node, times, has_more): &(u64, &[u64], bool)| {
            let lines = times.iter().map(line).collect();
            (NodeId(*node), LogLines { lines, has_more: *has_more, ..LogLines::default() })
        };
        rows.iter().map(row).collect()
    }

    fn shown(rows: &[(u64, &[u64], bool)], limit: usize) -> (Vec<(i64, u64)>, Option<String>) {
        let (lines, cursor) = newest(answers(rows), limit);
        let lines = lines.iter().map(|line| (line.at.as_microsecond(), line.node.0)).collect();
        (lines, cursor.map(|cursor| cursor.to_string()))
    }

    #[test]
    fn the_newest_of_all_come_first() {
        let rows: &[(u64, &[u64], bool)] = &[(1, &[9, 5, 1], false), (2, &[8, 5], false), (3, &[], false)];
        assert_eq!(shown(rows, 10), (vec![(9, 1), (8, 2), (5, 2), (5, 1), (1, 1)], None));
        assert_eq!(shown(rows, 3), (vec![(9, 1), (8, 2), (5, 2)], Some("5-2".to_owned())));
    }

    #[test]
    fn what_may_be_out_of_order_waits_for_the_next_page() {
        let rows: &[(u64, &[u64], bool)] = &[(1, &[9, 8], true), (2, &[7, 6], false)];
        assert_eq!(shown(rows, 10), (vec![(9, 1), (8, 1)], Some("8-1".to_owned())));
    }

    #[test]
    fn pages_neither_repeat_nor_leave_out() {
        let lines: [(u64, &[u64]); 3] = [(1, &[9, 7, 5, 3, 1]), (2, &[9, 8, 5]), (3, &[6, 5, 2, 1])];
        let (mut seen, mut cursor): (Vec<(i64, u64)>, Option<Cursor>) = (Vec::new(), None);
        loop {
            let asked = lines.map(|(node, times)| {
                let end_us = cursor.map_or(u64::MAX, |cursor| cursor.before_us(NodeId(node)));
                let behind: Vec<u64> = times.iter().copied().filter(|at_us| *at_us < end_us).collect();
                (node, behind)
            });
            let rows = asked.each_ref().map(|(node, times)| (*node, &times[..times.len().min(2)], times.len() > 2));
            let (page, next) = newest(answers(&rows), 2);
            seen.extend(page.iter().map(|line| (line.at.as_microsecond(), line.node.0)));
            cursor = next;
            if cursor.is_none() {
                break;
            }
        }
        let mut all: Vec<_> =
            lines.iter().flat_map(|(node, times)| times.iter().map(|at| (*at as i64, *node))).collect();
        all.sort_unstable_by(|left, right| right.cmp(left));
        assert_eq!(seen, all);
    }

    #[test]
    fn cursors_are_read_back() {
        let cursor = Cursor { at_us: 17, node: NodeId(2) };
        assert_eq!(Cursor::parse(&cursor.to_string()), Some(cursor));
        for text in ["", "17", "17-", "-2", "17-2-3"] {
            assert_eq!(Cursor::parse(text), None, "{text}");
        }
    }
}
