//! Metrics of the event queue: its totals, and those of the lanes that have the most to do.

use std::cmp::Reverse;

use flotilla_model::{Lane, LaneCounts, LaneId, LaneTotals, State};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use super::metrics::{clamp, counter, gauge};
use super::queue::lanes_paused;

/// Lanes with time series of their own. A cluster may have 100,000.
const LANES_SHOWN: usize = 200;
/// Stands for all others; no lane can have this name.
const OTHER: &str = "_other";

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct LaneLabels {
    lane: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct DepthLabels {
    lane: String,
    state: &'static str,
}

type Row<'a> = (LaneId, &'a Lane, LaneCounts);

pub(super) fn queue(registry: &mut Registry, state: &State) {
    let (queue, totals, bounds) = (state.queue_statistics(), state.totals(), state.queue_bounds());
    gauge(registry, "queue_ready", "Events that wait for a worker", queue.ready);
    gauge(registry, "queue_waiting", "Events that wait for their time or their next try", queue.waiting);
    gauge(registry, "queue_blocked", "Events behind others of their ordering key", queue.blocked);
    gauge(registry, "queue_leased", "Events that workers have", queue.leased);
    gauge(registry, "queue_dead", "Dead letters", queue.dead);
    gauge(registry, "queue_outcome_unknown", "Events that wait for a person", queue.outcome_unknown);
    let age_s = queue.oldest_ready_age_ms as f64 / 1000.0;
    gauge(registry, "queue_oldest_ready_age_seconds", "Age of the oldest ready event", age_s);
    gauge(registry, "queue_events_max", "Events that the queue may hold", bounds.events);
    gauge(registry, "queue_data_bytes", "Data of applications' events", queue.data_bytes);
    gauge(registry, "queue_data_bytes_max", "Data that the queue may hold", bounds.bytes);
    gauge(registry, "lanes", "Lanes of the queue", state.lanes.len());
    gauge(registry, "lanes_paused", "Lanes that are paused", lanes_paused(state));
    counter(registry, "events_published", "Events since the cluster was made", totals.events_published);
    counter(registry, "events_repeated", "Events published again under their key", totals.events_repeated);
    counter(registry, "events_completed", "Events that ended well", totals.events_completed);
    counter(registry, "events_retried", "Tries that failed and were put off", totals.events_retried);
    counter(registry, "events_failed", "Events that became dead letters", totals.events_failed);
    counter(registry, "events_discarded", "Events that were given up", totals.events_discarded);
    counter(registry, "events_expired", "Events that no worker had in time", totals.events_expired);
    counter(registry, "events_cancelled", "Events that were cancelled", totals.events_cancelled);
    counter(registry, "leases_granted", "Leases given to workers", totals.leases_granted);
    counter(registry, "leases_lost", "Leases that ended before their worker reported", totals.leases_lost);
    counter(registry, "results_stale", "Results that came when their lease was over", totals.results_stale);
}

pub(super) fn lanes(registry: &mut Registry, state: &State) {
    let (shown, others) = deepest(state.lanes_from(LaneId(0)).collect(), LANES_SHOWN);
    let depth = Family::<DepthLabels, Gauge>::default();
    let age = Family::<LaneLabels, Gauge<f64, std::sync::atomic::AtomicU64>>::default();
    let (weight, paused) = (Family::<LaneLabels, Gauge>::default(), Family::<LaneLabels, Gauge>::default());
    for (id, lane, counts) in &shown {
        let labels = LaneLabels { lane: lane.name.to_string() };
        set_depth(&depth, &labels.lane, *counts);
        age.get_or_create(&labels).set(state.lane_oldest_ready_age_ms(*id) as f64 / 1000.0);
        weight.get_or_create(&labels).set(i64::from(lane.weight));
        paused.get_or_create(&labels).set(i64::from(lane.is_paused));
    }
    if !others.is_empty() {
        set_depth(&depth, OTHER, others.iter().fold(LaneCounts::default(), |sum, (.., counts)| add(sum, *counts)));
    }
    registry.register("lane_events", "Events of a lane, by state", depth);
    registry.register("lane_oldest_ready_age_seconds", "Age of the oldest ready event of a lane", age);
    registry.register("lane_weight", "Share of a lane", weight);
    registry.register("lane_paused", "1 when the lane is paused", paused);
    let shown = shown.iter().map(|(_, lane, _)| *lane).collect::<Vec<_>>();
    lane_counter(registry, "lane_published", "Events that came into the lane", &shown, |totals| totals.published);
    lane_counter(registry, "lane_completed", "Events that ended well", &shown, |totals| totals.completed);
    lane_counter(registry, "lane_retried", "Tries that failed and were put off", &shown, |totals| totals.retried);
    lane_counter(registry, "lane_failed", "Events that became dead letters", &shown, |totals| totals.failed);
    lane_counter(registry, "lane_discarded", "Events that were given up", &shown, |totals| totals.discarded);
    lane_counter(registry, "lane_expired", "Events that no worker had in time", &shown, |totals| totals.expired);
    lane_counter(registry, "lane_cancelled", "Events that were cancelled", &shown, |totals| totals.cancelled);
}

/// The lanes with the most events, of equal ones the older, and the rest.
fn deepest(mut lanes: Vec<Row<'_>>, count: usize) -> (Vec<Row<'_>>, Vec<Row<'_>>) {
    let depth = |row: &Row<'_>| (Reverse(row.2.all()), row.0);
    if lanes.len() <= count {
        return (lanes, Vec::new());
    }
    lanes.select_nth_unstable_by_key(count, depth);
    let others = lanes.split_off(count);
    (lanes, others)
}

fn set_depth(family: &Family<DepthLabels, Gauge>, lane: &str, counts: LaneCounts) {
    let LaneCounts { ready, waiting, blocked, leased, dead, outcome_unknown } = counts;
    for (state, count) in [
        ("ready", ready),
        ("waiting", waiting),
        ("blocked", blocked),
        ("leased", leased),
        ("dead", dead),
        ("outcome-unknown", outcome_unknown),
    ] {
        family.get_or_create(&DepthLabels { lane: lane.to_owned(), state }).set(clamp(count));
    }
}

fn add(a: LaneCounts, b: LaneCounts) -> LaneCounts {
    LaneCounts {
        ready: a.ready + b.ready,
        waiting: a.waiting + b.waiting,
        blocked: a.blocked + b.blocked,
        leased: a.leased + b.leased,
        dead: a.dead + b.dead,
        outcome_unknown: a.outcome_unknown + b.outcome_unknown,
    }
}

/// Of the shown lanes alone: which these are changes, so a counter of all others would fall, and its reader would take
/// that for a restart. It is the queue's counter less the sum of these.
fn lane_counter(registry: &mut Registry, name: &str, help: &str, lanes: &[&Lane], of: fn(&LaneTotals) -> u64) {
    let family = Family::<LaneLabels, Counter>::default();
    for lane in lanes {
        family.get_or_create(&LaneLabels { lane: lane.name.to_string() }).inc_by(of(&lane.totals));
    }
    registry.register(name, help, family);
}
