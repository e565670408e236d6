//! `flotilla events`

use anyhow::Result;
use flotilla_admin::api::{EventQuery, EventStatistics, EventView, Page, Resolution, ResolveRequest};

use super::call;
use crate::cli::{EventsCommand, PageArguments};
use crate::connection::connect;
use crate::output::{Format, answer, or_dash, table};

pub(super) async fn run(command: EventsCommand, format: Format) -> Result<()> {
    match command {
        EventsCommand::List { connection, page } => {
            let PageArguments { account, state, limit, cursor } = page;
            let query = EventQuery { limit: Some(limit as usize), cursor, account, state };
            let page = call(connect(&connection)?.events(&query).await)?;
            answer(format, &page, rows)
        }
        EventsCommand::Stats { connection } => {
            let statistics = call(connect(&connection)?.event_statistics().await)?;
            answer(format, &statistics, numbers)
        }
        EventsCommand::Retry { connection, id } => {
            let done = call(connect(&connection)?.retry_event(id).await)?;
            answer(format, &done, |_| format!("event {id} is tried again"))
        }
        EventsCommand::Discard { connection, id } => {
            let done = call(connect(&connection)?.discard_event(id).await)?;
            answer(format, &done, |_| format!("event {id} is given up"))
        }
        EventsCommand::Resolve { connection, id, answer: word } => {
            let resolution = if word == "happened" { Resolution::Happened } else { Resolution::DoItAgain };
            let request = ResolveRequest { answer: resolution };
            let done = call(connect(&connection)?.resolve_event(id, &request).await)?;
            answer(format, &done, |_| format!("event {id} goes on"))
        }
    }
}

fn rows(page: &Page<EventView>) -> String {
    let line = |row: &EventView| {
        [
            row.id.to_string(),
            row.state.clone(),
            row.state_at.to_string(),
            row.account.clone(),
            row.path.clone().unwrap_or_default(),
            row.attempt.to_string(),
            row.failures.to_string(),
            or_dash(row.leased_to),
            or_dash(row.reason.as_ref()),
        ]
    };
    let header = ["id", "state", "since/until", "account", "path", "attempts", "failures", "node", "reason"];
    let mut text = table(header, page.items.iter().map(line));
    if let Some(cursor) = page.next_cursor {
        text.push_str(&format!("\n\nMore: --cursor {cursor}"));
    }
    text
}

fn numbers(statistics: &EventStatistics) -> String {
    let queue = &statistics.queue;
    format!(
        "ready             {}\nwaiting           {}\nin work           {}\ndead              {}\noutcome unknown   {}\n\
         oldest ready      {} ms\n\npublished         {}\ncompleted         {}\nfailed            {}\ndiscarded         {}\n\
         leases granted    {}\nleases lost       {}\nresults too late  {}",
        queue.ready,
        queue.waiting,
        queue.leased,
        queue.dead,
        queue.outcome_unknown,
        queue.oldest_ready_age_ms,
        statistics.published_total,
        statistics.completed_total,
        statistics.failed_total,
        statistics.discarded_total,
        statistics.leases_granted_total,
        statistics.leases_lost_total,
        statistics.results_stale_total
    )
}
