//! `accounts/NAME/sessions`: partners who are logged in with a browser.

use actix_web::web;
use flotilla_model::{Command, LoginSessionId};

use super::{accounts, done, name_in_path};
use crate::Admin;
use crate::api::{Done, Page, PartnerSessionView, from_ms};
use crate::error::ApiError;
use crate::interface::{Routes, Tag};
use crate::server::{AdministerOf, ReadOf, now_ms};

pub(super) fn add(routes: &mut Routes) {
    routes.chapter(Tag::Accounts);
    routes
        .get("/accounts/{name}/sessions", list)
        .named("listAccountSessions", "Who is logged in on the partner's page with this account, newest first");
    routes
        .delete("/accounts/{name}/sessions/{id}", end)
        .named("endAccountSession", "Ends a log-in on the partner's page")
        .explained("On every node at once. Another password for the account ends all of its sessions.");
}

pub(crate) async fn list(
    admin: web::Data<Admin>,
    ReadOf(scope): ReadOf,
    name: web::Path<String>,
) -> Result<web::Json<Page<PartnerSessionView>>, ApiError> {
    let name = name_in_path(&name)?;
    scope.require(&name)?;
    let (state, now_ms) = (admin.view().state, now_ms());
    accounts::find(&state, &name)?;
    let rows = state.partner_sessions.iter().rev();
    let own = rows.filter(|(_, row)| row.account == name && row.expires_ms > now_ms);
    let describe = |(id, row): (&LoginSessionId, &flotilla_model::PartnerSession)| PartnerSessionView {
        id: id.to_string(),
        created_at: from_ms(row.created_ms),
        expires_at: from_ms(row.expires_ms),
        remote: row.remote.clone(),
        user_agent: row.user_agent.clone(),
    };
    Ok(web::Json(Page { items: own.map(describe).collect(), next_cursor: None }))
}

pub(crate) async fn end(
    admin: web::Data<Admin>,
    AdministerOf(caller, scope): AdministerOf,
    path: web::Path<(String, String)>,
) -> Result<web::Json<Done>, ApiError> {
    let (name, id) = path.into_inner();
    let name = name_in_path(&name)?;
    scope.require(&name)?;
    let missing = || ApiError::not_found(format!("account {name} has no session {id:.40}"));
    let id = LoginSessionId::parse(&id).ok_or_else(missing)?;
    let is_own = admin.view().state.partner_sessions.get(&id).is_some_and(|row| row.account == name);
    if !is_own {
        return Err(missing());
    }
    Ok(done(&admin.change(&caller, Command::EndPartnerSession { id }).await?))
}
