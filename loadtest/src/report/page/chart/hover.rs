//! What the script needs to show the values under the pointer.

use serde::Serialize;

use super::scale::Scale;
use super::{Across, Chart, Line, Point};

#[derive(Serialize)]
struct Hover {
    kind: &'static str,
    unit: &'static str,
    /// Between two points of a line over time; what is farther away has a gap between.
    #[serde(skip_serializing_if = "Option::is_none")]
    step: Option<f64>,
    x: Axis,
    y: Axis,
    lines: Vec<Values>,
}

/// Values and pixels of both ends.
#[derive(Serialize)]
struct Axis {
    from: f64,
    to: f64,
    start: f64,
    end: f64,
    log: bool,
}

#[derive(Serialize)]
struct Values {
    name: String,
    class: String,
    x: Vec<f64>,
    y: Vec<f64>,
}

/// JSON, not yet escaped.
pub(super) fn json(chart: &Chart<'_>, lines: &[(&Line, Vec<Point>)], width_s: f64, x: &Scale, y: &Scale) -> String {
    let values = |(line, points): &(&Line, Vec<Point>)| {
        let shown = points.iter().filter_map(|point| point.y.filter(|value| y.can_show(*value)).map(|y| (point.x, y)));
        let (x, y) = shown.map(|(x, y)| (rounded(x), rounded(y))).unzip();
        Values { name: line.name.clone(), class: line.class.clone(), x, y }
    };
    let (kind, step) = match chart.across {
        Across::Time { .. } => ("time", Some(width_s)),
        Across::Nines { .. } => ("nines", None),
    };
    let lines = lines.iter().map(values).collect();
    let hover = Hover { kind, unit: chart.up.unit.suffix(), step, x: axis(x), y: axis(y), lines };
    // Names and finite numbers can be encoded.
    serde_json::to_string(&hover).unwrap_or_default()
}

fn axis(scale: &Scale) -> Axis {
    let Scale { is_logarithmic, from, to, start, end } = *scale;
    Axis { from, to, start, end, log: is_logarithmic }
}

fn rounded(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}
