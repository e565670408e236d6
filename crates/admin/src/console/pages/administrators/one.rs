//! One administrator: role, password, whether they are let in.

use actix_web::web;
use askama::Template;
use flotilla_model::AdministratorRole;
use serde::Deserialize;

use super::{PATH, ROLES, differ, of_name};
use crate::api::{AdministratorChange, AdministratorView};
use crate::console::{Answer, Form, Frame, Section, Visitor, filters, page, see_other};
use crate::resources::{administrators, second_factor};
use crate::server::{Body, IfMatch, Precondition};

pub(super) fn configure(config: &mut web::ServiceConfig) {
    config
        .service(web::resource("/administrators/{name}").get(show))
        .service(web::resource("/administrators/{name}/role").post(set_role))
        .service(web::resource("/administrators/{name}/password").post(set_password))
        .service(web::resource("/administrators/{name}/{deed}").post(act));
}

type Name = web::Path<String>;

#[derive(Template)]
#[template(path = "administrator.html")]
struct AdministratorPage {
    frame: Frame,
    row: AdministratorView,
    roles: [AdministratorRole; 3],
}

async fn show(visitor: Visitor, name: Name) -> Answer {
    let frame = visitor.frame(name.as_str(), Section::Administrators);
    let row = administrators::show(visitor.admin.clone(), visitor.anybody()?, name).await?.document;
    Ok(page(&AdministratorPage { frame, row, roles: ROLES }))
}

#[derive(Deserialize)]
struct Role {
    role: AdministratorRole,
    version: u64,
}

async fn set_role(Form { visitor, fields }: Form<Role>, name: Name) -> Answer {
    let change = AdministratorChange { role: Some(fields.role), ..AdministratorChange::default() };
    let (path, expected) = (of_name(&name, "administrator-saved"), Precondition(Some(fields.version)));
    administrators::change(visitor.admin.clone(), visitor.anybody()?, name, expected, Body(change)).await?;
    Ok(see_other(&path))
}

#[derive(Deserialize)]
struct NewPassword {
    password: String,
    again: String,
    must_change: Option<String>,
}

async fn set_password(Form { visitor, fields }: Form<NewPassword>, name: Name) -> Answer {
    if fields.password != fields.again {
        return Err(differ().into());
    }
    let change = AdministratorChange {
        password: Some(fields.password),
        must_change_password: Some(fields.must_change.is_some()),
        ..AdministratorChange::default()
    };
    let path = of_name(&name, "password-reset");
    administrators::change(visitor.admin.clone(), visitor.anybody()?, name, Precondition(None), Body(change)).await?;
    Ok(see_other(&path))
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Deed {
    Disable,
    Enable,
    Unlock,
    ResetSecondFactor,
    Remove,
}

#[derive(Deserialize)]
struct Nothing {}

async fn act(Form { visitor, fields: Nothing {} }: Form<Nothing>, path: web::Path<(String, Deed)>) -> Answer {
    let (name, deed) = path.into_inner();
    let (admin, administer, of) = (visitor.admin.clone(), visitor.administer()?, Name::from(name.clone()));
    let done = match deed {
        Deed::Disable => administrators::disable(admin, administer, of).await.map(|_| "administrator-disabled")?,
        Deed::Enable => administrators::enable(admin, administer, of).await.map(|_| "administrator-enabled")?,
        Deed::Unlock => administrators::unlock(admin, administer, of).await.map(|_| "administrator-unlocked")?,
        Deed::ResetSecondFactor => second_factor::reset(admin, administer, of).await.map(|_| "second-factor-reset")?,
        Deed::Remove => {
            administrators::remove(admin, administer, of, IfMatch(None)).await?;
            return Ok(see_other(&format!("{PATH}?done=administrator-removed")));
        }
    };
    Ok(see_other(&of_name(&name, done)))
}
