//! How far somebody has read the log of each node.

use std::collections::BTreeMap;
use std::fmt;

use flotilla_model::NodeId;

/// Most nodes that a text may name: a cluster has no more.
const NODES_MAX: usize = 100;

/// Of each node the time of the last line that was seen, in microseconds since the Unix epoch. As text: `1-1795861442838123_2-…`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Position(BTreeMap<NodeId, u64>);

impl Position {
    /// At this time, on whichever node.
    pub(crate) fn at(now_us: u64, nodes: impl IntoIterator<Item = NodeId>) -> Self {
        Self(nodes.into_iter().map(|node| (node, now_us)).collect())
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        let parts: Vec<&str> = text.split('_').take(NODES_MAX + 1).collect();
        if parts.len() > NODES_MAX {
            return None;
        }
        let of_one = |part: &str| {
            let (node, at_us) = part.split_once('-')?;
            Some((NodeId(node.parse().ok()?), at_us.parse().ok()?))
        };
        parts.into_iter().map(of_one).collect::<Option<_>>().map(Self)
    }

    /// Of a node that is not named, as of one that joined: since the earliest of the others.
    pub(crate) fn of(&self, node: NodeId) -> u64 {
        let named = self.0.get(&node).or_else(|| self.0.values().min());
        named.copied().unwrap_or(0)
    }

    pub(crate) fn advance(&mut self, node: NodeId, at_us: u64) {
        self.0.insert(node, at_us);
    }
}

impl fmt::Display for Position {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (node, at_us)) in self.0.iter().enumerate() {
            let separator = if index > 0 { "_" } else { "" };
            write!(formatter, "{separator}{node}-{at_us}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_is_read_back_and_rubbish_is_not() {
        let mut position = Position::at(17, [NodeId(1), NodeId(3)]);
        position.advance(NodeId(3), 20);
        assert_eq!(position.to_string(), "1-17_3-20");
        assert_eq!(Position::parse("1-17_3-20"), Some(position.clone()));
        assert_eq!([position.of(NodeId(3)), position.of(NodeId(2))], [20, 17], "one that is new");
        for text in ["", "1", "1-", "a-1", "1-2_", "1-2,3-4", &"1-1_".repeat(200)] {
            assert_eq!(Position::parse(text), None, "{text}");
        }
    }
}
