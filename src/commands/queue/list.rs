//! `flotilla queue list`

use anyhow::Result;
use flotilla_admin::Client;
use flotilla_admin::api::{EventQuery, EventView, Page};

use super::call;
use crate::output::{or_dash, table};

/// Rows of one request, at most.
const PAGE_ROWS: usize = 1000;

/// Up to `limit` events behind `cursor`. One request looks at a bounded number, so a rare filter takes several.
pub(super) async fn collect(
    client: &Client,
    query: EventQuery,
    limit: usize,
    cursor: Option<u64>,
) -> Result<Page<EventView>> {
    let mut page = Page { items: Vec::new(), next_cursor: cursor };
    loop {
        let wanted = (limit - page.items.len()).min(PAGE_ROWS);
        let query = EventQuery { limit: Some(wanted), cursor: page.next_cursor, ..query.clone() };
        let next = call(client.events(&query).await)?;
        page.items.extend(next.items);
        page.next_cursor = next.next_cursor;
        if page.next_cursor.is_none() || page.items.len() >= limit {
            return Ok(page);
        }
    }
}

pub(super) fn text(page: &Page<EventView>) -> String {
    let line = |row: &EventView| {
        [
            row.id.to_string(),
            row.state.clone(),
            row.state_at.to_string(),
            row.account.clone(),
            row.kind.clone(),
            or_dash(row.path.as_ref().or(row.ordering_key.as_ref())),
            row.attempt.to_string(),
            row.failures.to_string(),
            or_dash(row.leased_to),
            or_dash(row.reason.as_ref()),
        ]
    };
    let header =
        ["id", "state", "since/until", "account", "kind", "path/key", "attempts", "failures", "node", "reason"];
    let mut text = table(header, page.items.iter().map(line));
    if let Some(cursor) = page.next_cursor {
        text.push_str(&format!("\n\nMore: --cursor {cursor}"));
    }
    text
}
