//! The sizes in which each chart is drawn. Text in an SVG shrinks with it: a chart that fits a desk is not legible on a phone.
//! The page shows the one that fits.

/// In pixels of the drawing.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame {
    /// Class of `style.css`, by which one is shown.
    pub(super) name: &'static str,
    pub(super) width: f64,
    /// Of the part with the lines.
    pub(super) plot_height: f64,
    /// Whether marks have their texts, or their numbers only.
    pub(super) has_mark_texts: bool,
    /// Of labels of marks, one above the other.
    pub(super) lanes: usize,
    /// Room for this many labels on the axes.
    pub(super) ticks_across: usize,
    pub(super) ticks_up: usize,
}

const WIDE: Frame = Frame {
    name: "wide",
    width: 1120.0,
    plot_height: 240.0,
    has_mark_texts: true,
    lanes: 3,
    ticks_across: 12,
    ticks_up: 5,
};

const HALF: Frame = Frame {
    name: "half",
    width: 536.0,
    plot_height: 190.0,
    has_mark_texts: false,
    lanes: 2,
    ticks_across: 7,
    ticks_up: 5,
};

const NARROW: Frame = Frame {
    name: "narrow",
    width: 344.0,
    plot_height: 170.0,
    has_mark_texts: false,
    lanes: 2,
    ticks_across: 4,
    ticks_up: 5,
};

/// Of a chart that has the page's whole width on a desk.
pub(super) const ALONE: &[Frame] = &[WIDE, HALF, NARROW];
/// Of one with a neighbour.
pub(super) const PAIRED: &[Frame] = &[HALF, NARROW];

/// What surrounds the lines, in pixels.
pub(super) const LEFT: f64 = 52.0;
pub(super) const RIGHT: f64 = 12.0;
/// Instead, where lines have their names at their ends, or the last label of the axis is long.
pub(super) const RIGHT_WITH_LABELS: f64 = 36.0;
pub(super) const BOTTOM: f64 = 26.0;
pub(super) const TOP: f64 = 8.0;
pub(super) const LANE_HEIGHT: f64 = 20.0;
