//! One drawing of a chart.

mod axes;
mod backdrop;

use std::fmt::Write;

use super::super::super::units::duration;
use super::super::text::text;
use super::curve::{alone, band, line, pixel};
use super::frame::{BOTTOM, Frame, LANE_HEIGHT, LEFT, RIGHT, RIGHT_WITH_LABELS, TOP};
use super::labels::{Label, place, spread};
use super::reduce::{reduced, width_s};
use super::scale::Scale;
use super::{Across, Chart, Line, Point, hover};
use axes::vertical;

/// A point of a line for this many pixels.
const PIXELS_A_POINT: f64 = 2.0;

/// What is drawn, where.
struct Drawing<'a> {
    chart: &'a Chart<'a>,
    frame: &'a Frame,
    lines: Vec<(&'a Line, Vec<Point>)>,
    /// Seconds that one point stands for.
    width_s: f64,
    labels: Vec<Option<Label>>,
    x: Scale,
    y: Scale,
    ticks_up: Vec<f64>,
}

/// An `svg` element.
pub(super) fn drawing(chart: &Chart<'_>, frame: &Frame) -> String {
    let drawing = Drawing::of(chart, frame);
    let Drawing { x, y, .. } = &drawing;
    let (id, height) = (format!("{}-{}", chart.id, frame.name), pixel(y.start + BOTTOM));
    let mut svg = format!(
        "<svg class=\"chart {name}\" viewBox=\"0 0 {width} {height}\" role=\"img\" \
         aria-labelledby=\"{id}-title {id}-description\" data-hover=\"{hover}\">\n<title id=\"{id}-title\">{title}: {note}\
         </title>\n<desc id=\"{id}-description\">{description}</desc>\n",
        name = frame.name,
        width = frame.width,
        hover = text(&hover::json(chart, &drawing.lines, drawing.width_s, x, y)),
        title = chart.title,
        note = chart.note,
        description = text(&drawing.description()),
    );
    drawing.phases(&mut svg);
    drawing.grid(&mut svg);
    drawing.marks(&mut svg);
    drawing.curves(&mut svg);
    drawing.end_labels(&mut svg);
    svg.push_str("</svg>\n");
    svg
}

impl<'a> Drawing<'a> {
    fn of(chart: &'a Chart<'a>, frame: &'a Frame) -> Self {
        let needs_room =
            chart.lines.iter().any(|line| line.has_end_label) || matches!(chart.across, Across::Nines { .. });
        let right = frame.width - if needs_room { RIGHT_WITH_LABELS } else { RIGHT };
        let (from, to) = match chart.across {
            Across::Time { span_s } => (0.0, span_s),
            Across::Nines { to } => (0.0, to),
        };
        let x = Scale { is_logarithmic: false, from, to, start: LEFT, end: right };
        let marks = chart.scenery.map_or(&[][..], |scenery| &scenery.marks);
        let texts =
            marks.iter().map(|mark| (x.position(mark.at_s), frame.has_mark_texts.then_some(mark.text.as_str())));
        let labels = place(&texts.collect::<Vec<_>>(), frame.width - RIGHT, frame.lanes);
        let lanes = labels.iter().flatten().map(|label| label.lane + 1).max().unwrap_or(0);
        let top = TOP + lanes as f64 * LANE_HEIGHT;
        let width_s = width_s(to, (right - LEFT) / PIXELS_A_POINT);
        let points = |line: &'a Line| (line, reduced(&line.points, line.reduction, width_s, to));
        let lines: Vec<_> = chart.lines.iter().map(points).collect();
        let (y, ticks_up) = vertical(chart.up.is_logarithmic, &lines, top, frame);
        Self { chart, frame, lines, width_s, labels, x, y, ticks_up }
    }

    /// For those who do not see it.
    fn description(&self) -> String {
        let unit = self.chart.up.unit;
        let mut description = match self.chart.across {
            Across::Time { span_s } => {
                format!("Lines over {}, a point for {}.", duration(span_s), duration(self.width_s))
            }
            Across::Nines { .. } => "Lines over percentiles.".to_owned(),
        };
        for (line, points) in &self.lines {
            let values = points.iter().filter_map(|point| point.y).filter(|value| value.is_finite());
            let (low, high) =
                values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)));
            let range =
                if low > high { "nothing".to_owned() } else { format!("{} to {}", unit.value(low), unit.value(high)) };
            let _ = write!(description, " {}: {range}.", line.name);
        }
        description
    }

    fn curves(&self, svg: &mut String) {
        let Drawing { x, y, lines, .. } = self;
        if let Some((upper, lower)) = self.chart.band {
            let ((line, upper), (_, lower)) = (&lines[upper], &lines[lower]);
            let _ = writeln!(svg, "<path class=\"band {}\" d=\"{}\"/>", line.class, band(upper, lower, x, y));
        }
        for (of, points) in lines {
            let _ = writeln!(svg, "<path class=\"line {}\" d=\"{}\"/>", of.class, line(points, x, y));
            for (x, y) in alone(points, x, y) {
                let _ = writeln!(svg, "<circle class=\"alone {}\" cx=\"{x}\" cy=\"{y}\" r=\"2.5\"/>", of.class);
            }
        }
    }

    /// At the last point of each line that wants it.
    fn end_labels(&self, svg: &mut String) {
        let Drawing { x, y, .. } = self;
        let last = |points: &[Point]| points.iter().rev().find_map(|point| point.y.filter(|value| y.can_show(*value)));
        let ends: Vec<(&Line, f64)> = self
            .lines
            .iter()
            .filter(|(line, _)| line.has_end_label)
            .filter_map(|(line, points)| last(points).map(|value| (*line, y.position(value))))
            .collect();
        let heights: Vec<f64> = ends.iter().map(|(_, height)| *height).collect();
        for ((line, _), height) in ends.iter().zip(spread(&heights, 13.0, y.start)) {
            let _ = writeln!(
                svg,
                "<text class=\"end\" x=\"{}\" y=\"{}\">{}</text>",
                x.end + 6.0,
                pixel(height + 4.0),
                text(&line.name)
            );
        }
    }
}

#[cfg(test)]
mod tests;
