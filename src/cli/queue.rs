//! `flotilla queue`: what can be asked of the event queue and done with it.

use std::time::Duration;

use clap::{Args, Subcommand};

use super::{ConnectionArguments, StepArguments, WatchArguments, exit_codes};

#[derive(Debug, Subcommand)]
pub(crate) enum QueueCommand {
    /// Show the queue in numbers.
    Stats {
        #[command(flatten)]
        connection: ConnectionArguments,
        #[command(flatten)]
        watch: WatchArguments,
    },
    /// Show events that have not ended, oldest first.
    List {
        #[command(flatten)]
        connection: ConnectionArguments,
        #[command(flatten)]
        watch: WatchArguments,
        #[command(flatten)]
        filter: FilterArguments,
        /// Number of rows.
        #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..=100_000))]
        limit: u64,
        /// Go on after a page: the cursor that it printed.
        #[arg(long)]
        cursor: Option<u64>,
    },
    /// Show one event with its steps, what they did, and its data.
    Show {
        #[command(flatten)]
        connection: ConnectionArguments,
        #[command(flatten)]
        watch: WatchArguments,
        id: u64,
    },
    /// Try dead or waiting events now, from their failed step or with another route.
    ///
    /// With --all: those of --state dead, unless it says otherwise.
    #[command(after_help = exit_codes::CHANGES)]
    Retry {
        #[command(flatten)]
        connection: ConnectionArguments,
        #[command(flatten)]
        selection: SelectionArguments,
        #[command(flatten)]
        steps: StepArguments,
    },
    /// End events that are not wanted any more: all but those whose step may have had an effect.
    #[command(after_help = exit_codes::CHANGES)]
    Cancel {
        #[command(flatten)]
        connection: ConnectionArguments,
        #[command(flatten)]
        selection: SelectionArguments,
    },
    /// Give dead, doubtful or waiting events up.
    ///
    /// With --all: those of --state dead, unless it says otherwise.
    #[command(after_help = exit_codes::CHANGES)]
    Discard {
        #[command(flatten)]
        connection: ConnectionArguments,
        #[command(flatten)]
        selection: SelectionArguments,
    },
    /// Answer for events that have a step whose outcome is unknown.
    #[command(after_help = exit_codes::CHANGES)]
    Resolve {
        #[command(flatten)]
        connection: ConnectionArguments,
        #[arg(required = true)]
        ids: Vec<u64>,
        #[command(flatten)]
        answer: AnswerArguments,
    },
    /// Show the lanes that have events or are paused, the deepest first.
    Lanes {
        #[command(flatten)]
        connection: ConnectionArguments,
        #[command(flatten)]
        watch: WatchArguments,
        /// All lanes, the empty ones too.
        #[arg(long)]
        all: bool,
        /// Number of rows. [default: 50; with --json all]
        #[arg(long)]
        limit: Option<usize>,
    },
    /// Show one lane.
    Lane {
        #[command(flatten)]
        connection: ConnectionArguments,
        #[command(flatten)]
        watch: WatchArguments,
        lane: String,
    },
    /// Give nothing of a lane to workers any more; what they have goes on.
    Pause {
        #[command(flatten)]
        connection: ConnectionArguments,
        lane: String,
    },
    /// Let a paused lane go on.
    Resume {
        #[command(flatten)]
        connection: ConnectionArguments,
        lane: String,
    },
    /// Set the share of a lane against the others that have something to do.
    Weight {
        #[command(flatten)]
        connection: ConnectionArguments,
        lane: String,
        /// 1 to 1000; a new lane has 1.
        #[arg(value_parser = clap::value_parser!(u32).range(1..=1000))]
        weight: u32,
    },
}

/// Which events; all that is given must hold.
#[derive(Debug, Args)]
pub(crate) struct FilterArguments {
    /// In one state: ready, waiting, blocked, leased, dead or outcome-unknown.
    #[arg(long)]
    pub(crate) state: Option<String>,
    /// Of one account.
    #[arg(long)]
    pub(crate) account: Option<String>,
    /// In one lane.
    #[arg(long)]
    pub(crate) lane: Option<String>,
    /// Of one kind, or of those with a beginning: 'order.*'.
    #[arg(long)]
    pub(crate) kind: Option<String>,
    /// Published longer ago than this: 90s, 15m, 2h, 7d.
    #[arg(long, value_name = "AGE", value_parser = parse_age)]
    pub(crate) older_than: Option<Duration>,
    /// Whose reason contains a text, in any case.
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: Option<String>,
}

