//! What stands behind the lines of every chart over time: warm-up, drain, and what was done to the cluster.

use super::super::run::{Mark, Run};

pub(super) struct Scenery {
    /// Of the time axis, the same in all charts so that they can be read one below the other. Above 0.
    pub(super) span_s: f64,
    /// Whose operations are in no total.
    pub(super) phases: Vec<Phase>,
    /// The first is number 1. All are within the axis.
    pub(super) marks: Vec<Mark>,
}

pub(super) struct Phase {
    pub(super) name: &'static str,
    pub(super) from_s: f64,
    pub(super) until_s: f64,
}

impl Scenery {
    pub(super) fn of(run: &Run) -> Self {
        let span = run.span_s();
        let span_s = if span > 0.0 { span } else { 1.0 };
        let warm_up = Phase { name: "warm-up", from_s: 0.0, until_s: run.warm_up_s };
        let drain =
            run.drain_s.map(|drain| Phase { name: "drain", from_s: run.duration_s, until_s: run.duration_s + drain });
        let lasts = |phase: &Phase| phase.until_s > phase.from_s && phase.until_s <= span_s;
        // One of before the first operation stands at the beginning: all stay, since they are numbered.
        let shown = |at: f64| if at.is_finite() { at.clamp(0.0, span_s) } else { 0.0 };
        let mark =
            |mark: &Mark| Mark { at_s: shown(mark.at_s), until_s: mark.until_s.map(shown), text: mark.text.clone() };
        Self {
            span_s,
            phases: [Some(warm_up), drain].into_iter().flatten().filter(lasts).collect(),
            marks: run.marks.iter().map(mark).collect(),
        }
    }
}
