//! `flotilla route`

use anyhow::{Result, bail};
use flotilla_admin::api::{RouteChange, RouteView, StepChange, StepView};

use super::call;
use crate::cli::{CommandArguments, RouteCommand, WebhookArguments};
use crate::connection::{connect, read_line};
use crate::output::{Format, answer, table};

pub(super) async fn run(command: RouteCommand, format: Format) -> Result<()> {
    match command {
        RouteCommand::Show { connection, account } => {
            let route = call(connect(&connection)?.route(&account).await)?;
            answer(format, &route, text)
        }
        RouteCommand::Set { connection, account, steps, webhook, command } => {
            let options = Options {
                webhook_key: if webhook.webhook_key_stdin { Some(read_line("the webhook key")?) } else { None },
                webhook,
                command,
            };
            let steps = steps.iter().map(|step| parse(step, &options)).collect::<Result<Vec<_>>>()?;
            let done = call(connect(&connection)?.put_route(&account, &RouteChange { steps }, None).await)?;
            answer(format, &done, |_| format!("the route of {account} is set"))
        }
        RouteCommand::Remove { connection, account } => {
            let done = call(connect(&connection)?.delete_route(&account).await)?;
            answer(format, &done, |_| format!("{account} has no route now"))
        }
    }
}

/// What `--step` leaves out.
struct Options {
    webhook: WebhookArguments,
    webhook_key: Option<String>,
    command: CommandArguments,
}

/// `checksum`, `publish=ACCOUNT:FOLDER`, `webhook=URL`, `command=PROGRAM` or `log=TEXT`.
fn parse(step: &str, options: &Options) -> Result<StepChange> {
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
            timeout_ms: options.webhook.webhook_timeout,
            idempotent: options.webhook.webhook_idempotent,
        }),
        ("command", program) if !program.is_empty() => Ok(StepChange::Command {
            program: program.to_owned(),
            arguments: options.command.command_arguments.clone(),
            timeout_ms: options.command.command_timeout,
            idempotent: options.command.command_idempotent,
        }),
        ("log", message) if !message.is_empty() => Ok(StepChange::Log { message: message.to_owned() }),
        _ => bail!(
            "--step {step:?} is not understood: write checksum, publish=ACCOUNT:FOLDER, webhook=URL, command=PROGRAM or \
             log=TEXT"
        ),
    }
}

fn repeat(idempotent: bool) -> &'static str {
    if idempotent { "idempotent" } else { "not idempotent" }
}

fn text(route: &RouteView) -> String {
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
    table(["step", "kind", "detail"], route.steps.iter().enumerate().map(line))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_read() {
        let options = Options {
            webhook: WebhookArguments { webhook_key_stdin: false, webhook_timeout: 1, webhook_idempotent: false },
            webhook_key: None,
            command: CommandArguments {
                command_arguments: vec!["--deep".to_owned()],
                command_timeout: 2,
                command_idempotent: true,
            },
        };
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
