//! The order of rows.

use std::cmp::Reverse;

use flotilla_admin::api::{ClusterNode, LaneView};

use super::picture::Picture;
use super::rates::Rates;

/// Of the nodes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum NodeOrder {
    /// As the `servers` list has them.
    #[default]
    Promotion,
    Health,
    Lag,
    Busy,
    Traffic,
}

/// Of the lanes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum LaneOrder {
    #[default]
    Depth,
    Age,
    Rate,
    Name,
}

impl NodeOrder {
    pub(super) fn next(self) -> Self {
        match self {
            Self::Promotion => Self::Health,
            Self::Health => Self::Lag,
            Self::Lag => Self::Busy,
            Self::Busy => Self::Traffic,
            Self::Traffic => Self::Promotion,
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Promotion => "promotion",
            Self::Health => "health",
            Self::Lag => "lag",
            Self::Busy => "busy workers",
            Self::Traffic => "traffic",
        }
    }

    pub(super) fn apply<'a>(self, picture: &'a Picture, rates: &Rates) -> Vec<&'a ClusterNode> {
        let mut nodes: Vec<&ClusterNode> = picture.cluster.nodes.iter().collect();
        match self {
            Self::Promotion => {}
            Self::Health => nodes.sort_by_key(|node| picture.health(node)),
            // Who is not heard of is the furthest behind.
            Self::Lag => nodes.sort_by_key(|node| Reverse(node.lag_entries.unwrap_or(u64::MAX))),
            Self::Busy => nodes.sort_by_key(|node| Reverse(picture.workers(node.node).map_or(0, |(busy, _)| busy))),
            Self::Traffic => {
                let bytes =
                    |node: &ClusterNode| rates.nodes.get(&node.node).map_or(0.0, |one| one.bytes_in + one.bytes_out);
                nodes.sort_by(|a, b| bytes(b).total_cmp(&bytes(a)));
            }
        }
        nodes
    }
}

impl LaneOrder {
    pub(super) fn next(self) -> Self {
        match self {
            Self::Depth => Self::Age,
            Self::Age => Self::Rate,
            Self::Rate => Self::Name,
            Self::Name => Self::Depth,
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Depth => "depth",
            Self::Age => "age",
            Self::Rate => "rate",
            Self::Name => "name",
        }
    }

    pub(super) fn apply<'a>(self, picture: &'a Picture, rates: &Rates) -> Vec<&'a LaneView> {
        let mut lanes: Vec<&LaneView> = picture.lanes.iter().collect();
        lanes.sort_by(|a, b| a.name.cmp(&b.name));
        match self {
            Self::Depth => lanes.sort_by_key(|lane| Reverse(depth(lane))),
            Self::Age => lanes.sort_by_key(|lane| Reverse(lane.oldest_ready_age_ms)),
            Self::Rate => {
                let rate = |lane: &LaneView| rates.lanes.get(&lane.name).copied().unwrap_or(0.0);
                lanes.sort_by(|a, b| rate(b).total_cmp(&rate(a)));
            }
            Self::Name => {}
        }
        lanes
    }
}

/// Events of a lane that have not ended.
pub(super) fn depth(lane: &LaneView) -> u64 {
    lane.ready + lane.waiting + lane.blocked + lane.leased
}
