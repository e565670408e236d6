//! How many operations were acknowledged over time.

use super::super::run::{LoadRecord, Run};
use super::chart::{Across, Chart, Layout, Line, Point, Reduction, Unit, Up, figures, series_class};
use super::scenery::Scenery;
use super::section::Section;
use super::text::text;

/// A load whose peak is smaller than this part of another's would be a flat line beside it: it gets a chart of its own.
const FLAT: f64 = 0.04;

pub(super) fn section(run: &Run, scenery: &Scenery) -> Option<Section> {
    let groups = groups(run);
    let charts: Vec<Chart<'_>> =
        groups.iter().enumerate().map(|(index, group)| chart(run, scenery, index, group, groups.len())).collect();
    (!charts.is_empty()).then(|| Section {
        id: "throughput",
        title: "Throughput",
        content: figures(&charts, Layout::Alone),
    })
}

fn chart<'a>(run: &Run, scenery: &'a Scenery, index: usize, group: &[usize], groups: usize) -> Chart<'a> {
    let line = |load: &usize| {
        let record = &run.loads[*load];
        let points = record.intervals.iter().map(|of| Point::new(of.at_s + 0.5, of.acknowledged as f64));
        Line {
            name: record.name.clone(),
            class: series_class(*load),
            points: points.collect(),
            reduction: Reduction::Rate { until_s: run.duration_s },
            has_end_label: false,
        }
    };
    Chart {
        id: format!("throughput-{index}"),
        title: title(run, group, groups),
        note: "operations acknowledged a second",
        across: Across::Time { span_s: scenery.span_s },
        up: Up { unit: Unit::PerSecond, is_logarithmic: false },
        lines: group.iter().map(line).collect(),
        band: None,
        scenery: Some(scenery),
    }
}

/// The legend has all names: here they are only where they are few.
fn title(run: &Run, group: &[usize], groups: usize) -> String {
    match group {
        _ if groups == 1 => "All loads".to_owned(),
        [one] => text(&run.loads[*one].name).to_string(),
        [one, other] => format!("{} and {}", text(&run.loads[*one].name), text(&run.loads[*other].name)),
        several => format!("{} smaller loads", several.len()),
    }
}

/// Loads of similar size, largest first, by their indices; each group in the order of the run.
fn groups(run: &Run) -> Vec<Vec<usize>> {
    let peak =
        |load: &LoadRecord| load.intervals.iter().map(|interval| interval.acknowledged).max().unwrap_or(0) as f64;
    let mut by_peak: Vec<(usize, f64)> = run.loads.iter().map(peak).enumerate().collect();
    by_peak.sort_by(|(_, one), (_, other)| other.total_cmp(one));
    let mut groups: Vec<(f64, Vec<usize>)> = Vec::new();
    for (index, peak) in by_peak {
        match groups.last_mut() {
            // One without anything is flat everywhere.
            Some((highest, group)) if peak == 0.0 || peak >= *highest * FLAT => group.push(index),
            _ => groups.push((peak, vec![index])),
        }
    }
    groups
        .into_iter()
        .map(|(_, mut group)| {
            group.sort_unstable();
            group
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::super::sample;
    use super::*;

    #[test]
    fn a_small_load_has_a_chart_of_its_own() {
        let mut run = sample::run();
        assert_eq!(groups(&run), [vec![1], vec![0]], "100 a second beside 5,000");
        run.loads[0].intervals[3].acknowledged = 1_000;
        assert_eq!(groups(&run), [vec![0, 1]]);
        run.loads[0].intervals.clear();
        assert_eq!(groups(&run), [vec![0, 1]]);
        assert!(groups(&sample::empty()).is_empty());
    }
}
