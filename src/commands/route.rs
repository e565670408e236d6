//! `flotilla route`

use anyhow::{Result, bail, ensure};
use flotilla_admin::api::{DryRun, DryRunRequest, RouteChange, RouteView, StepChange, StepView};
use flotilla_model::{EventId, TransferId};

use super::call;
use crate::cli::{RouteCommand, StepArguments};
use crate::connection::{connect, read_line};
use crate::output::{Format, answer, table};

pub(super) async fn run(command: RouteCommand, format: Format) -> Result<()> {
    match command {
        RouteCommand::List { connection } => {
            let routes = call(connect(&connection)?.routes(None).await)?;
            answer(format, &routes, |routes| texts(routes))
        }
        RouteCommand::Show { connection, account, kind: None } => {
            let routes = call(connect(&connection)?.routes(Some(&account)).await)?;
            ensure!(!routes.is_empty(), "the account {account} has no routes");
            answer(format, &routes, |routes| texts(routes))
        }
        RouteCommand::Show { connection, account, kind } => {
            let route = call(connect(&connection)?.route(&account, kind.as_deref()).await)?;
            answer(format, &route, text)
        }
        RouteCommand::Set { connection, account, kind, lane, priority, steps } => {
            let steps = read_steps(&steps)?;
            let change = RouteChange { steps, lane, priority };
            let done = call(connect(&connection)?.put_route(&account, Some(&kind), &change, None).await)?;
            answer(format, &done, |_| format!("the route of {account} for {kind} is set"))
        }
        RouteCommand::DryRun { connection, account, transfer, event, steps } => {
            let steps = read_steps(&steps)?;
            let steps = Some(steps).filter(|steps| !steps.is_empty());
            let request = DryRunRequest { transfer: transfer.map(TransferId), event: event.map(EventId), steps };
            let found = call(connect(&connection)?.dry_run_route(&account, &request).await)?;
            answer(format, &found, rehearsal)
        }
        RouteCommand::Remove { connection, account, kind } => {
            let done = call(connect(&connection)?.delete_route(&account, Some(&kind)).await)?;
            answer(format, &done, |_| format!("{account} has no route for {kind} now"))
        }
    }
}

/// Steps as they stand on the command line; the key of webhooks is read from standard input.
pub(super) fn read_steps(arguments: &StepArguments) -> Result<Vec<StepChange>> {
    let webhook_key = if arguments.webhook_key_stdin { Some(read_line("the webhook key")?) } else { None };
    let options = Options { webhook_key, arguments };
    arguments.steps.iter().map(|step| parse(step, &options)).collect()
}

/// What `--step` leaves out.
struct Options<'a> {
    webhook_key: Option<String>,
    arguments: &'a StepArguments,
}

/// `checksum`, `publish=ACCOUNT:FOLDER`, `webhook=URL`, `command=PROGRAM` or `log=TEXT`.
fn parse(step: &str, options: &Options<'_>) -> Result<StepChange> {
    let (kind, rest) = step.split_once('=').unwrap_or((step, ""));
    match (kind, rest) {
        ("checksum", "") => Ok(StepChange::Checksum {}),
        ("publish", target) if !target.is_empty() => {
            let (account, folder) = target.split_once(':').unwrap_or((target, ""));
            Ok(StepChange::Publish { account: account.to_owned(), folder: folder.to_owned() })
        }
        ("webhook", url) if !url.is_empty() => Ok(StepChange::Webhook {
            url: url.to_owned(),
            key: options.webhook_key.clone(),
            keep_key: false,
            timeout_ms: options.arguments.webhook_timeout,
            idempotent: options.arguments.webhook_idempotent,
        }),
        ("command", program) if !program.is_empty() => Ok(StepChange::Command {
            program: program.to_owned(),
            arguments: options.arguments.command.command_arguments.clone(),
            timeout_ms: options.arguments.command.command_timeout,
            idempotent: options.arguments.command.command_idempotent,
        }),
        ("log", message) if !message.is_empty() => Ok(StepChange::Log { message: message.to_owned() }),
        _ => bail!(
            "--step {step:?} is not understood: write checksum, publish=ACCOUNT:FOLDER, webhook=URL, command=PROGRAM or \
             log=TEXT"
        ),
    }
}

