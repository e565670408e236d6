//! `flotilla statistics`

use anyhow::Result;
use flotilla_admin::api::{EventCounts, Statistics, StatisticsQuery, TransferStatistics};

use super::call;
use crate::cli::StatisticsArguments;
use crate::connection::connect;
use crate::output::{Format, bytes, table};
use crate::watch;

pub(super) async fn run(arguments: StatisticsArguments, format: Format) -> Result<()> {
    let StatisticsArguments { connection, watch, account, since, until, per } = arguments;
    let query = StatisticsQuery { since, until, account, per: Some(per) };
    let client = connect(&connection)?;
    watch::show(&watch, format, &client, async || call(client.statistics(&query).await), text).await
}

fn text(statistics: &Statistics) -> String {
    let rows = statistics.items.iter().map(|row| {
        let begins = row.begins_at.strftime(if statistics.per == "day" { "%Y-%m-%d" } else { "%Y-%m-%d %H:%M" });
        line(begins.to_string(), row.account.clone(), &row.transfers, &row.events)
    });
    let sum = line("all".to_owned(), String::new(), &statistics.transfers, &statistics.events);
    let header =
        ["from", "account", "files", "bytes", "processed", "failed", "open", "events", "completed", "dead", "open "];
    let mut text = table(header, rows.chain([sum]));
    for (what, since) in
        [("transfers", statistics.transfers_complete_since), ("events", statistics.events_complete_since)]
    {
        if let Some(since) = since.filter(|since| *since > statistics.since) {
            text.push_str(&format!("\n\n{what} from before {since} are not kept any more, and not counted"));
        }
    }
    text
}

fn line(begins: String, account: String, files: &TransferStatistics, events: &EventCounts) -> [String; 11] {
    let number = |count: u64| count.to_string();
    [
        begins,
        account,
        number(files.count),
        bytes(files.bytes),
        number(files.processed),
        number(files.failed),
        number(files.open),
        number(events.published),
        number(events.completed),
        number(events.failed),
        number(events.open),
    ]
}
