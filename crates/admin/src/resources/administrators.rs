//! `administrators`: who may use this interface.

use actix_web::web;
use flotilla_model::{AccountName, Administrator, AdministratorRole, Command, State, VersionedRow};

use super::{MakeCommand, amend, changed, done, if_version, name_in_path};
use crate::Admin;
use crate::api::{AdministratorChange, AdministratorView, Done, Page, from_ms};
use crate::error::ApiError;
use crate::interface::{Routes, Tag};
use crate::problems::Code;
use crate::server::{
    Administer, Anybody, Body, Caller, IfMatch, MergePatch, Patch, Precondition, Read, Versioned, now_ms,
};

pub(super) fn add(routes: &mut Routes) {
    routes.chapter(Tag::Administrators);
    routes.get("/administrators", list).named("listAdministrators", "Who may use this interface");
    routes
        .get("/administrators/{name}", show)
        .named("getAdministrator", "One administrator")
        .explained("One's own; anybody with the role `auditor`.")
        .refuses(&[Code::Forbidden]);
    routes
        .put("/administrators/{name}", change)
        .named("putAdministrator", "Makes or changes an administrator")
        .explained("Everybody may set their own password, in person; the rest takes the role `administrator`. A new one needs a \
            password, and is an `auditor` unless told otherwise. A new password or another role ends their sessions. A `delegate` sees and steers what \
            belongs to `accounts`, and nothing else; accounts that are not named any more are theirs no longer at once.")
        .refuses(&[Code::Forbidden, Code::LastOfItsKind]);
    routes
        .patch("/administrators/{name}", patch)
        .named("patchAdministrator", "Changes an administrator who is there")
        .explained("Everybody may set their own password, in person; the rest takes the role `administrator`.")
        .refuses(&[Code::Forbidden, Code::LastOfItsKind]);
    routes
        .delete("/administrators/{name}", remove)
        .named("deleteAdministrator", "Removes an administrator; the last stays")
        .refuses(&[Code::LastOfItsKind]);
    routes
        .post("/administrators/{name}/operations/unlock", unlock)
        .named("unlockAdministrator", "Lets somebody log in again who has failed too often");
    routes
        .post("/administrators/{name}/operations/disable", disable)
        .named("disableAdministrator", "Shuts somebody out")
        .explained("They cannot log in; their sessions and API tokens end. The last who may administer stays.")
        .refuses(&[Code::LastOfItsKind]);
    routes
        .post("/administrators/{name}/operations/enable", enable)
        .named("enableAdministrator", "Lets somebody in again who was disabled, with the same password");
}

pub(crate) async fn list(admin: web::Data<Admin>, _: Read) -> web::Json<Page<AdministratorView>> {
    let (state, now_ms) = (admin.view().state, now_ms());
    let items = state.administrators.values().map(|row| describe(row, &state, now_ms)).collect();
    web::Json(Page { items, next_cursor: None })
}

pub(crate) async fn show(
    admin: web::Data<Admin>,
    Anybody(caller): Anybody,
    name: web::Path<String>,
) -> Result<Versioned<AdministratorView>, ApiError> {
    let (name, state) = (name_in_path(&name)?, admin.view().state);
    if caller.name != name.as_str() {
        caller.require_auditor()?;
    }
    let document = describe(find(&state, &name)?, &state, now_ms());
    Ok(Versioned { version: Some(document.version), document })
}

pub(crate) async fn change(
    admin: web::Data<Admin>,
    Anybody(caller): Anybody,
    name: web::Path<String>,
    Precondition(expected_version): Precondition,
    Body(change): Body<AdministratorChange>,
) -> Result<Versioned<Done>, ApiError> {
    let name = name_in_path(&name)?;
    require(&caller, &name, &change)?;
    let password_hash = hash(&admin, change.password.as_deref()).await?;
    let command = command(&admin.view().state, &name, &change, password_hash)?;
    let command = if_version(VersionedRow::Administrator(name), expected_version, command);
    Ok(changed(&admin.change(&caller, command).await?))
}

async fn patch(
    admin: web::Data<Admin>,
    Anybody(caller): Anybody,
    name: web::Path<String>,
    IfMatch(expected_version): IfMatch,
    MergePatch(change): MergePatch<AdministratorChange>,
) -> Result<Versioned<Done>, ApiError> {
    let name = name_in_path(&name)?;
    require(&caller, &name, &change)?;
    let password_hash = hash(&admin, change.password.as_deref()).await?;
    let make = |state: &State| {
        let version = find(state, &name)?.version;
        let (row, command) =
            (VersionedRow::Administrator(name.clone()), command(state, &name, &change, password_hash.clone())?);
        let make: MakeCommand = Box::new(move |version| if_version(row, Some(version), command));
        Ok((version, make))
    };
    Ok(changed(&amend(&admin, &caller, expected_version, make).await?))
}

