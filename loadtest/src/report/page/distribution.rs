//! Which share of the operations was answered within which time. The axis gives each further nine the same room, since the
//! tail is where loads differ.

use super::super::run::{LoadRecord, Quantile, Run};
use super::chart::{Across, Chart, Layout, Line, Point, Reduction, Unit, Up, figures, series_class};
use super::section::Section;

/// Beyond 99.9999 % no run has enough operations.
const NINES: f64 = 6.0;

pub(super) fn section(run: &Run) -> Option<Section> {
    let loads = run.loads.iter().enumerate().filter(|(_, load)| !load.distribution.is_empty());
    let shown: Vec<(usize, &LoadRecord)> = loads.collect();
    let quantiles = shown.iter().flat_map(|(_, load)| &load.distribution).map(|point| point.quantile);
    let to = quantiles.filter_map(nines).fold(2.0, f64::max).ceil().min(NINES);
    let lines: Vec<Line> = shown.into_iter().map(|(index, load)| line(index, load, to)).collect();
    if lines.is_empty() {
        return None;
    }
    let chart = Chart {
        id: "distribution".to_owned(),
        title: "Percentiles".to_owned(),
        note: "latency that a share of the operations did not exceed, logarithmic",
        across: Across::Nines { to },
        up: Up { unit: Unit::Milliseconds, is_logarithmic: true },
        lines,
        band: None,
        scenery: None,
    };
    Some(Section { id: "distribution", title: "Latency distribution", content: figures(&[chart], Layout::Alone) })
}

/// The largest latency is a dot at the right end: no axis has room for infinitely many nines.
fn line(index: usize, load: &LoadRecord, to: f64) -> Line {
    let point = |of: &Quantile| match nines(of.quantile) {
        Some(nines) => vec![Point::new(nines.min(to), of.latency_ms)],
        None => vec![Point::gap(to), Point::new(to, of.latency_ms)],
    };
    Line {
        name: load.name.clone(),
        class: series_class(index),
        points: load.distribution.iter().flat_map(point).collect(),
        reduction: Reduction::AsIs,
        has_end_label: false,
    }
}

/// 0 for none, 1 for 0.9, 2 for 0.99; none for all of them.
fn nines(quantile: f64) -> Option<f64> {
    // `max` makes a negative zero positive.
    (quantile < 1.0).then(|| (-(1.0 - quantile.max(0.0)).log10()).max(0.0))
}

#[cfg(test)]
mod tests {
    use super::super::super::sample;
    use super::*;

    #[test]
    fn each_nine_has_the_same_room() {
        let run = sample::run();
        let line = line(0, &run.loads[0], 3.0);
        let xs: Vec<f64> = line.points.iter().map(|point| (point.x * 1e6).round() / 1e6).collect();
        assert_eq!(xs[1..], [1.0, 2.0, 3.0, 3.0, 3.0]);
        assert_eq!(line.points[4..], [Point::gap(3.0), Point::new(3.0, 3_210.0)]);
        assert_eq!(nines(0.0), Some(0.0));
        assert_eq!(nines(1.0), None);
        assert!(section(&sample::empty()).is_none());
    }
}
