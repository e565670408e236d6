//! `--watch`: the same answer again and again, until Ctrl-C.
//!
//! On a terminal it is drawn anew in place; elsewhere each follows the one before, with `--json` as a line each. What fails
//! for a time, a node that died or has no quorum, is told of and asked again; a refusal ends it.

use std::io::{IsTerminal, Write};
use std::time::Duration;

use anyhow::Result;
use flotilla_admin::Client;
use jiff::Timestamp;
use ratatui::crossterm::terminal;
use serde::Serialize;
use tokio::time::MissedTickBehavior;

use crate::cli::WatchArguments;
use crate::exit::{UNAVAILABLE, code_of};
use crate::output::{Format, answer, print_while_read, printable};
use crate::signals::Signals;

/// To the first column of the first line; lines that are too long end at the margin.
const BEGIN: &str = "\x1b[H\x1b[?7l";
const END_OF_LINE: &str = "\x1b[K\r\n";
/// What is left of the picture before.
const END: &str = "\x1b[J\x1b[?7h";
const CLEAR: &str = "\x1b[2J";

/// Prints what `ask` answers: once, or again and again as `arguments` say.
pub(crate) async fn show<T: Serialize>(
    arguments: &WatchArguments,
    format: Format,
    client: &Client,
    ask: impl AsyncFn() -> Result<T>,
    text: impl Fn(&T) -> String,
) -> Result<()> {
    let Some(seconds) = arguments.watch else { return answer(format, &ask().await?, text) };
    let mut signals = Signals::new()?;
    let mut clock = tokio::time::interval(Duration::from_secs(seconds));
    clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut picture = Picture::new(format, seconds);
    loop {
        tokio::select! {
            () = signals.any() => return Ok(()),
            _ = clock.tick() => {}
        }
        let answered = tokio::select! {
            () = signals.any() => return Ok(()),
            answered = ask() => answered,
        };
        let goes_on = match answered {
            Ok(value) => picture.show(&value, &text, client.url())?,
            Err(error) if code_of(&error) == UNAVAILABLE => picture.say(&error)?,
            Err(error) => return Err(error),
        };
        if !goes_on {
            return Ok(());
        }
    }
}

/// What stands there now.
struct Picture {
    format: Format,
    seconds: u64,
    is_drawn: bool,
    /// What was answered last, and by whom.
    text: String,
    answered_by: Option<String>,
}

impl Picture {
    fn new(format: Format, seconds: u64) -> Self {
        let is_drawn = format == Format::Text && std::io::stdout().is_terminal();
        Self { format, seconds, is_drawn, text: String::new(), answered_by: None }
    }

    /// Whether anybody still reads.
    fn show<T: Serialize>(&mut self, value: &T, text: impl Fn(&T) -> String, url: &str) -> Result<bool> {
        let before = self.answered_by.replace(url.to_owned());
        if let Some(before) = before.filter(|before| before != url && !self.is_drawn) {
            complain(&format!("{before} does not answer; {url} does"));
        }
        if self.format == Format::Json {
            return print_while_read(&format!("{}\n", serde_json::to_string(value)?));
        }
        let is_first = self.text.is_empty();
        self.text = printable(&text(value));
        if !self.is_drawn {
            return print_while_read(&format!("{}\n{}\n\n", now(), self.text.trim_end()));
        }
        self.draw(&format!("{}, {url}", now()), is_first)
    }

    fn say(&mut self, error: &anyhow::Error) -> Result<bool> {
        if !self.is_drawn {
            complain(&format!("{error:#}"));
            return Ok(true);
        }
        let error = printable(&format!("{error:#}"));
        self.draw(&format!("{}: {error}", now()), self.text.is_empty())
    }

    fn draw(&self, heading: &str, is_first: bool) -> Result<bool> {
        // Without a size there is nothing to cut.
        let lines_max = terminal::size().map_or(usize::MAX, |(_, lines)| usize::from(lines));
        print_while_read(&drawn(heading, self.seconds, &self.text, lines_max, is_first))
    }
}

/// One picture: a heading, and as much of the text as there is room for.
fn drawn(heading: &str, seconds: u64, text: &str, lines_max: usize, is_first: bool) -> String {
    let mut picture = String::from(if is_first { CLEAR } else { "" });
    picture.push_str(BEGIN);
    let heading = format!("every {seconds} s, Ctrl-C ends it; {heading}");
    let lines: Vec<&str> = [heading.as_str(), ""].into_iter().chain(text.lines()).collect();
    let shown = lines.len().min(lines_max);
    for (index, line) in lines[..shown].iter().enumerate() {
        picture.push_str(line);
        // Behind the last line the terminal would scroll.
        picture.push_str(if index + 1 < shown { END_OF_LINE } else { "\x1b[K" });
    }
    if shown < lines_max {
        picture.push_str("\r\n");
    }
    picture.push_str(END);
    picture
}

fn now() -> String {
    Timestamp::now().strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

fn complain(text: &str) {
    // Nobody may be there to hear it: then it is not said.
    let _ = writeln!(std::io::stderr(), "flotilla: {text}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_fits_the_terminal_and_leaves_nothing_of_the_one_before() {
        let picture = drawn("now", 2, "a\nb\nc", 4, false);
        assert!(picture.starts_with(BEGIN) && picture.ends_with(END), "{picture:?}");
        assert_eq!(picture.matches(END_OF_LINE).count(), 3, "{picture:?}");
        assert!(picture.contains("b\x1b[K") && !picture.contains('c'), "{picture:?}");
        assert!(drawn("now", 2, "a", 24, true).starts_with(CLEAR));
    }
}
