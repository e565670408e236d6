//! `transactionManager`: which nodes work on events; stopped and started node by node. A node whose Transaction Manager is
//! stopped votes, stores, serves partners and administers as before.

use actix_web::web;
use flotilla_config::parameters::Parameters;
use flotilla_model::{Command, Member, State};
use futures::future::join_all;

use super::done;
use crate::Admin;
use crate::api::{Done, ManagerOperation, ManagerState, ManagerView, Page, from_ms};
use crate::error::ApiError;
use crate::interface::{Routes, Tag};
use crate::nodes::{NodeAnswer, NodeRequest};
use crate::problems::Code;
use crate::server::{Body, Caller, Operate, Read, now_ms};

pub(super) fn add(routes: &mut Routes) {
    routes.chapter(Tag::Work);
    routes.get("/transactionManager", list).named("listTransactionManagers", "How the one of each node stands");
    routes
        .post("/transactionManager/operations/start", start)
        .named("startTransactionManager", "Has a node, or all, take events again")
        .refuses(&[Code::NotFound, Code::WrongState]);
    routes
        .post("/transactionManager/operations/stop", stop)
        .named("stopTransactionManager", "Has a node, or all, take no events any more")
        .refuses(&[Code::NotFound, Code::WrongState]);
}

/// Each node is asked itself, at the same time as the others.
pub(crate) async fn list(admin: web::Data<Admin>, _: Read) -> web::Json<Page<ManagerView>> {
    let state = admin.view().state;
    let members = state.servers().iter().filter_map(|node| state.members.get(node));
    let items = join_all(members.map(|member| describe(&admin, &state, member))).await;
    web::Json(Page { items, next_cursor: None })
}

async fn describe(admin: &Admin, state: &State, member: &Member) -> ManagerView {
    let stopped = state.stopped_tms.get(&member.id);
    let mut view = ManagerView {
        node: member.id,
        name: member.name.clone(),
        state: ManagerState::Unknown,
        busy: None,
        workers: None,
        stopped_at: stopped.map(|row| from_ms(row.since_ms)),
        drains_until: None,
        failure: None,
    };
    if !member.is_full() {
        view.state = ManagerState::None;
        return view;
    }
    match admin.ask(member.id, NodeRequest::Workers).await {
        Ok(NodeAnswer::Workers { workers, busy, is_claiming, is_drained }) => {
            (view.workers, view.busy) = (Some(workers), Some(busy));
            view.state = state_of(stopped.is_some(), is_claiming, is_drained);
            let draining = stopped.filter(|_| view.state == ManagerState::Draining);
            view.drains_until = draining.map(|row| from_ms(row.since_ms + patience_ms(state, member)));
        }
        Ok(_) => view.failure = Some("the node answered something else".to_owned()),
        Err(error) => view.failure = Some(error.detail),
    }
    view
}

/// A pool that claims has not heard of the stop yet: what it says of its work may be from before what it began last.
fn state_of(is_stopped: bool, is_claiming: bool, is_drained: bool) -> ManagerState {
    match (is_stopped, is_claiming, is_drained) {
        (true, false, true) => ManagerState::Stopped,
        (true, ..) => ManagerState::Draining,
        (false, true, _) => ManagerState::Running,
        (false, false, _) => ManagerState::Standby,
    }
}

/// How long what is begun may go on after a stop.
fn patience_ms(state: &State, member: &Member) -> u64 {
    let value = |name: &str| state.parameter(name, Some(member.id)).map(|row| row.value.clone());
    u64::try_from(Parameters(value).transaction_manager_shutdown_timeout().as_millis()).unwrap_or(u64::MAX)
}

pub(crate) async fn start(
    admin: web::Data<Admin>,
    Operate(caller): Operate,
    Body(operation): Body<ManagerOperation>,
) -> Result<web::Json<Done>, ApiError> {
    set(&admin, &caller, operation, false).await
}

pub(crate) async fn stop(
    admin: web::Data<Admin>,
    Operate(caller): Operate,
    Body(operation): Body<ManagerOperation>,
) -> Result<web::Json<Done>, ApiError> {
    set(&admin, &caller, operation, true).await
}

async fn set(
    admin: &Admin,
    caller: &Caller,
    operation: ManagerOperation,
    is_stopped: bool,
) -> Result<web::Json<Done>, ApiError> {
    let command = Command::SetTransactionManager { node: operation.node, is_stopped, now_ms: now_ms() };
    Ok(done(&admin.change(caller, command).await?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stopped_one_drains_until_its_pool_knows_of_the_stop_and_holds_nothing() {
        for (is_claiming, is_drained, expected) in [
            (true, true, ManagerState::Draining),
            (true, false, ManagerState::Draining),
            (false, false, ManagerState::Draining),
            (false, true, ManagerState::Stopped),
        ] {
            assert_eq!(state_of(true, is_claiming, is_drained), expected, "{is_claiming} {is_drained}");
        }
        assert_eq!(state_of(false, true, false), ManagerState::Running);
        assert_eq!(state_of(false, false, true), ManagerState::Standby);
    }
}
