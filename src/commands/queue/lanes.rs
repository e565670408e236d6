//! `flotilla queue lanes`

use std::cmp::Reverse;

use anyhow::Result;
use flotilla_admin::Client;
use flotilla_admin::api::{LaneQuery, LaneView, Page};

use super::call;
use crate::output::{Format, answer, table};

const PAGE_ROWS: usize = 1000;
const ROWS_SHOWN: usize = 50;

/// Lanes with events and paused ones, or all; the deepest first.
pub(super) async fn collect(client: &Client, all: bool) -> Result<Vec<LaneView>> {
    let mut lanes = if all {
        pages(client, LaneQuery::default()).await?
    } else {
        let mut lanes = pages(client, LaneQuery { has_events: Some(true), ..LaneQuery::default() }).await?;
        let paused = LaneQuery { has_events: Some(false), is_paused: Some(true), ..LaneQuery::default() };
        lanes.extend(pages(client, paused).await?);
        lanes
    };
    lanes.sort_by_key(|lane| (Reverse(depth(lane)), lane.name.clone()));
    Ok(lanes)
}

async fn pages(client: &Client, mut query: LaneQuery) -> Result<Vec<LaneView>> {
    query.limit = Some(PAGE_ROWS);
    let mut lanes = Vec::new();
    loop {
        let page = call(client.lanes(&query).await)?;
        lanes.extend(page.items);
        query.cursor = page.next_cursor;
        if query.cursor.is_none() {
            return Ok(lanes);
        }
    }
}

fn depth(lane: &LaneView) -> u64 {
    lane.ready + lane.waiting + lane.blocked + lane.leased + lane.dead + lane.outcome_unknown
}

pub(super) fn print(mut lanes: Vec<LaneView>, limit: Option<usize>, format: Format) -> Result<()> {
    let all = lanes.len();
    let limit = match format {
        Format::Text => limit.unwrap_or(ROWS_SHOWN),
        Format::Json => limit.unwrap_or(usize::MAX),
    };
    lanes.truncate(limit);
    answer(format, &Page { items: lanes, next_cursor: None }, |page| text(&page.items, all))
}

fn text(lanes: &[LaneView], all: usize) -> String {
    let line = |lane: &LaneView| {
        [
            lane.name.clone(),
            lane.weight.to_string(),
            if lane.is_paused { "paused".to_owned() } else { "open".to_owned() },
            lane.ready.to_string(),
            lane.waiting.to_string(),
            lane.blocked.to_string(),
            lane.leased.to_string(),
            lane.dead.to_string(),
            lane.outcome_unknown.to_string(),
            format!("{:.1} s", lane.oldest_ready_age_ms as f64 / 1000.0),
            lane.completed_total.to_string(),
        ]
    };
    let header = [
        "lane",
        "weight",
        "state",
        "ready",
        "waiting",
        "blocked",
        "in work",
        "dead",
        "unknown",
        "oldest ready",
        "completed",
    ];
    let mut text = table(header, lanes.iter().map(line));
    if all > lanes.len() {
        text.push_str(&format!("\n\n{} more: --limit {all}", all - lanes.len()));
    }
    text
}