/// Events by their ids, or all that match.
#[derive(Debug, Args)]
pub(crate) struct SelectionArguments {
    #[arg(required_unless_present = "all", conflicts_with_all = ["all", "FilterArguments"])]
    pub(crate) ids: Vec<u64>,
    /// All events that match: see the filters.
    #[arg(long)]
    pub(crate) all: bool,
    #[command(flatten)]
    pub(crate) filter: FilterArguments,
    /// At most so many of them, the oldest.
    #[arg(long, requires = "all", conflicts_with = "ids")]
    pub(crate) limit: Option<usize>,
    /// Only say how many there are.
    #[arg(long, requires = "all", conflicts_with = "ids")]
    pub(crate) dry_run: bool,
    /// Do not ask before; ids are never asked about.
    #[arg(long, short)]
    pub(crate) yes: bool,
}

/// A person's word on a step.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct AnswerArguments {
    /// The step has happened: go on behind it.
    #[arg(long)]
    pub(crate) happened: bool,
    /// It has not, or may happen twice: run it once more.
    #[arg(long)]
    pub(crate) do_it_again: bool,
}

fn parse_age(text: &str) -> Result<Duration, String> {
    let wrong = || "write a number and s, m, h or d, such as 15m".to_owned();
    let unit = text.chars().last().ok_or_else(wrong)?;
    let unit_s: u64 = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        'd' => 86_400,
        _ => return Err(wrong()),
    };
    let count: u64 = text[..text.len() - 1].parse().map_err(|_| wrong())?;
    count.checked_mul(unit_s).map(Duration::from_secs).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::{Cli, Command};

    fn queue(arguments: &[&str]) -> Result<QueueCommand, String> {
        let all = [&["flotilla", "queue"], arguments].concat();
        match Cli::try_parse_from(all).map_err(|error| error.to_string())?.command {
            Command::Queue(command) => Ok(command),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn ages() {
        for (text, seconds) in [("90s", 90), ("15m", 900), ("2h", 7200), ("7d", 604_800), ("0s", 0)] {
            assert_eq!(parse_age(text), Ok(Duration::from_secs(seconds)));
        }
        for text in ["", "s", "5", "-5m", "1w", "5ä", "99999999999999999999s", "9999999999999999999d"] {
            assert!(parse_age(text).is_err(), "{text:?} was taken");
        }
    }

    #[test]
    fn events_are_selected_by_ids_or_by_filters() {
        for taken in [
            &["retry", "1", "2"][..],
            &["retry", "--all", "--reason", "refused", "--yes"],
            &["retry", "--all", "--step", "webhook=http://127.0.0.1/"],
            &["discard", "--all", "--dry-run", "--older-than", "7d"],
            &["cancel", "--all", "--kind", "order.*", "--limit", "5"],
            &["resolve", "1", "2", "--happened"],
            &["resolve", "1", "--do-it-again"],
        ] {
            assert!(queue(taken).is_ok(), "{taken:?}: {:?}", queue(taken));
        }
        for refused in [
            &["retry"][..],
            &["retry", "1", "--all"],
            &["retry", "1", "--state", "dead"],
            &["retry", "--state", "dead"],
            &["cancel", "1", "--dry-run"],
            &["cancel", "1", "--limit", "5"],
            &["discard", "x"],
            &["resolve", "1"],
            &["resolve", "--happened"],
            &["resolve", "1", "--happened", "--do-it-again"],
            &["weight", "alice", "0"],
            &["pause"],
        ] {
            assert!(queue(refused).is_err(), "{refused:?} was taken");
        }
    }

    #[test]
    fn the_old_name_still_works() {
        let cli = Cli::try_parse_from(["flotilla", "events", "stats"]).unwrap();
        assert!(matches!(cli.command, Command::Queue(QueueCommand::Stats { .. })));
    }
}
