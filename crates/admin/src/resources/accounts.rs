//! `accounts`: the partners.

use actix_web::web;
use flotilla_model::{Account, Command, State};

use super::{done, name_in_path};
use crate::Admin;
use crate::api::{AccountChange, AccountView, Done, Page, from_ms};
use crate::error::ApiError;
use crate::interface::{Routes, Tag};
use crate::problems::Code;
use crate::server::{Administer, Body, Precondition, Read, now_ms};

pub(super) fn add(routes: &mut Routes) {
    routes.chapter(Tag::Accounts);
    routes.get("/accounts", list).named("listAccounts", "Accounts of partners, with what they use");
    routes.get("/accounts/{name}", show).named("getAccount", "One account");
    routes
        .put("/accounts/{name}", change)
        .named("putAccount", "Makes or changes an account")
        .explained("What is absent stays, `null` lifts a quota; a new account needs a password.");
    routes
        .delete("/accounts/{name}", remove)
        .named("deleteAccount", "Removes an account that has no files")
        .refuses(&[Code::AccountInUse]);
}

pub(crate) async fn list(admin: web::Data<Admin>, _: Read) -> web::Json<Page<AccountView>> {
    let state = admin.view().state;
    let items = state.accounts.values().map(|account| describe(account, &state)).collect();
    web::Json(Page { items, next_cursor: None })
}

async fn show(admin: web::Data<Admin>, _: Read, name: web::Path<String>) -> Result<web::Json<AccountView>, ApiError> {
    let (name, state) = (name_in_path(&name)?, admin.view().state);
    let account =
        state.accounts.get(&name).ok_or_else(|| ApiError::not_found(format!("there is no account {name}")))?;
    Ok(web::Json(describe(account, &state)))
}

pub(crate) async fn change(
    admin: web::Data<Admin>,
    Administer(caller): Administer,
    name: web::Path<String>,
    Precondition(expected_version): Precondition,
    Body(change): Body<AccountChange>,
) -> Result<web::Json<Done>, ApiError> {
    let name = name_in_path(&name)?;
    let password_hash = match &change.password {
        Some(password) => Some(admin.parts().passwords.hash(password).await?),
        None => None,
    };
    let command = Command::PutAccount {
        name,
        password_hash,
        enabled: change.is_enabled,
        quota_bytes: change.quota_bytes,
        quota_files: change.quota_files,
        expected_version,
        now_ms: now_ms(),
    };
    Ok(done(&admin.change(&caller, command).await?))
}

pub(crate) async fn remove(
    admin: web::Data<Admin>,
    Administer(caller): Administer,
    name: web::Path<String>,
) -> Result<web::Json<Done>, ApiError> {
    let name = name_in_path(&name)?;
    Ok(done(&admin.change(&caller, Command::RemoveAccount { name }).await?))
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
