//! `configurations/options`: the parameter catalogue with the values in force.

use actix_web::web;
use flotilla_config::parameters::{self, CATALOGUE, Parameter, Scope};
use flotilla_model::{Command, NodeId, ParameterChange, ParameterVersion, Rejection, State};

use super::{PAGE_ROWS_MAX, changed, done};
use crate::Admin;
use crate::api;
use crate::api::{
    BulkParameterChange, Done, NodeParameterView, Page, ParameterQuery, ParameterVersionView, ParameterView,
    ParametersChange, from_ms,
};
use crate::certificates::check_switch;
use crate::error::ApiError;
use crate::interface::{Routes, Tag};
use crate::ports::LedgerView;
use crate::problems::Code;
use crate::server::{Administer, Body, Precondition, Read, Versioned, now_ms};

pub(super) fn add(routes: &mut Routes) {
    routes.chapter(Tag::Parameters);
    routes.get("/configurations/options", list).named("listParameters", "All parameters, with the values in force");
    routes
        .patch("/configurations/options", change_many)
        .named("changeParameters", "Sets many parameters: all of them or none")
        .explained("With `dry_run` it only says what would be refused.")
        .refuses(&[Code::NotFound, Code::AliasUnusable, Code::VersionConflict]);
    routes
        .get("/configurations/options/{name}/history", history)
        .named("getParameterHistory", "What a parameter was set to, newest first");
    routes
        .get("/configurations/options/{name}", show)
        .named("getParameter", "One parameter; with `node` as it is in force on that node");
    routes
        .put("/configurations/options/{name}", change)
        .named("putParameter", "Sets a parameter; `null` goes back to the default")
        .refuses(&[Code::AliasUnusable]);
}

pub(crate) async fn list(admin: web::Data<Admin>, _: Read) -> web::Json<Page<ParameterView>> {
    let view = admin.view();
    let items = CATALOGUE.iter().map(|parameter| describe(parameter, None, &view.state)).collect();
    web::Json(Page { items, next_cursor: None })
}

pub(crate) async fn show(
    admin: web::Data<Admin>,
    _: Read,
    name: web::Path<String>,
    query: web::Query<ParameterQuery>,
) -> Result<Versioned<ParameterView>, ApiError> {
    let parameter = find(&name)?;
    let view = admin.view();
    check_node(parameter, query.node)?;
    if let Some(node) = query.node.filter(|node| !view.state.members.contains(node)) {
        return Err(Rejection::NoSuchMember { node }.into());
    }
    let document = describe(parameter, query.node, &view.state);
    Ok(Versioned { version: Some(document.version), document })
}

pub(crate) async fn change(
    admin: web::Data<Admin>,
    Administer(caller): Administer,
    name: web::Path<String>,
    query: web::Query<ParameterQuery>,
    Precondition(expected_version): Precondition,
    Body(change): Body<api::ParameterChange>,
) -> Result<Versioned<Done>, ApiError> {
    let parameter = find(&name)?;
    check_node(parameter, query.node)?;
    let value = match &change.value {
        Some(text) => Some(parameters::validate(parameter.name, text)?.to_string()),
        None => None,
    };
    let change = ParameterChange { name: parameter.name.to_owned(), node: query.node, value, expected_version };
    check(&admin, std::slice::from_ref(&change)).await?;
    let ParameterChange { name, node, value, expected_version } = change;
    let command = Command::SetParameter {
        name,
        node,
        value,
        expected_version,
        changed_by: caller.name.clone(),
        now_ms: now_ms(),
    };
    Ok(changed(&admin.change(&caller, command).await?))
}

/// Most changes in one request: every parameter for the cluster, and a few for each of a hundred nodes.
const CHANGES_MAX: usize = 500;

