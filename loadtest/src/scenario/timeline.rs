//! What is done to the cluster while the load comes.

use anyhow::{Result, ensure};
use serde::Deserialize;

/// A moment and what is done then.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Moment {
    pub(crate) s: f64,
    #[serde(flatten)]
    pub(crate) deed: Deed,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) enum Deed {
    /// `kill -9`; started again after so many seconds.
    Kill { node: Which, for_s: f64 },
    /// Frozen (`SIGSTOP`): it is silent, and its connections stay.
    Pause { node: Which, for_s: f64 },
    /// Cut off from the network without a word: no connection is reset. Each node is in a network namespace for it, which
    /// needs the rights of root.
    Cut { node: Which, for_s: f64 },
    /// Stopped in order and started again.
    Restart { node: Which },
    /// Each node is stopped in order and started again, one after the other, secondaries first.
    Roll {},
    /// The primary gives the lead to the next.
    HandOver {},
    /// Sets a parameter.
    Set { parameter: String, value: String },
    /// The events of all loads stay in the queue,
    PauseLanes {},
    /// and are worked off again.
    ResumeLanes {},
}

/// A node: by its place in the cluster, from 1, or by what it is at that moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub(crate) enum Which {
    Number(u16),
    Role(Role),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Role {
    Primary,
    Secondary,
}

impl Deed {
    pub(crate) fn check(&self, nodes: u16) -> Result<()> {
        if let Self::Kill { node, for_s } | Self::Pause { node, for_s } | Self::Cut { node, for_s } = self {
            ensure!((0.0..=86_400.0).contains(for_s), "for_s must be 0 to 86400");
            return node.check(nodes);
        }
        match self {
            Self::Restart { node } => node.check(nodes),
            Self::HandOver {} => {
                ensure!(nodes > 1, "one node has none to hand over to");
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Whether it is done to a process, which the harness can only do to its own.
    pub(crate) fn needs_own_cluster(&self) -> bool {
        matches!(self, Self::Kill { .. } | Self::Pause { .. } | Self::Restart { .. } | Self::Roll {})
            || self.needs_namespaces()
    }

    /// Whether the nodes must have a network of their own.
    pub(crate) fn needs_namespaces(&self) -> bool {
        matches!(self, Self::Cut { .. })
    }
}

impl Which {
    fn check(self, nodes: u16) -> Result<()> {
        match self {
            Self::Number(number) => ensure!((1..=nodes).contains(&number), "there is no node {number}"),
            Self::Role(Role::Secondary) => ensure!(nodes > 1, "one node has no secondary"),
            Self::Role(Role::Primary) => {}
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deeds_are_told_apart() {
        let read = |text: &str| toml::from_str::<Moment>(text).map(|moment| moment.deed);
        let node = Which::Role(Role::Primary);
        assert_eq!(read("s = 1\ndo = 'kill'\nnode = 'primary'\nfor_s = 2").unwrap(), Deed::Kill { node, for_s: 2.0 });
        assert_eq!(read("s = 1\ndo = 'restart'\nnode = 2").unwrap(), Deed::Restart { node: Which::Number(2) });
        assert_eq!(read("s = 1\ndo = 'cut'\nnode = 'primary'\nfor_s = 2").unwrap(), Deed::Cut { node, for_s: 2.0 });
        assert_eq!(read("s = 1\ndo = 'hand-over'").unwrap(), Deed::HandOver {});
        for bad in
            ["s = 1\ndo = 'explode'", "s = 1\ndo = 'kill'\nfor_s = 1", "s = 1\ndo = 'kill'\nnode = 'all'\nfor_s = 1"]
        {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
