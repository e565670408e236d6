//! `flotilla queue retry`, `cancel`, `discard`, `resolve`: events by their ids, or all that match.
//!
//! What was counted and agreed to is what changes: the ids are gathered first, an event that comes to match later is left.

use std::io::IsTerminal;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use flotilla_admin::api::{CHANGED_EVENTS_MAX, EventsChanged, RefusedEvent, Resolution, StepChange};
use flotilla_admin::{Client, ClientError};
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

use super::{call, select};
use crate::cli::SelectionArguments;
use crate::exit::{CHECK_FAILED, USAGE, coded};
use crate::output::{Format, answer};

/// Refusals that are shown in text; `--json` gives all.
const REFUSED_SHOWN: usize = 20;

pub(super) enum Operation {
    Retry { steps: Option<Vec<StepChange>> },
    Cancel,
    Discard,
    Resolve(Resolution),
}

/// What became of all of them.
#[derive(Debug, Default, Serialize)]
struct Changes {
    /// Events that were meant.
    selected: u64,
    changed: u64,
    refused: Vec<RefusedEvent>,
    #[serde(skip_serializing_if = "Option::is_none")]
    log_index: Option<u64>,
    is_dry_run: bool,
}

impl Operation {
    async fn request(&self, client: &Client, ids: &[u64]) -> Result<EventsChanged, ClientError> {
        match self {
            Self::Retry { steps } => client.retry_events(ids, steps.clone()).await,
            Self::Cancel => client.cancel_events(ids).await,
            Self::Discard => client.discard_events(ids).await,
            Self::Resolve(answer) => client.resolve_events(ids, *answer).await,
        }
    }

    /// What these are for when nobody says otherwise: the dead letters.
    fn usual_state(&self) -> Option<String> {
        match self {
            Self::Retry { .. } | Self::Discard => Some("dead".to_owned()),
            Self::Cancel | Self::Resolve(_) => None,
        }
    }

    fn in_words(&self) -> &'static str {
        match self {
            Self::Retry { .. } => "tried again",
            Self::Cancel => "cancelled",
            Self::Discard => "given up",
            Self::Resolve(_) => "let go on",
        }
    }
}

pub(super) async fn run(
    client: &Client,
    operation: Operation,
    selection: &SelectionArguments,
    format: Format,
) -> Result<()> {
    if !selection.all {
        return change(client, &operation, &selection.ids, format).await;
    }
    let mut query = select::query(&selection.filter);
    query.state = query.state.or_else(|| operation.usual_state());
    let progress = spinner();
    let say = |count| progress.set_message(format!("{count} events found"));
    let found = select::ids(client, query, selection.limit.unwrap_or(usize::MAX), say).await;
    progress.finish_and_clear();
    let ids = found?;
    if selection.dry_run {
        let changes = Changes { selected: ids.len() as u64, is_dry_run: true, ..Changes::default() };
        let text = |_: &Changes| format!("{} events would be {}", ids.len(), operation.in_words());
        return answer(format, &changes, text);
    }
    if !ids.is_empty() && !selection.yes {
        confirm(&format!("{} events would be {}. Go on?", ids.len(), operation.in_words()))?;
    }
    change(client, &operation, &ids, format).await
}

/// Changes events in as many requests as it takes, prints what became of them, and fails if one was refused.
pub(super) async fn change(client: &Client, operation: &Operation, ids: &[u64], format: Format) -> Result<()> {
    let mut changes = Changes { selected: ids.len() as u64, ..Changes::default() };
    let progress = bar(ids.len());
    for part in ids.chunks(CHANGED_EVENTS_MAX) {
        let changed = call(operation.request(client, part).await);
        let changed = changed.with_context(|| stopped(&changes))?;
        changes.changed += changed.changed;
        changes.refused.extend(changed.refused);
        changes.log_index = Some(changed.log_index);
        progress.inc(part.len() as u64);
    }
    progress.finish_and_clear();
    answer(format, &changes, |changes| text(changes, operation))?;
    let refused = changes.refused.len();
    if refused == 0 { Ok(()) } else { Err(coded(CHECK_FAILED, format!("{refused} of {} were refused", ids.len()))) }
}

fn stopped(changes: &Changes) -> String {
    match changes.changed {
        0 => "nothing is known to be changed".to_owned(),
        changed => format!("after {changed} of {} events", changes.selected),
    }
}

fn text(changes: &Changes, operation: &Operation) -> String {
    let mut lines = Vec::new();
    match changes.changed {
        0 if !changes.refused.is_empty() => {}
        1 => lines.push(format!("1 event is {}", operation.in_words())),
        count => lines.push(format!("{count} events are {}", operation.in_words())),
    }
    lines.extend(changes.refused.iter().take(REFUSED_SHOWN).map(|one| format!("refused: {}", one.detail)));
    let more = changes.refused.len().saturating_sub(REFUSED_SHOWN);
    if more > 0 {
        lines.push(format!("and {more} more"));
    }
    lines.join("\n")
}

#[expect(clippy::print_stderr, reason = "a question to a person at a terminal")]
fn confirm(question: &str) -> Result<()> {
    if !std::io::stdin().is_terminal() {
        return Err(coded(USAGE, format!("{question} There is no terminal to answer on: repeat with --yes")));
    }
    eprint!("{question} [y/N] ");
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).context("cannot read the answer")?;
    ensure!(matches!(line.trim(), "y" | "Y" | "yes"), "nothing is changed");
    Ok(())
}

/// On a terminal only: `indicatif` draws nothing elsewhere.
fn spinner() -> ProgressBar {
    let bar = ProgressBar::new_spinner();
    bar.enable_steady_tick(Duration::from_millis(100));
    bar
}

fn bar(count: usize) -> ProgressBar {
    // One request needs none.
    if count <= CHANGED_EVENTS_MAX {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(count as u64);
    if let Ok(style) = ProgressStyle::with_template("{wide_bar} {pos} of {len} events ({eta} left)") {
        bar.set_style(style);
    }
    bar
}
