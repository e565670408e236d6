//! `configurations/options`: the parameter catalogue with the values in force.

use actix_web::web;
use flotilla_config::parameters::{self, CATALOGUE, Parameter, Scope};
use flotilla_model::{Command, State};

use super::{done, resource};
use crate::Admin;
use crate::api::{Done, Page, ParameterChange, ParameterView, from_ms};
use crate::error::ApiError;
use crate::server::{Administer, Body, Precondition, Read, now_ms};

pub(super) fn configure(config: &mut web::ServiceConfig) {
    config
        .service(resource("/configurations/options").get(list))
        .service(resource("/configurations/options/{name}").get(show).put(change));
}

async fn list(admin: web::Data<Admin>, _: Read) -> web::Json<Page<ParameterView>> {
    let view = admin.view();
    let items = CATALOGUE.iter().map(|parameter| describe(parameter, &view.state)).collect();
    web::Json(Page { items, next_cursor: None })
}

async fn show(admin: web::Data<Admin>, _: Read, name: web::Path<String>) -> Result<web::Json<ParameterView>, ApiError> {
    let parameter = find(&name)?;
    Ok(web::Json(describe(parameter, &admin.view().state)))
}

async fn change(
    admin: web::Data<Admin>,
    Administer(caller): Administer,
    name: web::Path<String>,
    Precondition(expected_version): Precondition,
    Body(change): Body<ParameterChange>,
) -> Result<web::Json<Done>, ApiError> {
    let parameter = find(&name)?;
    let value = match &change.value {
        Some(text) => Some(parameters::validate(parameter.name, text)?.to_string()),
        None => None,
    };
    let command = Command::SetParameter {
        name: parameter.name.to_owned(),
        node: None,
        value,
        expected_version,
        changed_by: caller.name,
        now_ms: now_ms(),
    };
    Ok(done(&admin.propose(command).await?))
}

fn find(name: &str) -> Result<&'static Parameter, ApiError> {
    match parameters::find(name) {
        Some(parameter) => Ok(parameter),
        // Made for its suggestion.
        None => Err(parameters::validate(name, "").err().map_or_else(|| ApiError::not_found(name), ApiError::from)),
    }
}

fn describe(parameter: &Parameter, state: &State) -> ParameterView {
    let row = state.parameter(parameter.name, None);
    let value = row.map_or(parameter.default, |row| row.value.as_str());
    ParameterView {
        name: parameter.name.to_owned(),
        value: value.to_owned(),
        default: parameter.default.to_owned(),
        is_default: value == parameter.default,
        unit: parameter.unit.symbol().to_owned(),
        range: parameter.range(),
        scope: match parameter.scope {
            Scope::Cluster => "cluster".to_owned(),
            Scope::Local => "local".to_owned(),
        },
        help: parameter.help.to_owned(),
        version: row.map_or(0, |row| row.version),
        changed_by: row.map(|row| row.changed_by.clone()),
        changed_at: row.map(|row| from_ms(row.changed_ms)),
    }
}
