//! Gathers figures, and shows each when it is there.

use anyhow::Result;

use crate::statistics::Figure;
use crate::terminal;

#[derive(Default)]
pub(crate) struct Collector {
    figures: Vec<Figure>,
}

impl Collector {
    #[expect(clippy::print_stderr, reason = "live progress of a command")]
    pub(crate) fn add(&mut self, figure: Figure) {
        eprintln!("{}", figure.line());
        self.figures.push(figure);
    }

    /// Adds one figure of a list of runs: what `value` takes of each.
    pub(crate) fn add_of<R>(&mut self, name: impl Into<String>, unit: &str, runs: &[R], value: impl Fn(&R) -> f64) {
        self.add(Figure::of(name, unit, runs.iter().map(value).collect()));
    }

    pub(crate) fn print_json(&self) -> Result<()> {
        terminal::print(&format!("{}\n", serde_json::to_string_pretty(&self.figures)?))
    }
}

/// Says what is being done.
#[expect(clippy::print_stderr, reason = "live progress of a command")]
pub(crate) fn progress(text: impl AsRef<str>) {
    eprintln!("… {}", text.as_ref());
}
