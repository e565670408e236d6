//! `events/…/operations`: what people may do with events, one or many of them at once.

use actix_web::web;
use flotilla_model::{Command, EventAction, EventId, Outcome, Rejection, ResolveAnswer, State};

use super::{done, steps};
use crate::Admin;
use crate::api::{
    CHANGED_EVENTS_MAX, Done, EventSelection, EventsChanged, RefusedEvent, Resolution, ResolveManyRequest,
    ResolveRequest, RetryManyRequest,
};
use crate::error::ApiError;
use crate::interface::{Routes, Tag};
use crate::ports::Applied;
use crate::problems::Code;
use crate::server::{Body, Caller, OperateOf, Scope, now_ms};

pub(super) fn add(routes: &mut Routes) {
    routes.chapter(Tag::Events);
    let one = [Code::WrongState];
    let many = [Code::NotFound];
    routes
        .post("/events/operations/retry", retry_many)
        .named("retryEvents", "Tries dead or waiting events now")
        .explained("From their failed step; with `steps` another route from its beginning, which takes an `administrator`. Each \
            event changes or is refused for itself.")
        .refuses(&many)
        .refuses(&[Code::Forbidden]);
    routes
        .post("/events/operations/discard", discard_many)
        .named("discardEvents", "Gives dead, doubtful or waiting events up")
        .refuses(&many);
    routes
        .post("/events/operations/cancel", cancel_many)
        .named("cancelEvents", "Ends events that are not wanted any more")
        .refuses(&many);
    routes
        .post("/events/operations/resolve", resolve_many)
        .named("resolveEvents", "Answers for steps whose outcome is unknown")
        .refuses(&many);
    routes
        .post("/events/{id}/operations/retry", retry)
        .named("retryEvent", "Tries a dead or waiting event now, from its failed step")
        .refuses(&one);
    routes
        .post("/events/{id}/operations/discard", discard)
        .named("discardEvent", "Gives a dead, doubtful or waiting event up")
        .refuses(&one);
    routes
        .post("/events/{id}/operations/cancel", cancel)
        .named("cancelEvent", "Ends an event that is not wanted any more; not one whose step may have had an effect")
        .refuses(&one);
    routes
        .post("/events/{id}/operations/resolve", resolve)
        .named("resolveEvent", "Answers for a step whose outcome is unknown")
        .refuses(&one);
}

type OneDone = Result<web::Json<Done>, ApiError>;
type ManyDone = Result<web::Json<EventsChanged>, ApiError>;

pub(crate) async fn retry(admin: web::Data<Admin>, OperateOf(caller, scope): OperateOf, id: web::Path<u64>) -> OneDone {
    change_one(&admin, (&caller, &scope), EventId(*id), EventAction::Retry { steps: None }).await
}

pub(crate) async fn discard(
    admin: web::Data<Admin>,
    OperateOf(caller, scope): OperateOf,
    id: web::Path<u64>,
) -> OneDone {
    change_one(&admin, (&caller, &scope), EventId(*id), EventAction::Discard).await
}

pub(crate) async fn cancel(
    admin: web::Data<Admin>,
    OperateOf(caller, scope): OperateOf,
    id: web::Path<u64>,
) -> OneDone {
    change_one(&admin, (&caller, &scope), EventId(*id), EventAction::Cancel).await
}

pub(crate) async fn resolve(
    admin: web::Data<Admin>,
    OperateOf(caller, scope): OperateOf,
    id: web::Path<u64>,
    Body(request): Body<ResolveRequest>,
) -> OneDone {
    change_one(&admin, (&caller, &scope), EventId(*id), EventAction::Resolve(answer(request.answer))).await
}

pub(crate) async fn retry_many(
    admin: web::Data<Admin>,
    OperateOf(caller, scope): OperateOf,
    Body(request): Body<RetryManyRequest>,
) -> ManyDone {
    let steps = match request.steps {
        Some(given) => {
            // Steps call other systems in the cluster's name: who may set routes may do that.
            caller.require_administrator()?;
            if given.is_empty() {
                return Err(ApiError::invalid("steps", "a route has a step at least")
                    .mend("leave steps out to go on at the failed one, or discard the events"));
            }
            Some(steps::read_all(given, &[], &admin.parts().secrets)?)
        }
        None => None,
    };
    change_many(&admin, (&caller, &scope), request.ids, EventAction::Retry { steps }).await
}

