//! `flotilla route`

use anyhow::{Result, bail};
use flotilla_admin::api::{RouteChange, RouteView, StepChange, StepView};

use super::call;
use crate::cli::RouteCommand;
use crate::connection::{connect, read_line};
use crate::output::{Format, answer, table};

pub(super) async fn run(command: RouteCommand, format: Format) -> Result<()> {
    match command {
        RouteCommand::Show { connection, account } => {
            let route = call(connect(&connection)?.route(&account).await)?;
            answer(format, &route, text)
        }
        RouteCommand::Set { connection, account, steps, webhook_key_stdin, webhook_timeout, webhook_idempotent } => {
            let webhook = Webhook {
                key: if webhook_key_stdin { Some(read_line("the webhook key")?) } else { None },
                timeout_ms: webhook_timeout,
                idempotent: webhook_idempotent,
            };
            let steps = steps.iter().map(|step| parse(step, &webhook)).collect::<Result<Vec<_>>>()?;
            let done = call(connect(&connection)?.put_route(&account, &RouteChange { steps }, None).await)?;
            answer(format, &done, |_| format!("the route of {account} is set"))
        }
        RouteCommand::Remove { connection, account } => {
            let done = call(connect(&connection)?.delete_route(&account).await)?;
            answer(format, &done, |_| format!("{account} has no route now"))
        }
    }
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

fn text(route: &RouteView) -> String {
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
    table(["step", "kind", "detail"], route.steps.iter().enumerate().map(line))
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
