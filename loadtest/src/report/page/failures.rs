//! When operations failed, if any did.

use super::super::run::{LoadRecord, Run};
use super::chart::{Across, Chart, Layout, Line, Point, Reduction, Unit, Up, figures, series_class};
use super::scenery::Scenery;
use super::section::Section;

pub(super) fn section(run: &Run, scenery: &Scenery) -> Option<Section> {
    let line = |(index, load): (usize, &LoadRecord)| Line {
        name: load.name.clone(),
        class: series_class(index),
        points: load.intervals.iter().map(|of| Point::new(of.at_s + 0.5, of.failed as f64)).collect(),
        // To the very end: what times out does so after the load.
        reduction: Reduction::Rate { until_s: scenery.span_s },
        has_end_label: false,
    };
    let has_failures = |load: &LoadRecord| load.intervals.iter().any(|interval| interval.failed > 0);
    let failing = run.loads.iter().enumerate().filter(|(_, load)| has_failures(load));
    let lines: Vec<Line> = failing.map(line).collect();
    if lines.is_empty() {
        return None;
    }
    let chart = Chart {
        id: "failures".to_owned(),
        title: "Refused or unknown".to_owned(),
        note: "operations a second",
        across: Across::Time { span_s: scenery.span_s },
        up: Up { unit: Unit::PerSecond, is_logarithmic: false },
        lines,
        band: None,
        scenery: Some(scenery),
    };
    Some(Section { id: "failures", title: "Failures", content: figures(&[chart], Layout::Alone) })
}