pub(crate) async fn discard_many(
    admin: web::Data<Admin>,
    OperateOf(caller, scope): OperateOf,
    Body(request): Body<EventSelection>,
) -> ManyDone {
    change_many(&admin, (&caller, &scope), request.ids, EventAction::Discard).await
}

pub(crate) async fn cancel_many(
    admin: web::Data<Admin>,
    OperateOf(caller, scope): OperateOf,
    Body(request): Body<EventSelection>,
) -> ManyDone {
    change_many(&admin, (&caller, &scope), request.ids, EventAction::Cancel).await
}

async fn resolve_many(
    admin: web::Data<Admin>,
    OperateOf(caller, scope): OperateOf,
    Body(request): Body<ResolveManyRequest>,
) -> ManyDone {
    change_many(&admin, (&caller, &scope), request.ids, EventAction::Resolve(answer(request.answer))).await
}

fn answer(resolution: Resolution) -> ResolveAnswer {
    match resolution {
        Resolution::Happened => ResolveAnswer::Happened,
        Resolution::DoItAgain => ResolveAnswer::DoItAgain,
    }
}

async fn change_one(admin: &Admin, who: Who<'_>, id: EventId, action: EventAction) -> OneDone {
    let (applied, _, mut refused) = change(admin, who, vec![id], action).await?;
    match refused.pop() {
        Some((_, error)) => Err(error),
        None => Ok(done(&applied)),
    }
}

async fn change_many(admin: &Admin, who: Who<'_>, ids: Vec<EventId>, action: EventAction) -> ManyDone {
    if !(1..=CHANGED_EVENTS_MAX).contains(&ids.len()) {
        return Err(ApiError::invalid("ids", format!("a request changes 1 to {CHANGED_EVENTS_MAX} events"))
            .mend("send more of them in further requests"));
    }
    let (applied, changed, refused) = change(admin, who, ids, action).await?;
    let refused = refused.into_iter().map(|(id, error)| RefusedEvent {
        id,
        code: error.code.name().to_owned(),
        detail: error.detail,
    });
    Ok(web::Json(EventsChanged { changed, refused: refused.collect(), log_index: applied.index }))
}

/// Somebody, and whose events they may change.
type Who<'a> = (&'a Caller, &'a Scope);
type Changed = (Applied, u64, Vec<(EventId, ApiError)>);

async fn change(
    admin: &Admin,
    (caller, scope): Who<'_>,
    events: Vec<EventId>,
    action: EventAction,
) -> Result<Changed, ApiError> {
    let (events, others) = split(&admin.view().state, scope, events);
    if events.is_empty()
        && let Some((_, error)) = others.first()
    {
        return Err(error.clone());
    }
    let (operation, first, last) = (name(&action), events.first().copied(), events.last().copied());
    let applied = admin.change(caller, Command::ChangeEvents { events, action, now_ms: now_ms() }).await?;
    let Outcome::EventsChanged { changed, refused } = &applied.outcome else {
        return Err(ApiError::internal("the log answered something else"));
    };
    let (changed, refused) = (*changed, refused.clone());
    let (first, last) = (first.map_or(0, |id| id.0), last.map_or(0, |id| id.0));
    tracing::info!(
        operation,
        changed,
        refused = refused.len(),
        first,
        last,
        changed_by = %caller.name,
        log_index = applied.index,
        "events changed"
    );
    let refused = refused.into_iter().map(|(id, rejection)| (id, rejection.into())).chain(others);
    Ok((applied, changed, refused.collect()))
}

/// Those that may be changed, and those that are not there for a delegate: an event keeps its account, so that this holds when the log
/// takes the change.
fn split(state: &State, scope: &Scope, events: Vec<EventId>) -> (Vec<EventId>, Vec<(EventId, ApiError)>) {
    if !scope.is_of_delegate() {
        return (events, Vec::new());
    }
    let is_covered = |id: &EventId| state.events.get(id).is_some_and(|row| scope.covers(&row.account));
    let (own, others): (Vec<_>, Vec<_>) = events.into_iter().partition(is_covered);
    let refused = others.into_iter().map(|id| (id, Rejection::NoSuchEvent { event: id }.into()));
    (own, refused.collect())
}

fn name(action: &EventAction) -> &'static str {
    match action {
        EventAction::Retry { steps: None } => "retry",
        EventAction::Retry { steps: Some(_) } => "retry with another route",
        EventAction::Discard => "discard",
        EventAction::Cancel => "cancel",
        EventAction::Resolve(ResolveAnswer::Happened) => "resolve: it happened",
        EventAction::Resolve(ResolveAnswer::DoItAgain) => "resolve: do it again",
    }
}
