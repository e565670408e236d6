//! `events`: the queue, its dead letters, and what people may do with those.

use actix_web::web;
use flotilla_model::{Command, EventId, EventRecord, EventState, ResolveAnswer};

use super::{SCANNED_ROWS_MAX, done, page_size, resource, steps};
use crate::Admin;
use crate::api::{Done, EventQuery, EventStatistics, EventView, Page, Resolution, ResolveRequest, from_ms};
use crate::error::ApiError;
use crate::server::{Body, Operate, Read, now_ms};

pub(super) fn configure(config: &mut web::ServiceConfig) {
    config
        .service(resource("/events").get(list))
        .service(resource("/events/statistics").get(statistics))
        .service(resource("/events/{id}").get(show))
        .service(resource("/events/{id}/operations/retry").post(retry))
        .service(resource("/events/{id}/operations/discard").post(discard))
        .service(resource("/events/{id}/operations/resolve").post(resolve));
}

async fn list(
    admin: web::Data<Admin>,
    _: Read,
    query: web::Query<EventQuery>,
) -> Result<web::Json<Page<EventView>>, ApiError> {
    let limit = page_size(query.limit)?;
    if query.state.as_deref().is_some_and(|state| !EventState::NAMES.contains(&state)) {
        return Err(ApiError::invalid("state", "there is no such state of an event")
            .mend(format!("write one of {}", EventState::NAMES.join(", "))));
    }
    let wanted = |row: &EventRecord| {
        query.account.as_deref().is_none_or(|account| row.account.as_str() == account)
            && query.state.as_deref().is_none_or(|state| row.state.name() == state)
    };
    let state = admin.view().state;
    let start = EventId(query.cursor.unwrap_or(0).saturating_add(1));
    let mut rows = state.events.range(start..);
    let mut page = Page { items: Vec::new(), next_cursor: None };
    for (id, row) in rows.by_ref().take(SCANNED_ROWS_MAX) {
        page.next_cursor = Some(id.0);
        if wanted(row) {
            page.items.push(describe(row));
        }
        if page.items.len() == limit {
            break;
        }
    }
    if rows.next().is_none() {
        page.next_cursor = None;
    }
    Ok(web::Json(page))
}

async fn statistics(admin: web::Data<Admin>, _: Read) -> web::Json<EventStatistics> {
    let state = admin.view().state;
    let totals = state.totals();
    web::Json(EventStatistics {
        queue: state.queue_statistics().into(),
        published_total: totals.events_published,
        completed_total: totals.events_completed,
        failed_total: totals.events_failed,
        discarded_total: totals.events_discarded,
        leases_granted_total: totals.leases_granted,
        leases_lost_total: totals.leases_lost,
        results_stale_total: totals.results_stale,
    })
}

async fn show(admin: web::Data<Admin>, _: Read, id: web::Path<u64>) -> Result<web::Json<EventView>, ApiError> {
    let state = admin.view().state;
    let row = state.events.get(&EventId(*id));
    let row = row.ok_or_else(|| {
        ApiError::not_found(format!("there is no event {id}"))
            .mend("an event that has ended is told of in its transfer record")
    })?;
    Ok(web::Json(describe(row)))
}

async fn retry(admin: web::Data<Admin>, _: Operate, id: web::Path<u64>) -> Result<web::Json<Done>, ApiError> {
    let command = Command::RetryEvent { event: EventId(*id), now_ms: now_ms() };
    Ok(done(&admin.propose(command).await?))
}

async fn discard(admin: web::Data<Admin>, _: Operate, id: web::Path<u64>) -> Result<web::Json<Done>, ApiError> {
    let command = Command::DiscardEvent { event: EventId(*id), now_ms: now_ms() };
    Ok(done(&admin.propose(command).await?))
}

async fn resolve(
    admin: web::Data<Admin>,
    _: Operate,
    id: web::Path<u64>,
    Body(request): Body<ResolveRequest>,
) -> Result<web::Json<Done>, ApiError> {
    let answer = match request.answer {
        Resolution::Happened => ResolveAnswer::Happened,
        Resolution::DoItAgain => ResolveAnswer::DoItAgain,
    };
    let command = Command::ResolveEvent { event: EventId(*id), answer, now_ms: now_ms() };
    Ok(done(&admin.propose(command).await?))
}

fn describe(row: &EventRecord) -> EventView {
    let (state_ms, reason, leased_to) = match &row.state {
        EventState::Ready { since_ms } => (*since_ms, None, None),
        EventState::Waiting { not_before_ms } => (*not_before_ms, None, None),
        EventState::Blocked { since_ms, .. } => (*since_ms, None, None),
        EventState::Leased(lease) => (lease.granted_ms, None, Some(lease.node)),
        EventState::Dead { since_ms, reason } | EventState::OutcomeUnknown { since_ms, reason, .. } => {
            (*since_ms, Some(reason.clone()), None)
        }
    };
    EventView {
        id: row.id,
        kind: row.kind.name().to_owned(),
        account: row.account.to_string(),
        path: row.file().map(|file| file.path.to_string()),
        size_bytes: row.file().map_or_else(|| row.data().map_or(0, |data| data.len() as u64), |file| file.length),
        transfer: row.file().map(|file| file.transfer),
        origin: row.origin,
        created_at: from_ms(row.created_ms),
        state: row.state.name().to_owned(),
        state_at: from_ms(state_ms),
        reason,
        leased_to,
        attempt: row.attempt,
        failures: row.failures,
        next_step: row.next_step,
        steps: row.route.steps.iter().map(steps::describe).collect(),
    }
}
