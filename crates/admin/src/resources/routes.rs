//! `routes`: what is done with the files that an account sends, and with its applications' events.

use actix_web::web;
use flotilla_model::{AccountName, Command, EventKind, KindPattern, LaneName, Priority, Rejection, Route, State, Step};

use super::dry_run::dry_run;
use super::{MakeCommand, amend, changed, done, name_in_path, page_size, steps};
use crate::Admin;
use crate::api::{Done, Page, RouteChange, RoutePatch, RouteQuery, RouteView, RoutesQuery, StepChange};
use crate::error::ApiError;
use crate::interface::{Routes, Tag};
use crate::server::{Administer, Body, IfMatch, MergePatch, Patch, Precondition, ReadOf, Versioned};

pub(super) fn add(routes: &mut Routes) {
    routes.chapter(Tag::Routes);
    routes.get("/routes", list).named("listRoutes", "What is done with the files and the events of which account");
    routes.get("/routes/{account}", show).named("getRoute", "One route");
    routes
        .put("/routes/{account}", change)
        .named("putRoute", "The whole route; it holds for what comes in from then on");
    routes
        .patch("/routes/{account}", patch)
        .named("patchRoute", "Changes a route that is there")
        .explained("`steps` are replaced as a whole, and keys of webhooks in them have to be given again or kept with `keep_key`; without `steps` they stay as \
            they are. `null` takes lane or priority away.");
    routes.delete("/routes/{account}", remove).named("deleteRoute", "No route any more");
    routes
        .post("/routes/{account}/operations/dry-run", dry_run)
        .named("dryRunRoute", "What the route would do with a transfer or an event")
        .explained("Worked out of what the cluster knows: nothing is run, and nobody is called. With `steps` those instead of the \
            route's own.");
}

/// By account, the route for files first.
pub(crate) async fn list(
    admin: web::Data<Admin>,
    ReadOf(scope): ReadOf,
    query: web::Query<RoutesQuery>,
) -> Result<web::Json<Page<RouteView>>, ApiError> {
    let account = query.account.as_deref().map(AccountName::parse).transpose();
    let account = account.map_err(|error| ApiError::invalid("account", error.to_string()))?;
    let state = admin.view().state;
    let of_files = state.routes.iter().map(|(account, route)| (account, EventKind::FILE_RECEIVED, route));
    let of_kinds = state.kind_routes.iter().map(|((account, kind), route)| (account, kind.as_str(), route));
    let mut found: Vec<_> = of_files
        .chain(of_kinds)
        .filter(|(owner, ..)| scope.covers(owner) && account.as_ref().is_none_or(|account| account == *owner))
        .filter(|(owner, ..)| query.after.as_deref().is_none_or(|after| owner.as_str() > after))
        .collect();
    // Stable: of one account the files' route stays before the others.
    found.sort_by_key(|(owner, ..)| *owner);
    if let Some(limit) = query.limit {
        let limit = page_size(Some(limit))?;
        let last = found.get(limit - 1).map(|(owner, ..)| *owner);
        found.truncate(last.map_or(found.len(), |last| found.partition_point(|(owner, ..)| *owner <= last)));
    }
    let items = found.into_iter().map(|(account, kind, route)| describe(account, kind, route)).collect();
    Ok(web::Json(Page { items, next_cursor: None }))
}

pub(crate) async fn show(
    admin: web::Data<Admin>,
    ReadOf(scope): ReadOf,
    account: web::Path<String>,
    query: web::Query<RouteQuery>,
) -> Result<Versioned<RouteView>, ApiError> {
    let (account, kind) = (name_in_path(&account)?, kind_of(&query)?);
    scope.require(&account)?;
    let state = admin.view().state;
    let document = describe(&account, kind.as_str(), find(&state, &account, &kind)?);
    Ok(Versioned { version: Some(document.version), document })
}

pub(crate) async fn change(
    admin: web::Data<Admin>,
    Administer(caller): Administer,
    account: web::Path<String>,
    query: web::Query<RouteQuery>,
    Precondition(expected_version): Precondition,
    Body(change): Body<RouteChange>,
) -> Result<Versioned<Done>, ApiError> {
    let (account, kind) = (name_in_path(&account)?, kind_of(&query)?);
    let lane = change.lane.as_deref().map(lane_of).transpose()?;
    let priority = change.priority.map(priority).transpose()?;
    let former = keys_kept(&admin, &change.steps, (&account, &kind), expected_version).await?;
    let steps = steps::read_all(change.steps, &former, &admin.parts().secrets)?;
    check_steps(&kind, &steps)?;
    let count = steps.len();
    let command =
        Command::PutKindRoute { account: account.clone(), kind: kind.clone(), steps, lane, priority, expected_version };
    let applied = admin.change(&caller, command).await?;
    tracing::info!(%account, %kind, steps = count, changed_by = %caller.name, log_index = applied.index, "route set");
    Ok(changed(&applied))
}