impl Patch for AdministratorChange {
    const REMOVABLE: &'static [&'static str] = &[];
}

/// Everybody may change their own password; the rest takes an administrator.
fn require(caller: &Caller, name: &AccountName, change: &AdministratorChange) -> Result<(), ApiError> {
    let is_password = change.role.is_none() && change.accounts.is_none();
    if caller.is_in_person(name) && is_password { Ok(()) } else { caller.require_administrator() }
}

async fn hash(admin: &Admin, password: Option<&str>) -> Result<Option<String>, ApiError> {
    match password {
        Some(password) => Ok(Some(admin.parts().passwords.hash(password).await?)),
        None => Ok(None),
    }
}

fn command(
    state: &State,
    name: &AccountName,
    change: &AdministratorChange,
    password_hash: Option<String>,
) -> Result<Command, ApiError> {
    let row = state.administrators.get(name);
    // A new password is chosen by a person; without one the old duty to change it stays.
    let must_change = row.is_some_and(|row| row.must_change_password) && password_hash.is_none();
    let must_change_password = change.must_change_password.unwrap_or(must_change);
    let (name, now_ms) = (name.clone(), now_ms());
    if change.role.or(row.map(|row| row.role)) == Some(AdministratorRole::Delegate) {
        let accounts = match &change.accounts {
            Some(accounts) => accounts.iter().map(|account| account_of(account)).collect::<Result<_, _>>()?,
            None => state.delegated_accounts(&name).into_iter().collect(),
        };
        return Ok(Command::PutDelegate { name, password_hash, must_change_password, accounts, now_ms });
    }
    if change.accounts.is_some() {
        let error = ApiError::invalid("accounts", "only a delegate looks after named accounts");
        return Err(error.mend("give them the role delegate, or leave the accounts out"));
    }
    Ok(Command::PutAdministrator { name, must_change_password, password_hash, role: change.role, now_ms })
}

fn account_of(text: &str) -> Result<AccountName, ApiError> {
    AccountName::parse(text).map_err(|error| ApiError::invalid("accounts", error.to_string()))
}

pub(crate) async fn remove(
    admin: web::Data<Admin>,
    Administer(caller): Administer,
    name: web::Path<String>,
    IfMatch(expected_version): IfMatch,
) -> Result<web::Json<Done>, ApiError> {
    let name = name_in_path(&name)?;
    let row = VersionedRow::Administrator(name.clone());
    let command = if_version(row, expected_version, Command::RemoveAdministrator { name });
    Ok(done(&admin.change(&caller, command).await?))
}

/// Lets them log in again who have failed too often.
pub(crate) async fn unlock(
    admin: web::Data<Admin>,
    Administer(caller): Administer,
    name: web::Path<String>,
) -> Result<web::Json<Done>, ApiError> {
    let name = name_in_path(&name)?;
    Ok(done(&admin.change(&caller, Command::UnlockAdministrator { name }).await?))
}

pub(crate) async fn disable(
    admin: web::Data<Admin>,
    Administer(caller): Administer,
    name: web::Path<String>,
) -> Result<web::Json<Done>, ApiError> {
    set_enabled(&admin, &caller, &name, false).await
}

pub(crate) async fn enable(
    admin: web::Data<Admin>,
    Administer(caller): Administer,
    name: web::Path<String>,
) -> Result<web::Json<Done>, ApiError> {
    set_enabled(&admin, &caller, &name, true).await
}

async fn set_enabled(
    admin: &Admin,
    caller: &Caller,
    name: &str,
    is_enabled: bool,
) -> Result<web::Json<Done>, ApiError> {
    let command = Command::SetAdministratorEnabled { name: name_in_path(name)?, is_enabled, now_ms: now_ms() };
    Ok(done(&admin.change(caller, command).await?))
}

fn find<'a>(state: &'a State, name: &AccountName) -> Result<&'a Administrator, ApiError> {
    state.administrators.get(name).ok_or_else(|| ApiError::not_found(format!("there is no administrator {name}")))
}

fn describe(row: &Administrator, state: &State, now_ms: u64) -> AdministratorView {
    AdministratorView {
        name: row.name.to_string(),
        role: row.role,
        must_change_password: row.must_change_password,
        is_enabled: row.is_enabled(),
        created_at: from_ms(row.created_ms),
        version: row.version,
        locked_until: state.locked_until(&row.name, now_ms).map(from_ms),
        has_second_factor: state.second_factor(&row.name).is_some(),
        accounts: (row.role == AdministratorRole::Delegate)
            .then(|| state.delegated_accounts(&row.name).iter().map(ToString::to_string).collect()),
    }
}
