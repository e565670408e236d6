//! `flotilla route`

use anyhow::{Result, bail, ensure};
use flotilla_admin::api::{RouteChange, RouteView, StepChange, StepView};

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
        RouteCommand::Remove { connection, account, kind } => {
            let done = call(connect(&connection)?.delete_route(&account, Some(&kind)).await)?;
            answer(format, &done, |_| format!("{account} has no route for {kind} now"))
        }
    }
}

/// Steps as they stand on the command line; the key of webhooks is read from standard input.
pub(super) fn read_steps(arguments: &StepArguments) -> Result<Vec<StepChange>> {
    let webhook = Webhook {
        key: if arguments.webhook_key_stdin { Some(read_line("the webhook key")?) } else { None },
        timeout_ms: arguments.webhook_timeout,
        idempotent: arguments.webhook_idempotent,
    };
    arguments.steps.iter().map(|step| parse(step, &webhook)).collect()
}

struct Webhook {
    key: Option<String>,
    timeout_ms: u64,
    idempotent: bool,
}

/// `checksum`, `publish=ACCOUNT:FOLDER` or `webhook=URL`.
fn parse(step: &str, webhook: &Webhook) -> Result<StepChange> {
    let (kind, rest) = step.split_once('=').unwrap_or((step, ""));
    match (kind, rest) {
        ("checksum", "") => Ok(StepChange::Checksum {}),
        ("publish", target) if !target.is_empty() => {
            let (account, folder) = target.split_once(':').unwrap_or((target, ""));
            Ok(StepChange::Publish { account: account.to_owned(), folder: folder.to_owned() })
        }
        ("webhook", url) if !url.is_empty() => Ok(StepChange::Webhook {
            url: url.to_owned(),
            key: webhook.key.clone(),
            timeout_ms: webhook.timeout_ms,
            idempotent: webhook.idempotent,
        }),
        _ => bail!("--step {step:?} is not understood: write checksum, publish=ACCOUNT:FOLDER or webhook=URL"),
    }
}

fn texts(routes: &[RouteView]) -> String {
    routes.iter().map(text).collect::<Vec<_>>().join("\n\n")
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
                let repeat = if *idempotent { "idempotent" } else { "not idempotent" };
                ("webhook", format!("{url}, {signed}, {timeout_ms} ms, {repeat}"))
            }
        };
        [(index + 1).to_string(), kind.to_owned(), detail]
    };
    table(["step", "kind", "detail"], steps.iter().enumerate().map(line))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_read() {
        let webhook = Webhook { key: None, timeout_ms: 1, idempotent: false };
        assert_eq!(parse("checksum", &webhook).unwrap(), StepChange::Checksum {});
        let publish = StepChange::Publish { account: "bob".to_owned(), folder: "in/a".to_owned() };
        assert_eq!(parse("publish=bob:in/a", &webhook).unwrap(), publish);
        for wrong in ["", "publish", "publish=", "webhook", "checksum=1", "copy=x"] {
            assert!(parse(wrong, &webhook).is_err(), "{wrong:?} was taken");
        }
    }
}