async fn patch(
    admin: web::Data<Admin>,
    Administer(caller): Administer,
    account: web::Path<String>,
    query: web::Query<RouteQuery>,
    IfMatch(expected_version): IfMatch,
    MergePatch(patch): MergePatch<RoutePatch>,
) -> Result<Versioned<Done>, ApiError> {
    let (account, kind) = (name_in_path(&account)?, kind_of(&query)?);
    let lane = patch.lane.map(|lane| lane.as_deref().map(lane_of).transpose()).transpose()?;
    let priority = patch.priority.map(|value| value.map(priority).transpose()).transpose()?;
    let given = patch.steps.as_deref().unwrap_or_default();
    let former = keys_kept(&admin, given, (&account, &kind), expected_version).await?;
    let steps = patch.steps.map(|steps| steps::read_all(steps, &former, &admin.parts().secrets)).transpose()?;
    if let Some(steps) = &steps {
        check_steps(&kind, steps)?;
        if steps.is_empty() {
            return Err(ApiError::invalid("steps", "a route has a step at least").mend("DELETE the route"));
        }
    }
    let make = |state: &State| {
        let route = find(state, &account, &kind)?;
        let (account, kind) = (account.clone(), kind.clone());
        let steps = steps.clone().unwrap_or_else(|| route.steps.clone());
        let lane = lane.clone().unwrap_or_else(|| route.lane.clone());
        let priority = priority.unwrap_or(route.priority);
        let command: MakeCommand = Box::new(move |version| Command::PutKindRoute {
            account,
            kind,
            steps,
            lane,
            priority,
            expected_version: Some(version),
        });
        Ok((route.version, command))
    };
    let applied = amend(&admin, &caller, expected_version, make).await?;
    tracing::info!(%account, %kind, changed_by = %caller.name, log_index = applied.index, "route changed");
    Ok(changed(&applied))
}

impl Patch for RoutePatch {
    const REMOVABLE: &'static [&'static str] = &["lane", "priority"];
}

fn lane_of(text: &str) -> Result<LaneName, ApiError> {
    LaneName::parse(text).map_err(|error| ApiError::invalid("lane", error.to_string()))
}

pub(crate) async fn remove(
    admin: web::Data<Admin>,
    Administer(caller): Administer,
    account: web::Path<String>,
    query: web::Query<RouteQuery>,
    IfMatch(expected_version): IfMatch,
) -> Result<web::Json<Done>, ApiError> {
    let (account, kind) = (name_in_path(&account)?, kind_of(&query)?);
    find(&admin.fresh_view().await?.state, &account, &kind)?;
    // No steps: no route.
    let command = Command::PutKindRoute {
        account: account.clone(),
        kind: kind.clone(),
        steps: Vec::new(),
        lane: None,
        priority: None,
        expected_version,
    };
    let applied = admin.change(&caller, command).await?;
    tracing::info!(%account, %kind, changed_by = %caller.name, log_index = applied.index, "route removed");
    Ok(done(&applied))
}

fn kind_of(query: &RouteQuery) -> Result<KindPattern, ApiError> {
    let text = query.kind.as_deref().unwrap_or(EventKind::FILE_RECEIVED);
    let kind = KindPattern::parse(text).map_err(|error| ApiError::invalid("kind", error.to_string()))?;
    if text.starts_with("file.") && text != EventKind::FILE_RECEIVED {
        return Err(ApiError::invalid("kind", "there is no such kind of the cluster's own")
            .mend(format!("write {}, or a kind that does not begin with 'file.'", EventKind::FILE_RECEIVED)));
    }
    Ok(kind)
}

fn priority(value: u8) -> Result<Priority, ApiError> {
    Priority::new(value)
        .ok_or_else(|| ApiError::invalid("priority", format!("a priority is 0 to {}, {0} goes first", Priority::MAX)))
}

/// An application's event is about no file.
fn check_steps(kind: &KindPattern, steps: &[Step]) -> Result<(), ApiError> {
    if kind.as_str() == EventKind::FILE_RECEIVED {
        return Ok(());
    }
    let needs_file = |step: &Step| matches!(step, Step::Checksum | Step::Publish { .. });
    match steps.iter().position(needs_file) {
        Some(position) => {
            let detail = format!("{} needs a file, and events of this kind have none", steps[position].kind());
            Err(ApiError::invalid(format!("steps[{position}].type"), detail))
        }
        None => Ok(()),
    }
}

fn find<'a>(state: &'a State, account: &AccountName, kind: &KindPattern) -> Result<&'a Route, ApiError> {
    let route = match kind.as_str() {
        EventKind::FILE_RECEIVED => state.routes.get(account),
        _ => state.kind_routes.get(&(account.clone(), kind.clone())),
    };
    let route = route.ok_or_else(|| ApiError::not_found(format!("the account {account} has no route for {kind}")))?;
    Ok(route)
}

/// The steps from which keys are kept, if any is. Of a route that somebody else has changed meanwhile, that is told first.
async fn keys_kept(
    admin: &Admin,
    given: &[StepChange],
    (account, kind): (&AccountName, &KindPattern),
    expected_version: Option<u64>,
) -> Result<Vec<Step>, ApiError> {
    if !given.iter().any(|step| matches!(step, StepChange::Webhook { keep_key: true, .. })) {
        return Ok(Vec::new());
    }
    let state = admin.fresh_view().await?.state;
    let found = find(&state, account, kind).ok();
    let actual = found.map_or(0, |route| route.version);
    if let Some(expected) = expected_version.filter(|expected| *expected != actual) {
        return Err(Rejection::VersionConflict { expected, actual }.into());
    }
    Ok(found.map_or_else(Vec::new, |route| route.steps.clone()))
}

fn describe(account: &AccountName, kind: &str, route: &Route) -> RouteView {
    RouteView {
        account: account.to_string(),
        kind: kind.to_owned(),
        lane: route.lane.as_ref().map(ToString::to_string),
        priority: route.priority.map(Priority::value),
        steps: route.steps.iter().map(steps::describe).collect(),
        version: route.version,
    }
}