fn rehearsal(found: &DryRun) -> String {
    let subject = found.path.as_deref().unwrap_or(&found.kind);
    let mut text = format!("{subject} of {}, {} bytes, in lane {}", found.account, found.size_bytes, found.lane);
    for step in &found.steps {
        text += &format!("\n{}. {}: {}", step.step + 1, step.kind, step.does);
        if let Some(sends) = &step.sends {
            text += &format!("\n   sends {sends}");
        }
        if let Some(problem) = &step.problem {
            text += &format!("\n   would fail: {problem}");
        }
    }
    text + "\nNothing was run."
}

fn texts(routes: &[RouteView]) -> String {
    routes.iter().map(text).collect::<Vec<_>>().join("\n\n")
}

fn repeat(idempotent: bool) -> &'static str {
    if idempotent { "idempotent" } else { "not idempotent" }
}

fn text(route: &RouteView) -> String {
    let lane = route.lane.as_deref().unwrap_or(&route.account);
    let priority = route.priority.map_or_else(|| "as usual".to_owned(), |priority| priority.to_string());
    format!("{} of {}, lane {lane}, priority {priority}\n{}", route.kind, route.account, steps_table(&route.steps))
}

pub(super) fn steps_table(steps: &[StepView]) -> String {
    let line = |(index, step): (usize, &StepView)| {
        let (kind, detail) = match step {
            StepView::Checksum => ("checksum", String::new()),
            StepView::Publish { account, folder } => ("publish", format!("to {account}, folder {folder:?}")),
            StepView::Webhook { url, has_key, timeout_ms, idempotent } => {
                let signed = if *has_key { "signed" } else { "not signed" };
                ("webhook", format!("{url}, {signed}, {timeout_ms} ms, {}", repeat(*idempotent)))
            }
            StepView::Command { program, arguments, timeout_ms, idempotent } => {
                let words = arguments.iter().fold(program.clone(), |words, argument| format!("{words} {argument:?}"));
                ("command", format!("{words}, {timeout_ms} ms, {}", repeat(*idempotent)))
            }
            StepView::Log { message } => ("log", message.clone()),
        };
        [(index + 1).to_string(), kind.to_owned(), detail]
    };
    table(["step", "kind", "detail"], steps.iter().enumerate().map(line))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        steps: StepArguments,
    }

    #[test]
    fn steps_are_read() {
        let line = ["route", "--step=command=scan.sh", "--command-argument=--deep", "--command-timeout=2"];
        let Line { steps } = Line::parse_from(line.into_iter().chain(["--command-idempotent"]));
        let options = Options { webhook_key: None, arguments: &steps };
        let parse = |step| parse(step, &options);
        assert_eq!(parse("checksum").unwrap(), StepChange::Checksum {});
        let publish = StepChange::Publish { account: "bob".to_owned(), folder: "in/a".to_owned() };
        assert_eq!(parse("publish=bob:in/a").unwrap(), publish);
        let (program, arguments) = ("scan.sh".to_owned(), vec!["--deep".to_owned()]);
        let command = StepChange::Command { program, arguments, timeout_ms: 2, idempotent: true };
        assert_eq!(parse("command=scan.sh").unwrap(), command);
        assert_eq!(parse("log=a=b").unwrap(), StepChange::Log { message: "a=b".to_owned() });
        for wrong in ["", "publish", "publish=", "webhook", "checksum=1", "copy=x", "command=", "log="] {
            assert!(parse(wrong).is_err(), "{wrong:?} was taken");
        }
    }
}
