//! Accounts, routes and files that a scenario needs, before its clock starts.

use std::sync::Arc;

use anyhow::{Context, Result};
use flotilla_admin::api::{AccountChange, RouteChange, StepChange};
use futures::{StreamExt, TryStreamExt, stream};

use super::client::{EVENT_KIND, LoadClient};
use super::target::Target;
use crate::collector::progress;
use crate::scenario::{Kind, Work};
use crate::sink::Sink;

/// Requests at the same time: hashing a password keeps a processor busy.
const AT_ONCE: usize = 4;
/// A webhook that is not answered within its time and this is tried again.
const WEBHOOK_GRACE_MS: u64 = 10_000;
const LOG_TEXT: &str = "load";

/// Makes all that a load needs; gives the receiver of its webhooks, if there is one.
pub(crate) async fn prepare(load: &Arc<LoadClient>) -> Result<Option<Sink>> {
    let target = &load.target;
    if load.load.kind == Kind::Parameter {
        return Ok(None);
    }
    let sink = match load.load.work {
        Some(Work::WebhookMs(ms)) => Some(Sink::start(std::time::Duration::from_millis(ms))?),
        _ => None,
    };
    let step = load.load.work.map(|work| step(work, sink.as_ref().map(|sink| sink.url.as_str())));
    let accounts = load.load.accounts;
    progress(format!("{}: {accounts} accounts", load.load.name));
    stream::iter((0..u64::from(accounts)).map(|number| account(target, load, number, step.as_ref())))
        .buffer_unordered(AT_ONCE)
        .try_collect::<Vec<()>>()
        .await?;
    if load.load.kind == Kind::Download {
        progress(format!("{}: {} files", load.load.name, load.load.files));
        let files = (0..u64::from(load.load.files)).map(|number| load.fill(number));
        stream::iter(files).buffer_unordered(AT_ONCE * 2).try_collect::<Vec<()>>().await?;
    }
    Ok(sink)
}

async fn account(target: &Target, load: &LoadClient, number: u64, step: Option<&StepChange>) -> Result<()> {
    let name = load.account(number);
    let change = AccountChange { password: Some(target.password.clone()), ..AccountChange::default() };
    let made = target.ask(|client| client.put_account(&name, &change, None)).await;
    made.with_context(|| format!("cannot make account {name}"))?;
    let Some(step) = step else { return Ok(()) };
    let kind = (load.load.kind == Kind::Event).then_some(EVENT_KIND);
    let route = RouteChange { steps: vec![step.clone()], lane: None, priority: None };
    let set = target.ask(|client| client.put_route(&name, kind, &route, None)).await;
    set.with_context(|| format!("cannot set the route of account {name}"))?;
    Ok(())
}

/// Shuts the accounts; their files stay, as somebody may want to look at them.
pub(crate) async fn clean_up(load: &LoadClient) -> Result<()> {
    if load.load.kind == Kind::Parameter {
        return Ok(());
    }
    for number in 0..u64::from(load.load.accounts) {
        let name = load.account(number);
        let change = AccountChange { is_enabled: Some(false), ..AccountChange::default() };
        load.target.ask(|client| client.put_account(&name, &change, None)).await?;
    }
    Ok(())
}

fn step(work: Work, sink: Option<&str>) -> StepChange {
    match work {
        Work::Log => StepChange::Log { message: LOG_TEXT.to_owned() },
        Work::Checksum => StepChange::Checksum {},
        Work::WebhookMs(ms) => StepChange::Webhook {
            url: sink.unwrap_or_default().to_owned(),
            key: None,
            keep_key: false,
            timeout_ms: ms + WEBHOOK_GRACE_MS,
            idempotent: true,
        },
    }
}
