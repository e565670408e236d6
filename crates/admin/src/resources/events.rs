//! `events`: what is in the queue.

use actix_web::web;
use flotilla_model::{EventEnd, EventId, EventRecord, State};

use super::event_filter::EventFilter;
use super::event_scan::scan;
use super::{checked_limit, event_operations, event_view, page_size, queue};
use crate::Admin;
use crate::api::{EventQuery, EventStatistics, EventView, Page, from_ms};
use crate::error::ApiError;
use crate::interface::{Routes, Tag};
use crate::problems::Code;
use crate::server::{Read, ReadOf, Scope};

/// Ids are short: a page of them may be longer.
const PAGE_IDS_MAX: usize = 10_000;

pub(super) fn add(routes: &mut Routes) {
    routes.chapter(Tag::Events);
    routes.get("/events", list).named("listEvents", "Events that have not ended, oldest first");
    routes
        .get("/events/ids", ids)
        .named("listEventIds", "Only the ids of events")
        .explained("Shows every change that was answered before, through any node.")
        .refuses(&[Code::Unavailable]);
    routes.get("/events/statistics", statistics).named("getEventStatistics", "The queue in numbers");
    event_operations::add(routes);
    routes.get("/events/{id}", show).named("getEvent", "One event in full, with what its steps did and its data");
}

pub(crate) async fn list(
    admin: web::Data<Admin>,
    ReadOf(scope): ReadOf,
    query: web::Query<EventQuery>,
) -> Result<web::Json<Page<EventView>>, ApiError> {
    let (limit, filter) = (page_size(query.limit)?, EventFilter::read(&query, scope)?);
    let state = admin.view().state;
    let mut items = Vec::new();
    let describe = |row: &EventRecord| items.push(event_view::describe(&state, row));
    let next_cursor = scan(&state, &filter, query.cursor, limit, describe);
    Ok(web::Json(Page { items, next_cursor }))
}

/// For changes in bulk: exactly those that were counted are changed. Nothing that was changed before is among them,
/// through whichever node.
pub(crate) async fn ids(
    admin: web::Data<Admin>,
    ReadOf(scope): ReadOf,
    query: web::Query<EventQuery>,
) -> Result<web::Json<Page<u64>>, ApiError> {
    let limit = checked_limit(query.limit.unwrap_or(PAGE_IDS_MAX), PAGE_IDS_MAX)?;
    let filter = EventFilter::read(&query, scope)?;
    let state = admin.fresh_view().await?.state;
    let mut items = Vec::new();
    let next_cursor = scan(&state, &filter, query.cursor, limit, |row| items.push(row.id.0));
    Ok(web::Json(Page { items, next_cursor }))
}

pub(crate) async fn statistics(admin: web::Data<Admin>, _: Read) -> web::Json<EventStatistics> {
    web::Json(queue::statistics(&admin.view().state))
}

pub(crate) async fn show(
    admin: web::Data<Admin>,
    ReadOf(scope): ReadOf,
    id: web::Path<u64>,
) -> Result<web::Json<EventView>, ApiError> {
    let state = admin.view().state;
    let row = state.events.get(&EventId(*id));
    let row = row.filter(|row| scope.covers(&row.account)).ok_or_else(|| not_in_queue(&state, EventId(*id), &scope))?;
    event_view::describe_in_full(&state, row).map(web::Json)
}

/// It has ended or never was; of an application's event the journal remembers which, for a while.
fn not_in_queue(state: &State, id: EventId, scope: &Scope) -> ApiError {
    let entry = state.journal.get(id).filter(|entry| scope.covers(&entry.account));
    match entry.and_then(|entry| entry.ended) {
        Some((end, ended_ms)) => {
            let end = match end {
                EventEnd::Completed => "was completed",
                EventEnd::Discarded => "was discarded",
                EventEnd::Expired => "has expired",
                EventEnd::Cancelled => "was cancelled",
            };
            ApiError::not_found(format!("event {id} {end} at {}", from_ms(ended_ms)))
        }
        None => ApiError::not_found(format!("there is no event {id}"))
            .mend("an event of a file that has ended is told of in its transfer record"),
    }
}
