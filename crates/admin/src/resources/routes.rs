//! `routes`: what is done with the files that an account sends.

use actix_web::web;
use flotilla_model::{AccountName, Command, Route};

use super::{done, name_in_path, resource, steps};
use crate::Admin;
use crate::api::{Done, Page, RouteChange, RouteView};
use crate::error::ApiError;
use crate::server::{Administer, Body, Precondition, Read};

pub(super) fn configure(config: &mut web::ServiceConfig) {
    config
        .service(resource("/routes").get(list))
        .service(resource("/routes/{account}").get(show).put(change).delete(remove));
}

async fn list(admin: web::Data<Admin>, _: Read) -> web::Json<Page<RouteView>> {
    let state = admin.view().state;
    let items = state.routes.iter().map(|(account, route)| describe(account, route)).collect();
    web::Json(Page { items, next_cursor: None })
}

async fn show(admin: web::Data<Admin>, _: Read, account: web::Path<String>) -> Result<web::Json<RouteView>, ApiError> {
    let (account, state) = (name_in_path(&account)?, admin.view().state);
    let route = state.routes.get(&account);
    let route = route.ok_or_else(|| ApiError::not_found(format!("the account {account} has no route")))?;
    Ok(web::Json(describe(&account, route)))
}

async fn change(
    admin: web::Data<Admin>,
    _: Administer,
    account: web::Path<String>,
    Precondition(expected_version): Precondition,
    Body(change): Body<RouteChange>,
) -> Result<web::Json<Done>, ApiError> {
    let account = name_in_path(&account)?;
    let secrets = &admin.parts().secrets;
    let read = |(position, step)| steps::read(step, position, secrets);
    let steps = change.steps.into_iter().enumerate().map(read).collect::<Result<Vec<_>, _>>()?;
    Ok(done(&admin.propose(Command::PutRoute { account, steps, expected_version }).await?))
}

async fn remove(
    admin: web::Data<Admin>,
    _: Administer,
    account: web::Path<String>,
    Precondition(expected_version): Precondition,
) -> Result<web::Json<Done>, ApiError> {
    let account = name_in_path(&account)?;
    // No steps: no route.
    let command = Command::PutRoute { account, steps: Vec::new(), expected_version };
    Ok(done(&admin.propose(command).await?))
}

fn describe(account: &AccountName, route: &Route) -> RouteView {
    RouteView {
        account: account.to_string(),
        steps: route.steps.iter().map(steps::describe).collect(),
        version: route.version,
    }
}
