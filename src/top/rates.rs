//! Rates from counters, and what they and the queue were in the last rounds.

use std::collections::{BTreeMap, VecDeque};
use std::time::Instant;

use flotilla_admin::api::{GatewayStatus, LaneView, NodeId, NodeStatus};

use super::picture::Picture;

/// Rounds that are remembered; more than a terminal is wide.
const ROUNDS_MAX: usize = 240;

/// A second.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Traffic {
    pub(super) uploads: f64,
    pub(super) downloads: f64,
    pub(super) bytes_in: f64,
    pub(super) bytes_out: f64,
}

/// A second. None of a counter that was read once.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Rates {
    pub(super) published: Option<f64>,
    pub(super) completed: Option<f64>,
    pub(super) failed: Option<f64>,
    pub(super) lanes: BTreeMap<String, f64>,
    pub(super) nodes: BTreeMap<NodeId, Traffic>,
    /// Processors that a node's process keeps busy: 1.0 is one of them.
    pub(super) processors: BTreeMap<NodeId, f64>,
}

impl Rates {
    /// Of all nodes that have answered; none if none has.
    pub(super) fn traffic(&self) -> Option<Traffic> {
        let sum = |sum: Traffic, one: &Traffic| Traffic {
            uploads: sum.uploads + one.uploads,
            downloads: sum.downloads + one.downloads,
            bytes_in: sum.bytes_in + one.bytes_in,
            bytes_out: sum.bytes_out + one.bytes_out,
        };
        (!self.nodes.is_empty()).then(|| self.nodes.values().fold(Traffic::default(), sum))
    }
}

/// The last rounds, the newest last.
#[derive(Debug, Default)]
pub(super) struct History {
    pub(super) depth: VecDeque<u64>,
    pub(super) oldest_ms: VecDeque<u64>,
    pub(super) completed: VecDeque<u64>,
    before: Option<(Instant, Box<Picture>)>,
}

impl History {
    /// Takes a round in, and gives the rates since the one before.
    pub(super) fn take(&mut self, picture: &Picture, at: Instant) -> Rates {
        let before = self.before.replace((at, Box::new(picture.clone())));
        let rates = before.map(|(then, before)| rates(&before, picture, (at - then).as_secs_f64())).unwrap_or_default();
        remember(&mut self.depth, picture.depth());
        remember(&mut self.oldest_ms, picture.cluster.queue.oldest_ready_age_ms);
        // Whole events a second are what a bar can show.
        remember(&mut self.completed, rates.completed.unwrap_or(0.0).round() as u64);
        rates
    }
}

fn remember(values: &mut VecDeque<u64>, value: u64) {
    if values.len() == ROUNDS_MAX {
        values.pop_front();
    }
    values.push_back(value);
}

fn rates(before: &Picture, now: &Picture, elapsed_s: f64) -> Rates {
    if elapsed_s <= 0.0 {
        return Rates::default();
    }
    let rate = |before: u64, now: u64| rise(before, now) as f64 / elapsed_s;
    let traffic = |before: &GatewayStatus, now: &GatewayStatus| Traffic {
        uploads: rate(before.uploads_total, now.uploads_total),
        downloads: rate(before.downloads_total, now.downloads_total),
        bytes_in: rate(before.bytes_in_total, now.bytes_in_total),
        bytes_out: rate(before.bytes_out_total, now.bytes_out_total),
    };
    let (old, new) = (&before.statistics, &now.statistics);
    let of_node = |(id, status): (&NodeId, &NodeStatus)| {
        before.nodes.get(id).map(|old| (*id, traffic(&old.gateway, &status.gateway)))
    };
    let processors = |(id, status): (&NodeId, &NodeStatus)| {
        let (old, new) = (before.nodes.get(id)?.process?, status.process?);
        Some((*id, rate(old.cpu_ms_total, new.cpu_ms_total) / 1000.0))
    };
    let lane = |lane: &LaneView| {
        let old = before.lanes.iter().find(|old| old.name == lane.name)?;
        Some((lane.name.clone(), rate(old.completed_total, lane.completed_total)))
    };
    Rates {
        published: Some(rate(old.published_total, new.published_total)),
        completed: Some(rate(old.completed_total, new.completed_total)),
        failed: Some(rate(old.failed_total, new.failed_total)),
        lanes: now.lanes.iter().filter_map(lane).collect(),
        nodes: now.nodes.iter().filter_map(of_node).collect(),
        processors: now.nodes.iter().filter_map(processors).collect(),
    }
}

/// A counter that is lower than before began anew, with its process.
fn rise(before: u64, now: u64) -> u64 {
    if now < before { now } else { now - before }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::view::tests::picture;
    use super::*;

    #[test]
    fn rates_are_of_the_time_between_two_rounds_and_survive_a_restart() {
        let mut history = History::default();
        let begin = Instant::now();
        let mut now = picture();
        now.statistics.completed_total = 1000;
        assert_eq!(history.take(&now, begin).completed, None, "one round has no rate");
        now.statistics.completed_total = 1100;
        now.nodes.get_mut(&NodeId(1)).unwrap().process.as_mut().unwrap().cpu_ms_total += 500;
        let gateway = |now: &mut Picture, total| now.nodes.get_mut(&NodeId(1)).unwrap().gateway.bytes_in_total = total;
        gateway(&mut now, 5000);
        let rates = history.take(&now, begin + Duration::from_secs(2));
        assert_eq!((rates.completed, rates.processors[&NodeId(1)]), (Some(50.0), 0.25));
        gateway(&mut now, 400);
        let rates = history.take(&now, begin + Duration::from_secs(4));
        assert_eq!((rates.completed, rates.nodes[&NodeId(1)].bytes_in), (Some(0.0), 200.0));
        assert_eq!(rates.traffic().unwrap().bytes_in, 200.0);
        now.nodes.clear();
        assert_eq!(history.take(&now, begin + Duration::from_secs(6)).traffic(), None);
        assert_eq!(history.depth.len(), 4);
    }

    #[test]
    fn the_past_is_bounded() {
        let mut values = VecDeque::new();
        (0..1000).for_each(|value| remember(&mut values, value));
        assert_eq!((values.len(), values.back()), (ROUNDS_MAX, Some(&999)));
    }
}
