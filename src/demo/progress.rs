//! What is being done, on standard error: a spinner on a terminal, lines elsewhere.

use std::io::IsTerminal;
use std::time::Duration;

use flotilla_local::Step;
use indicatif::{ProgressBar, ProgressStyle};

/// A line that says what is being done now, and how long all of it has taken.
pub(crate) struct Progress {
    bar: ProgressBar,
    is_terminal: bool,
}

impl Progress {
    pub(crate) fn new() -> Self {
        let is_terminal = std::io::stderr().is_terminal();
        let bar = if is_terminal { ProgressBar::new_spinner() } else { ProgressBar::hidden() };
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} ({elapsed})") {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(100));
        Self { bar, is_terminal }
    }

    #[expect(clippy::print_stderr, reason = "progress of a command, without a terminal to draw on")]
    pub(crate) fn say(&self, what: &str) {
        if self.is_terminal {
            self.bar.set_message(what.to_owned());
        } else {
            eprintln!("{what}");
        }
    }

    pub(crate) fn step(&self, step: &Step) {
        let text = match step {
            Step::Initialise { node } => {
                format!("node {node}: cluster secret, internal CA, cluster certificate, first administrator")
            }
            Step::Join { node } => {
                format!("node {node}: joins with a one-time token; CAs are exchanged, the servers list grows")
            }
            Step::Start { node } => format!("node {node}: starts"),
            Step::Ready { node } => format!("node {node}: waits until it is a member and serves"),
        };
        self.say(&text);
    }

    pub(crate) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}
