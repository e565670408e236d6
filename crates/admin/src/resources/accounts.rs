//! `accounts`: the partners.

use actix_web::web;
use flotilla_model::{Account, AccountName, Command, State, VersionedRow};

use super::{MakeCommand, amend, changed, done, if_version, name_in_path, page_size};
use crate::Admin;
use crate::api::{AccountChange, AccountView, AccountsQuery, Done, Page, from_ms};
use crate::error::ApiError;
use crate::interface::{Routes, Tag};
use crate::problems::Code;
use crate::server::{
    Administer, AdministerOf, Body, IfMatch, MergePatch, Patch, Precondition, ReadOf, Scope, Versioned, now_ms,
};

pub(super) fn add(routes: &mut Routes) {
    routes.chapter(Tag::Accounts);
    routes.get("/accounts", list).named("listAccounts", "Accounts of partners, with what they use");
    routes.get("/accounts/{name}", show).named("getAccount", "One account");
    routes
        .put("/accounts/{name}", change)
        .named("putAccount", "Makes or changes an account")
        .explained("What is absent stays, `null` lifts a quota; a new account needs a password. A delegate sets the password of an account of \
            theirs, and nothing else.");
    routes
        .patch("/accounts/{name}", patch)
        .named("patchAccount", "Changes an account that is there")
        .explained("`null` lifts a quota. A delegate sets the password, and nothing else.");
    routes
        .delete("/accounts/{name}", remove)
        .named("deleteAccount", "Removes an account that has no files")
        .refuses(&[Code::AccountInUse]);
}

/// By name.
pub(crate) async fn list(
    admin: web::Data<Admin>,
    ReadOf(scope): ReadOf,
    query: web::Query<AccountsQuery>,
) -> Result<web::Json<Page<AccountView>>, ApiError> {
    let limit = query.limit.map(|limit| page_size(Some(limit))).transpose()?.unwrap_or(usize::MAX);
    let is_wanted = |row: &&Account| {
        let name = row.name.as_str();
        scope.covers(&row.name)
            && query.after.as_deref().is_none_or(|after| name > after)
            && query.contains.as_deref().is_none_or(|part| name.contains(part))
    };
    let state = admin.view().state;
    let rows = state.accounts.values().filter(is_wanted).take(limit);
    let items = rows.map(|account| describe(account, &state)).collect();
    Ok(web::Json(Page { items, next_cursor: None }))
}

pub(crate) async fn show(
    admin: web::Data<Admin>,
    ReadOf(scope): ReadOf,
    name: web::Path<String>,
) -> Result<Versioned<AccountView>, ApiError> {
    let (name, state) = (name_in_path(&name)?, admin.view().state);
    scope.require(&name)?;
    let document = describe(find(&state, &name)?, &state);
    Ok(Versioned { version: Some(document.version), document })
}

pub(crate) async fn change(
    admin: web::Data<Admin>,
    AdministerOf(caller, scope): AdministerOf,
    name: web::Path<String>,
    Precondition(expected_version): Precondition,
    Body(change): Body<AccountChange>,
) -> Result<Versioned<Done>, ApiError> {
    let name = name_in_path(&name)?;
    require(&scope, &name, &change)?;
    let password_hash = hash(&admin, change.password.as_deref()).await?;
    let command = command(name, change, password_hash, expected_version);
    Ok(changed(&admin.change(&caller, command).await?))
}

async fn patch(
    admin: web::Data<Admin>,
    AdministerOf(caller, scope): AdministerOf,
    name: web::Path<String>,
    IfMatch(expected_version): IfMatch,
    MergePatch(change): MergePatch<AccountChange>,
) -> Result<Versioned<Done>, ApiError> {
    let name = name_in_path(&name)?;
    require(&scope, &name, &change)?;
    let password_hash = hash(&admin, change.password.as_deref()).await?;
    let make = |state: &State| {
        let version = find(state, &name)?.version;
        let (name, change, hash) = (name.clone(), change.clone(), password_hash.clone());
        let command: MakeCommand = Box::new(move |version| command(name, change, hash, Some(version)));
        Ok((version, command))
    };
    Ok(changed(&amend(&admin, &caller, expected_version, make).await?))
}

/// A delegate gives an account of theirs another password, and no more.
fn require(scope: &Scope, name: &AccountName, change: &AccountChange) -> Result<(), ApiError> {
    scope.require(name)?;
    let AccountChange { password: _, is_enabled, quota_bytes, quota_files } = change;
    if scope.is_of_delegate() && (is_enabled.is_some() || quota_bytes.is_some() || quota_files.is_some()) {
        let detail = "a delegate changes the password of an account, and nothing else of it";
        return Err(ApiError::new(Code::Forbidden, detail).mend("ask an administrator"));
    }
    Ok(())
}

impl Patch for AccountChange {
    const REMOVABLE: &'static [&'static str] = &["quota_bytes", "quota_files"];
}

async fn hash(admin: &Admin, password: Option<&str>) -> Result<Option<String>, ApiError> {
    match password {
        Some(password) => Ok(Some(admin.parts().passwords.hash(password).await?)),
        None => Ok(None),
    }
}

fn command(
    name: AccountName,
    change: AccountChange,
    password_hash: Option<String>,
    expected_version: Option<u64>,
) -> Command {
    Command::PutAccount {
        name,
        password_hash,
        enabled: change.is_enabled,
        quota_bytes: change.quota_bytes,
        quota_files: change.quota_files,
        expected_version,
        now_ms: now_ms(),
    }
}

pub(crate) async fn remove(
    admin: web::Data<Admin>,
    Administer(caller): Administer,
    name: web::Path<String>,
    IfMatch(expected_version): IfMatch,
) -> Result<web::Json<Done>, ApiError> {
    let name = name_in_path(&name)?;
    let row = VersionedRow::Account(name.clone());
    let command = if_version(row, expected_version, Command::RemoveAccount { name });
    Ok(done(&admin.change(&caller, command).await?))
}

pub(super) fn find<'a>(state: &'a State, name: &AccountName) -> Result<&'a Account, ApiError> {
    state.accounts.get(name).ok_or_else(|| ApiError::not_found(format!("there is no account {name}")))
}

fn describe(account: &Account, state: &State) -> AccountView {
    let usage = state.usage(&account.name);
    AccountView {
        name: account.name.to_string(),
        is_enabled: account.enabled,
        quota_bytes: account.quota_bytes,
        quota_files: account.quota_files,
        used_bytes: usage.bytes,
        used_files: usage.files,
        created_at: from_ms(account.created_ms),
        version: account.version,
    }
}