pub(crate) async fn change_many(
    admin: web::Data<Admin>,
    Administer(caller): Administer,
    Body(request): Body<ParametersChange>,
) -> Result<web::Json<Done>, ApiError> {
    if !(1..=CHANGES_MAX).contains(&request.changes.len()) {
        return Err(ApiError::invalid("changes", format!("a request changes 1 to {CHANGES_MAX} parameters")));
    }
    let read = |(place, change)| read_change(change).map_err(|error: ApiError| error.at(format!("changes[{place}]")));
    let changes = request.changes.into_iter().enumerate().map(read).collect::<Result<Vec<_>, _>>()?;
    check(&admin, &changes).await?;
    let is_trial = request.dry_run;
    let command = Command::SetParameters { changes, changed_by: caller.name.clone(), now_ms: now_ms() };
    if is_trial {
        // On a copy of the state, which costs nothing: what the log would refuse is refused here in the same words.
        let LedgerView { index, mut state } = admin.fresh_view().await?;
        state.apply(&command)?;
        return Ok(web::Json(Done { version: None, log_index: index }));
    }
    Ok(done(&admin.change(&caller, command).await?))
}

/// What the catalogue alone cannot judge.
async fn check(admin: &Admin, changes: &[ParameterChange]) -> Result<(), ApiError> {
    if changes.iter().any(|change| change.name == parameters::CLUSTER_CRYPTO_ALIAS) {
        check_switch(&admin.fresh_view().await?.state, changes, now_ms())?;
    }
    Ok(())
}

fn read_change(change: BulkParameterChange) -> Result<ParameterChange, ApiError> {
    let parameter = find(&change.name)?;
    check_node(parameter, change.node)?;
    let value = change.value.map(|text| parameters::validate(parameter.name, &text)).transpose()?;
    Ok(ParameterChange {
        name: parameter.name.to_owned(),
        node: change.node,
        value: value.map(|value| value.to_string()),
        expected_version: change.expected_version,
    })
}

/// Newest first.
pub(crate) async fn history(
    admin: web::Data<Admin>,
    _: Read,
    name: web::Path<String>,
    query: web::Query<ParameterQuery>,
) -> Result<web::Json<Page<ParameterVersionView>>, ApiError> {
    let parameter = find(&name)?;
    let state = admin.view().state;
    let is_its = |row: &ParameterVersion| row.name == parameter.name && row.node == query.node;
    let items = state.parameter_history.iter().rev().filter(|(_, row)| is_its(row)).take(PAGE_ROWS_MAX);
    let items = items.map(|(version, row)| ParameterVersionView {
        version: *version,
        value: row.value.clone(),
        changed_by: row.changed_by.clone(),
        changed_at: from_ms(row.changed_ms),
    });
    Ok(web::Json(Page { items: items.collect(), next_cursor: None }))
}

/// Most parameters have to be equal on all nodes.
fn check_node(parameter: &Parameter, node: Option<NodeId>) -> Result<(), ApiError> {
    if node.is_none() || parameter.scope == Scope::ClusterOrNode {
        return Ok(());
    }
    let detail = format!("{} has one value for the whole cluster", parameter.name);
    Err(ApiError::invalid("node", detail).mend("leave the node out"))
}

fn find(name: &str) -> Result<&'static Parameter, ApiError> {
    match parameters::find(name) {
        Some(parameter) => Ok(parameter),
        // Made for its suggestion.
        None => Err(parameters::validate(name, "").err().map_or_else(|| ApiError::not_found(name), ApiError::from)),
    }
}

/// The value in force on a node, or for the cluster.
fn describe(parameter: &Parameter, node: Option<NodeId>, state: &State) -> ParameterView {
    let key = |node| (parameter.name.to_owned(), node);
    let in_force = state.parameter(parameter.name, node);
    let value = in_force.map_or(parameter.default, |row| row.value.as_str());
    // A change is conditional on the row that it changes.
    let row = state.parameters.get(&key(node));
    let own = state.parameters.range(key(Some(NodeId(0)))..=key(Some(NodeId(u64::MAX))));
    ParameterView {
        name: parameter.name.to_owned(),
        value: value.to_owned(),
        default: parameter.default.to_owned(),
        is_default: value == parameter.default,
        unit: parameter.unit.symbol().to_owned(),
        range: parameter.range(),
        scope: parameter.scope.name().to_owned(),
        help: parameter.help.to_owned(),
        version: row.map_or(0, |row| row.version),
        changed_by: row.map(|row| row.changed_by.clone()),
        changed_at: row.map(|row| from_ms(row.changed_ms)),
        nodes: own
            .filter_map(|((_, node), row)| {
                Some(NodeParameterView { node: (*node)?, value: row.value.clone(), version: row.version })
            })
            .collect(),
    }
}
