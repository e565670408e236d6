//! Axes, and the lines that lead from their labels through the chart.

use std::fmt::Write;

use super::super::super::super::units::moment;
use super::super::curve::pixel;
use super::super::frame::Frame;
use super::super::scale::Scale;
use super::super::{Across, Line, Point, ticks};
use super::Drawing;

impl Drawing<'_> {
    pub(super) fn grid(&self, svg: &mut String) {
        let Drawing { x, y, frame, .. } = self;
        let unit = self.chart.up.unit;
        for value in &self.ticks_up {
            let at = pixel(y.position(*value));
            let _ = writeln!(
                svg,
                "<path class=\"grid\" d=\"M{} {at}H{}\"/><text class=\"up\" x=\"{}\" y=\"{}\">{}</text>",
                x.start,
                x.end,
                x.start - 8.0,
                at + 4.0,
                unit.tick(*value)
            );
        }
        let ticks: Vec<(f64, String)> = match self.chart.across {
            Across::Time { span_s } => {
                ticks::times(span_s, frame.ticks_across).into_iter().map(|at| (at, moment(at, span_s))).collect()
            }
            Across::Nines { to } => (0..=to as u32).map(|nines| (f64::from(nines), percentile(nines))).collect(),
        };
        let bottom = pixel(y.start);
        let _ = writeln!(svg, "<path class=\"axis\" d=\"M{} {bottom}H{}\"/>", x.start, x.end);
        for (value, label) in ticks {
            let at = pixel(x.position(value));
            let _ = writeln!(
                svg,
                "<path class=\"axis\" d=\"M{at} {bottom}v4\"/><text class=\"across\" x=\"{at}\" y=\"{}\">{label}</text>",
                bottom + 18.0
            );
        }
    }
}

/// The vertical scale, and its ticks.
pub(super) fn vertical(
    is_logarithmic: bool,
    lines: &[(&Line, Vec<Point>)],
    top: f64,
    frame: &Frame,
) -> (Scale, Vec<f64>) {
    let values = lines.iter().flat_map(|(_, points)| points).filter_map(|point| point.y);
    let values = values.filter(|value| value.is_finite() && (!is_logarithmic || *value > 0.0));
    let (low, high) =
        values.fold((f64::INFINITY, 0.0), |(low, high): (f64, f64), value| (low.min(value), high.max(value)));
    let (from, to, ticks) = if is_logarithmic {
        let (low, high) = if high > 0.0 { (low, high) } else { (1.0, 10.0) };
        let (from, to) = ticks::logarithmic_ends(low, high);
        (from, to, ticks::logarithmic(from, to, frame.ticks_up))
    } else {
        let ticks = ticks::linear(high, frame.ticks_up);
        (0.0, ticks.last().copied().unwrap_or(1.0), ticks)
    };
    (Scale { is_logarithmic, from, to, start: top + frame.plot_height, end: top }, ticks)
}

/// Of so many nines: `0 %`, `90 %`, `99.9 %`.
fn percentile(nines: u32) -> String {
    match nines {
        0 => "0 %".to_owned(),
        1 => "90 %".to_owned(),
        2 => "99 %".to_owned(),
        _ => format!("99.{} %", "9".repeat(nines as usize - 2)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_named() {
        assert_eq!([0, 1, 2, 3, 5].map(percentile), ["0 %", "90 %", "99 %", "99.9 %", "99.999 %"]);
    }
}
