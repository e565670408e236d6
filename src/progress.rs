//! What is being done, on standard error: a spinner on a terminal, lines elsewhere.

use std::io::IsTerminal;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// A line that says what is being done now, and how long all of it has taken.
pub(crate) struct Progress {
    bar: ProgressBar,
    has_lines: bool,
}

impl Progress {
    /// Lines where there is no terminal: each new one tells something.
    pub(crate) fn new() -> Self {
        Self::made(!std::io::stderr().is_terminal())
    }

    /// Nothing where there is no terminal: what is said is a number that rises.
    pub(crate) fn on_terminal() -> Self {
        Self::made(false)
    }

    fn made(has_lines: bool) -> Self {
        let bar = if std::io::stderr().is_terminal() { ProgressBar::new_spinner() } else { ProgressBar::hidden() };
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} ({elapsed})") {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(100));
        Self { bar, has_lines }
    }

    #[expect(clippy::print_stderr, reason = "progress of a command, without a terminal to draw on")]
    pub(crate) fn say(&self, what: &str) {
        if self.has_lines {
            eprintln!("{what}");
        } else {
            self.bar.set_message(what.to_owned());
        }
    }

    pub(crate) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

impl Drop for Progress {
    /// Also when the work failed: what comes next begins in an empty line.
    fn drop(&mut self) {
        self.finish();
    }
}
