//! `flotilla queue lanes`

use std::cmp::Reverse;

use anyhow::Result;
use flotilla_admin::Client;
use flotilla_admin::api::{LaneQuery, LaneView};
use serde::Serialize;

use super::call;
use crate::output::{Format, table};

const PAGE_ROWS: usize = 1000;
const ROWS_SHOWN: usize = 50;

/// What is shown of the lanes.
#[derive(Serialize)]
pub(super) struct Shown {
    items: Vec<LaneView>,
    /// How many there are, shown or not.
    #[serde(skip)]
    all: usize,
}

/// Lanes with events and paused ones, or all; the deepest first.
pub(super) async fn collect(client: &Client, all: bool, limit: Option<usize>, format: Format) -> Result<Shown> {
    let mut lanes = if all {
        pages(client, LaneQuery::default()).await?
    } else {
        let mut lanes = pages(client, LaneQuery { has_events: Some(true), ..LaneQuery::default() }).await?;
        let paused = LaneQuery { has_events: Some(false), is_paused: Some(true), ..LaneQuery::default() };
        lanes.extend(pages(client, paused).await?);
        lanes
    };
    lanes.sort_by_key(|lane| (Reverse(depth(lane)), lane.name.clone()));
    let count = lanes.len();
    let usual = if format == Format::Text { ROWS_SHOWN } else { usize::MAX };
    lanes.truncate(limit.unwrap_or(usual));
    Ok(Shown { items: lanes, all: count })
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

pub(super) fn text(shown: &Shown) -> String {
    let (lanes, all) = (&shown.items, shown.all);
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

pub(super) fn one(lane: &LaneView) -> String {
    let numbers: [(&str, u64); 13] = [
        ("ready", lane.ready),
        ("waiting", lane.waiting),
        ("blocked", lane.blocked),
        ("in work", lane.leased),
        ("dead", lane.dead),
        ("outcome unknown", lane.outcome_unknown),
        ("published", lane.published_total),
        ("completed", lane.completed_total),
        ("retried", lane.retried_total),
        ("failed", lane.failed_total),
        ("discarded", lane.discarded_total),
        ("expired", lane.expired_total),
        ("cancelled", lane.cancelled_total),
    ];
    let state = if lane.is_paused { "paused" } else { "open" };
    let oldest_s = lane.oldest_ready_age_ms as f64 / 1000.0;
    let mut text =
        format!("lane              {}, weight {}, {state}\noldest ready      {oldest_s:.1} s", lane.name, lane.weight);
    for (name, number) in numbers {
        text.push_str(&format!("\n{name:<18}{number}"));
    }
    text
}
