//! What is behind the lines: warm-up and drain, and what was done to the cluster.

use std::fmt::Write;

use super::super::super::scenery::Scenery;
use super::super::super::text::text;
use super::super::curve::pixel;
use super::super::frame::{LANE_HEIGHT, TOP};
use super::super::labels::{BADGE_GAP, Label, badge_width};
use super::Drawing;

impl Drawing<'_> {
    /// Warm-up and drain.
    pub(super) fn phases(&self, svg: &mut String) {
        let Drawing { x, y, .. } = self;
        for phase in self.chart.scenery.map_or(&[][..], |scenery| &scenery.phases) {
            let (left, right) = (pixel(x.position(phase.from_s)), pixel(x.position(phase.until_s)));
            let (top, height) = (pixel(y.end), pixel(y.start - y.end));
            let _ = writeln!(
                svg,
                "<rect class=\"phase\" x=\"{left}\" y=\"{top}\" width=\"{}\" height=\"{height}\"/>",
                pixel(right - left)
            );
            if right - left > phase.name.len() as f64 * 6.0 + 8.0 {
                let _ = writeln!(
                    svg,
                    "<text class=\"phase-name\" x=\"{}\" y=\"{}\">{}</text>",
                    pixel(left.midpoint(right)),
                    pixel(y.end + 14.0),
                    phase.name
                );
            }
        }
    }

    pub(super) fn marks(&self, svg: &mut String) {
        let Some(Scenery { marks, .. }) = self.chart.scenery else { return };
        let Drawing { x, y, .. } = self;
        for (index, (mark, label)) in marks.iter().zip(&self.labels).enumerate() {
            let (at, bottom) = (pixel(x.position(mark.at_s)), pixel(y.start));
            let top = label.as_ref().map_or(y.end, |label| TOP + label.lane as f64 * LANE_HEIGHT + 8.0);
            let _ = write!(svg, "<g class=\"mark\"><title>{}: {}</title>", index + 1, text(&mark.text));
            if let Some(until) = mark.until_s.filter(|until| *until > mark.at_s) {
                let (width, height) = (pixel(x.position(until) - at), pixel(y.start - y.end));
                let _ = write!(
                    svg,
                    "<rect class=\"span\" x=\"{at}\" y=\"{}\" width=\"{width}\" height=\"{height}\"/>",
                    pixel(y.end)
                );
            }
            let _ = write!(svg, "<path class=\"moment\" d=\"M{at} {}V{bottom}\"/>", pixel(top));
            if let Some(label) = label {
                mark_label(svg, index + 1, label);
            }
            svg.push_str("</g>\n");
        }
    }
}

fn mark_label(svg: &mut String, number: usize, label: &Label) {
    let (badge, top) = (badge_width(number), TOP + label.lane as f64 * LANE_HEIGHT - 4.0);
    let left = pixel(if label.is_text_left { label.right - badge } else { label.left });
    let _ = write!(
        svg,
        "<rect class=\"badge\" x=\"{left}\" y=\"{top}\" width=\"{badge}\" height=\"16\" rx=\"4\"/>\
         <text class=\"number\" x=\"{}\" y=\"{}\">{number}</text>",
        pixel(left + badge / 2.0),
        top + 12.0
    );
    let Some(of) = &label.text else { return };
    let (class, at) =
        if label.is_text_left { ("label left", left - BADGE_GAP) } else { ("label", left + badge + BADGE_GAP) };
    let _ = write!(svg, "<text class=\"{class}\" x=\"{}\" y=\"{}\">{}</text>", pixel(at), top + 12.0, text(of));
}
