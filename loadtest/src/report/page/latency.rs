//! How long operations took over time: a chart for each load, since percentiles of different operations do not compare.

use super::super::run::{Interval, LoadRecord, Run};
use super::chart::{Across, Chart, Layout, Line, Point, Reduction, Unit, Up, figures, series_class};
use super::scenery::Scenery;
use super::section::Section;
use super::text::text;

/// Intervals farther apart have a gap between them, in which nothing ended.
const GAP_S: f64 = 1.5;

pub(super) fn section(run: &Run, scenery: &Scenery) -> Option<Section> {
    let answered = |load: &LoadRecord| load.intervals.iter().any(|interval| interval.acknowledged > 0);
    let loads = run.loads.iter().enumerate().filter(|(_, load)| answered(load));
    let charts: Vec<Chart<'_>> = loads.map(|(index, load)| chart(scenery, index, load)).collect();
    (!charts.is_empty()).then(|| Section { id: "latency", title: "Latency", content: figures(&charts, Layout::Paired) })
}

fn chart<'a>(scenery: &'a Scenery, index: usize, load: &LoadRecord) -> Chart<'a> {
    let line = |name: &str, reduction, of: fn(&Interval) -> f64| Line {
        name: name.to_owned(),
        class: format!("{} {name}", series_class(index)),
        points: points(&load.intervals, of),
        reduction,
        has_end_label: true,
    };
    Chart {
        id: format!("latency-{index}"),
        title: text(&load.name).to_string(),
        note: "latency, logarithmic",
        across: Across::Time { span_s: scenery.span_s },
        up: Up { unit: Unit::Milliseconds, is_logarithmic: true },
        lines: vec![
            line("max", Reduction::Maximum, |interval| interval.max_ms),
            line("p99", Reduction::Maximum, |interval| interval.p99_ms),
            line("p50", Reduction::Mean, |interval| interval.p50_ms),
        ],
        band: Some((1, 2)),
        scenery: Some(scenery),
    }
}

fn points(intervals: &[Interval], of: fn(&Interval) -> f64) -> Vec<Point> {
    let mut points: Vec<Point> = Vec::with_capacity(intervals.len());
    let mut before: Option<f64> = None;
    for interval in intervals {
        if before.is_some_and(|before| interval.at_s - before > GAP_S) {
            points.push(Point::gap(interval.at_s - 0.5));
        }
        before = Some(interval.at_s);
        let x = interval.at_s + 0.5;
        points.push(if interval.acknowledged > 0 { Point::new(x, of(interval)) } else { Point::gap(x) });
    }
    points
}

#[cfg(test)]
mod tests {
    use super::super::super::sample;
    use super::*;

    #[test]
    fn there_is_a_gap_where_nothing_was_acknowledged() {
        let mut intervals = sample::run().loads[0].intervals.clone();
        intervals[1].acknowledged = 0;
        let points = points(&intervals, |interval| interval.p99_ms);
        let gaps: Vec<f64> = points.iter().filter(|point| point.y.is_none()).map(|point| point.x).collect();
        assert_eq!(gaps, [1.5, 33.5]);
        assert_eq!(points[0], Point::new(0.5, 12.0));
    }
}
