//! Which events a command is about.

use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Result;
use flotilla_admin::Client;
use flotilla_admin::api::{EventQuery, from_ms};

use super::call;
use crate::cli::FilterArguments;

/// The filters as the server knows them; an age is counted from now.
pub(super) fn query(filter: &FilterArguments) -> EventQuery {
    let created_before = filter.older_than.map(|age| {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        from_ms(u64::try_from(now.saturating_sub(age).as_millis()).unwrap_or(u64::MAX))
    });
    EventQuery {
        limit: None,
        cursor: None,
        state: filter.state.clone(),
        account: filter.account.clone(),
        lane: filter.lane.clone(),
        kind: filter.kind.clone(),
        reason: filter.reason.clone(),
        created_before,
    }
}

/// The ids of up to `limit` events. `found` hears now and then how many there are so far.
pub(super) async fn ids(
    client: &Client,
    mut query: EventQuery,
    limit: usize,
    found: impl Fn(usize),
) -> Result<Vec<u64>> {
    let mut ids = Vec::new();
    loop {
        let page = call(client.event_ids(&query).await)?;
        ids.extend(page.items);
        found(ids.len());
        query.cursor = page.next_cursor;
        if query.cursor.is_none() || ids.len() >= limit {
            ids.truncate(limit);
            return Ok(ids);
        }
    }
}
