//! `lanes`: the shares of the queue.

use actix_web::web;
use flotilla_model::{Command, Lane, LaneCounts, LaneId, LaneName, State, VersionedRow};

use super::{SCANNED_ROWS_MAX, done, if_version, page_size};
use crate::Admin;
use crate::api::{Done, LaneChange, LaneQuery, LaneView, Page};
use crate::error::ApiError;
use crate::interface::{Routes, Tag};
use crate::server::{Body, IfMatch, Operate, Read, Tagged, now_ms};

pub(super) fn add(routes: &mut Routes) {
    routes.chapter(Tag::Lanes);
    routes.get("/lanes", list).named("listLanes", "The lanes of the queue, in the order in which they were made");
    routes.get("/lanes/{name}", show).named("getLane", "One lane");
    routes
        .patch("/lanes/{name}", change)
        .named("changeLane", "Weight, and whether it is paused")
        .explained("What is absent stays.");
}

pub(crate) async fn list(
    admin: web::Data<Admin>,
    _: Read,
    query: web::Query<LaneQuery>,
) -> Result<web::Json<Page<LaneView>>, ApiError> {
    let limit = page_size(query.limit)?;
    let state = admin.view().state;
    let after = query.cursor.unwrap_or(0).saturating_add(1);
    let Ok(from) = u32::try_from(after).map(LaneId) else {
        return Ok(web::Json(Page { items: Vec::new(), next_cursor: None }));
    };
    let mut lanes = state.lanes_from(from);
    let mut page = Page { items: Vec::new(), next_cursor: None };
    for (id, lane, counts) in lanes.by_ref().take(SCANNED_ROWS_MAX) {
        page.next_cursor = Some(u64::from(id.0));
        let is_wanted = query.is_paused.is_none_or(|is_paused| lane.is_paused == is_paused)
            && query.has_events.is_none_or(|has_events| (counts.all() > 0) == has_events);
        if is_wanted {
            page.items.push(describe(&state, id, lane, counts));
        }
        if page.items.len() == limit {
            break;
        }
    }
    if lanes.next().is_none() {
        page.next_cursor = None;
    }
    Ok(web::Json(page))
}

async fn show(admin: web::Data<Admin>, _: Read, name: web::Path<String>) -> Result<Tagged<LaneView>, ApiError> {
    let (name, state) = (lane_in_path(&name)?, admin.view().state);
    let (id, lane) = state.lane(&name).ok_or_else(|| no_such_lane(&name))?;
    Ok(Tagged { version: lane.version(), document: describe(&state, id, lane, state.lane_counts(id)) })
}

pub(crate) async fn change(
    admin: web::Data<Admin>,
    Operate(caller): Operate,
    name: web::Path<String>,
    IfMatch(expected_version): IfMatch,
    Body(change): Body<LaneChange>,
) -> Result<web::Json<Done>, ApiError> {
    let lane = lane_in_path(&name)?;
    let LaneChange { weight, is_paused } = change;
    if weight.is_none() && is_paused.is_none() {
        return Err(ApiError::invalid("weight", "nothing is to be changed").mend("give weight, is_paused or both"));
    }
    // A lane may be set before its first event; one that nothing leads to is a slip of the pen.
    let state = admin.fresh_view().await?.state;
    if state.lane(&lane).is_none() && !state.lane_is_named(&lane) {
        return Err(no_such_lane(&lane));
    }
    let command = Command::SetLane { lane: lane.clone(), weight, is_paused, now_ms: now_ms() };
    let command = if_version(VersionedRow::Lane(lane.clone()), expected_version, command);
    let applied = admin.change(&caller, command).await?;
    tracing::info!(%lane, weight, is_paused, changed_by = %caller.name, log_index = applied.index, "lane changed");
    Ok(done(&applied))
}

fn lane_in_path(text: &str) -> Result<LaneName, ApiError> {
    LaneName::parse(text).map_err(|error| ApiError::invalid("name", error.to_string()))
}

fn no_such_lane(name: &LaneName) -> ApiError {
    ApiError::not_found(format!("there is no lane {name}"))
        .mend("a lane is named after its account, or as a route names it")
}

fn describe(state: &State, id: LaneId, lane: &Lane, counts: LaneCounts) -> LaneView {
    let totals = lane.totals;
    LaneView {
        name: lane.name.to_string(),
        weight: lane.weight,
        is_paused: lane.is_paused,
        ready: counts.ready,
        waiting: counts.waiting,
        blocked: counts.blocked,
        leased: counts.leased,
        dead: counts.dead,
        outcome_unknown: counts.outcome_unknown,
        oldest_ready_age_ms: state.lane_oldest_ready_age_ms(id),
        published_total: totals.published,
        completed_total: totals.completed,
        retried_total: totals.retried,
        failed_total: totals.failed,
        discarded_total: totals.discarded,
        expired_total: totals.expired,
        cancelled_total: totals.cancelled,
    }
}
