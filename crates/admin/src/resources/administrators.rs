//! `administrators`: who may use this interface.

use actix_web::web;
use flotilla_model::{Administrator, Command};

use super::{done, name_in_path};
use crate::Admin;
use crate::api::{AdministratorChange, AdministratorView, Done, Page, from_ms};
use crate::error::ApiError;
use crate::interface::{Routes, Tag};
use crate::problems::Code;
use crate::server::{Administer, Body, Read, now_ms};

pub(super) fn add(routes: &mut Routes) {
    routes.chapter(Tag::Administrators);
    routes.get("/administrators", list).named("listAdministrators", "Who may use this interface");
    routes
        .put("/administrators/{name}", change)
        .named("putAdministrator", "Makes or changes an administrator")
        .explained("Everybody may set their own password, in person; the rest takes the role `administrator`. A new one needs a \
            password, and is an `auditor` unless told otherwise. A new password or a lower role ends their sessions.")
        .refuses(&[Code::Forbidden, Code::LastOfItsKind]);
    routes
        .delete("/administrators/{name}", remove)
        .named("deleteAdministrator", "Removes an administrator; the last stays")
        .refuses(&[Code::LastOfItsKind]);
    routes
        .post("/administrators/{name}/operations/unlock", unlock)
        .named("unlockAdministrator", "Lets somebody log in again who has failed too often");
}

pub(crate) async fn list(admin: web::Data<Admin>, _: Read) -> web::Json<Page<AdministratorView>> {
    let (state, now_ms) = (admin.view().state, now_ms());
    let describe = |row: &Administrator| AdministratorView {
        locked_until: state.locked_until(&row.name, now_ms).map(from_ms),
        has_second_factor: state.second_factor(&row.name).is_some(),
        ..described(row)
    };
    let items = state.administrators.values().map(describe).collect();
    web::Json(Page { items, next_cursor: None })
}

/// Everybody may change their own password; the rest takes an administrator.
pub(crate) async fn change(
    admin: web::Data<Admin>,
    Read(caller): Read,
    name: web::Path<String>,
    Body(change): Body<AdministratorChange>,
) -> Result<web::Json<Done>, ApiError> {
    let name = name_in_path(&name)?;
    if !caller.is_in_person(&name) || change.role.is_some() {
        caller.require_administrator()?;
    }
    let password_hash = match &change.password {
        Some(password) => Some(admin.parts().passwords.hash(password).await?),
        None => None,
    };
    // A new password is chosen by a person; without one the old duty to change it stays.
    let must_change = admin.view().state.administrators.get(&name).is_some_and(|row| row.must_change_password);
    let command = Command::PutAdministrator {
        name,
        must_change_password: must_change && password_hash.is_none(),
        password_hash,
        role: change.role,
        now_ms: now_ms(),
    };
    Ok(done(&admin.change(&caller, command).await?))
}

async fn remove(
    admin: web::Data<Admin>,
    Administer(caller): Administer,
    name: web::Path<String>,
) -> Result<web::Json<Done>, ApiError> {
    let name = name_in_path(&name)?;
    Ok(done(&admin.change(&caller, Command::RemoveAdministrator { name }).await?))
}

/// Lets them log in again who have failed too often.
async fn unlock(
    admin: web::Data<Admin>,
    Administer(caller): Administer,
    name: web::Path<String>,
) -> Result<web::Json<Done>, ApiError> {
    let name = name_in_path(&name)?;
    Ok(done(&admin.change(&caller, Command::UnlockAdministrator { name }).await?))
}

fn described(row: &Administrator) -> AdministratorView {
    AdministratorView {
        name: row.name.to_string(),
        role: row.role,
        must_change_password: row.must_change_password,
        created_at: from_ms(row.created_ms),
        version: row.version,
        locked_until: None,
        has_second_factor: false,
    }
}
