//! What each node used over time. A line has a gap while its node was down.

use super::super::run::{NodeRecord, Run, Sample};
use super::chart::{Across, Chart, Layout, Line, Point, Reduction, Unit, Up, figures, series_class};
use super::scenery::Scenery;
use super::section::Section;

/// What a chart shows of a sample.
struct Subject {
    id: &'static str,
    title: &'static str,
    note: &'static str,
    unit: Unit,
    reduction: Reduction,
    of: fn(&Sample) -> f64,
}

const SUBJECTS: [Subject; 4] = [
    Subject {
        id: "cpu",
        title: "Processor",
        note: "100 % keeps one processor busy",
        unit: Unit::Percent,
        reduction: Reduction::Mean,
        of: |sample| sample.cpu_percent,
    },
    Subject {
        id: "memory",
        title: "Resident memory",
        note: "MiB",
        unit: Unit::Mebibytes,
        reduction: Reduction::Maximum,
        of: |sample| sample.resident_mib,
    },
    Subject {
        id: "disk",
        title: "Written to disk",
        note: "MiB a second",
        unit: Unit::MebibytesPerSecond,
        reduction: Reduction::Mean,
        of: |sample| sample.disk_write_mib_s,
    },
    Subject {
        id: "network",
        title: "Network",
        note: "MiB a second, sent and received",
        unit: Unit::MebibytesPerSecond,
        reduction: Reduction::Mean,
        of: |sample| sample.network_mib_s,
    },
];

pub(super) fn section(run: &Run, scenery: &Scenery) -> Option<Section> {
    if run.nodes.iter().all(|node| node.samples.is_empty()) {
        return None;
    }
    let charts = SUBJECTS.map(|subject| Chart {
        id: subject.id.to_owned(),
        title: subject.title.to_owned(),
        note: subject.note,
        across: Across::Time { span_s: scenery.span_s },
        up: Up { unit: subject.unit, is_logarithmic: false },
        lines: run.nodes.iter().enumerate().map(|(index, node)| line(&subject, index, node)).collect(),
        band: None,
        scenery: Some(scenery),
    });
    Some(Section { id: "nodes", title: "Nodes", content: figures(&charts, Layout::Paired) })
}

fn line(subject: &Subject, index: usize, node: &NodeRecord) -> Line {
    let point = |sample: &Sample| {
        if sample.is_up { Point::new(sample.at_s, (subject.of)(sample)) } else { Point::gap(sample.at_s) }
    };
    Line {
        name: node.name.clone(),
        class: series_class(index),
        points: node.samples.iter().map(point).collect(),
        reduction: subject.reduction,
        has_end_label: false,
    }
}
