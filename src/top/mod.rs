//! `flotilla top`: a cluster, live, in a terminal.
//!
//! [`collect`] asks, [`app`] holds what is known and decides what a key does, [`view`] draws it. Nothing here changes anything
//! in the cluster.

mod alerts;
mod app;
mod collect;
mod keys;
mod picture;
mod rates;
mod sort;
mod view;

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use tokio::sync::mpsc;

use crate::cli::TopArguments;
use crate::connection::access;
use crate::exit::{USAGE, coded};
use crate::output::Format;
use crate::signals::Signals;
use app::{App, Next};

/// How old the picture is shows in seconds.
const REDRAW_EVERY: Duration = Duration::from_secs(1);
/// Rounds that may wait to be drawn; one is drawn far faster than the next is asked for.
const REPORTS_MAX: usize = 4;
/// Keys that may wait.
const KEYS_MAX: usize = 64;

pub(crate) async fn run(arguments: &TopArguments, format: Format) -> Result<()> {
    if format == Format::Json {
        return Err(coded(USAGE, "top draws and has no JSON: use 'flotilla --json status --watch'"));
    }
    if !std::io::stdin().is_terminal() || !std::io::stdout().is_terminal() {
        return Err(coded(USAGE, "top needs a terminal, and there is none: use 'flotilla status --watch'"));
    }
    let access = access(&arguments.connection)?;
    let mut signals = Signals::new()?;
    let (reporter, mut reports) = mpsc::channel(REPORTS_MAX);
    let (presser, mut keys) = mpsc::channel(KEYS_MAX);
    let mut app = App::new(access.name.clone(), Instant::now());
    let collecting = tokio::spawn(collect::run(access, Duration::from_secs(arguments.every), reporter));
    let mut terminal = ratatui::try_init().context("the terminal cannot be drawn on")?;
    // Ends when nobody waits for keys any more.
    let reading = std::thread::Builder::new().name("keys".to_owned()).spawn(move || keys::read(&presser));
    let mut clock = tokio::time::interval(REDRAW_EVERY);
    let result = loop {
        if let Err(error) = terminal.draw(|frame| view::draw(frame, &app, Instant::now())) {
            break Err(error).context("the terminal is gone");
        }
        let next = tokio::select! {
            () = signals.any() => Next::End,
            _ = clock.tick() => Next::GoOn,
            key = keys.recv() => key.map_or(Next::End, |key| app.press(key)),
            report = reports.recv() => match report {
                Some(report) => app.take(report, Instant::now()),
                None => break Err(anyhow::anyhow!("nobody asks the cluster any more")),
            },
        };
        if next == Next::End {
            break Ok(());
        }
    };
    ratatui::try_restore().context("the terminal cannot be put back")?;
    collecting.abort();
    drop(keys);
    reading.context("the keys cannot be read")?;
    result
}
