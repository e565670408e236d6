//! A chart with its title, its legend, and its drawings in all sizes.

use std::fmt::Write;

use super::super::text::text;
use super::draw::drawing;
use super::{Chart, Line, frame};

/// How the charts of a section share its width on a desk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Layout {
    /// Each has all of it, with room for what the marks say.
    Alone,
    /// Two side by side; one that has no neighbour is alone.
    Paired,
}

/// All charts of a section.
pub(in super::super) fn figures(charts: &[Chart<'_>], layout: Layout) -> String {
    let (class, frames) = match layout {
        Layout::Paired if charts.len() > 1 => ("paired", frame::PAIRED),
        _ => ("alone", frame::ALONE),
    };
    let mut html = format!("<div class=\"charts {class}\">\n");
    // Writing to a string does not fail.
    for chart in charts {
        let _ = write!(
            html,
            "<figure>\n<figcaption><div><h3>{}</h3><p>{}</p></div>{}</figcaption>\n<div class=\"plot\">\n",
            chart.title,
            chart.note,
            legend(&chart.lines)
        );
        frames.iter().for_each(|frame| html.push_str(&drawing(chart, frame)));
        html.push_str("</div>\n</figure>\n");
    }
    html.push_str("</div>\n");
    html
}

fn legend(lines: &[Line]) -> String {
    let mut html = "<ul class=\"legend\">".to_owned();
    for line in lines {
        let _ = write!(
            html,
            "<li><svg viewBox=\"0 0 22 10\" aria-hidden=\"true\"><path class=\"line {}\" d=\"M2 5H20\"/></svg>{}</li>",
            line.class,
            text(&line.name)
        );
    }
    html.push_str("</ul>");
    html
}
