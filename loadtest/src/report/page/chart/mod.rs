//! A line chart: what it shows is decided by those who make it, how it looks here.

mod curve;
mod draw;
mod figure;
mod frame;
mod hover;
mod labels;
mod reduce;
mod scale;
mod ticks;
mod unit;

use super::scenery::Scenery;

pub(super) use figure::{Layout, figures};
pub(super) use reduce::Reduction;
pub(super) use unit::Unit;

/// Colours that are told apart by everybody, on light and on dark; `style.css` has them. Beyond their number, lines are dashed.
const COLOURS: usize = 5;

pub(super) struct Chart<'a> {
    /// Of the page's elements: letters, digits and hyphens.
    pub(super) id: String,
    /// HTML.
    pub(super) title: String,
    pub(super) note: &'static str,
    pub(super) across: Across,
    pub(super) up: Up,
    pub(super) lines: Vec<Line>,
    /// Two lines, by their indices, between which there is a tint.
    pub(super) band: Option<(usize, usize)>,
    pub(super) scenery: Option<&'a Scenery>,
}

/// The horizontal axis.
#[derive(Clone, Copy)]
pub(super) enum Across {
    /// From 0; above 0.
    Time { span_s: f64 },
    /// Of percentiles: 2 is 99 %.
    Nines { to: f64 },
}

/// The vertical axis.
#[derive(Clone, Copy)]
pub(super) struct Up {
    pub(super) unit: Unit,
    pub(super) is_logarithmic: bool,
}

pub(super) struct Line {
    pub(super) name: String,
    /// Classes of `style.css`.
    pub(super) class: String,
    /// From left to right.
    pub(super) points: Vec<Point>,
    pub(super) reduction: Reduction,
    /// Whether the name stands at its right end, too.
    pub(super) has_end_label: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Point {
    pub(super) x: f64,
    /// None where there is a gap.
    pub(super) y: Option<f64>,
}

impl Point {
    pub(super) fn new(x: f64, y: f64) -> Self {
        Self { x, y: Some(y) }
    }

    pub(super) fn gap(x: f64) -> Self {
        Self { x, y: None }
    }
}

/// Of the load or node with this index: the same in all charts and tables.
pub(super) fn series_class(index: usize) -> String {
    let stroke = ["", " dashed", " dotted"][index / COLOURS % 3];
    format!("s{}{stroke}", index % COLOURS)
}
