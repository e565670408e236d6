//! `sessions`: log-ins of administrators in browsers.

use std::time::Instant;

use actix_web::http::StatusCode;
use actix_web::http::header::{SET_COOKIE, USER_AGENT};
use actix_web::{HttpRequest, HttpResponse, web};
use flotilla_config::parameters::Parameters;
use flotilla_credentials::random_bytes;
use flotilla_model::{Administrator, Command, FactorProof, LoginSession, LoginSessionId, Rejection};

use super::done;
use crate::Admin;
use crate::api::{CurrentSession, Done, Page, SessionRequest, SessionView, from_ms};
use crate::error::ApiError;
use crate::interface::{Routes, Tag};
use crate::ports::LedgerError;
use crate::problems::Code;
use crate::second_factor::proof_of;
use crate::server::{
    Anybody, Body, Caller, Credential, Read, bad_credentials, check_password, idle_timeout, now_ms, refuse_other_sites,
    remote_address, session_of,
};
use crate::session::{COOKIE, SessionCookie, draw_id};

pub(super) fn add(routes: &mut Routes) {
    routes.chapter(Tag::Administrators);
    routes.get("/sessions", list).named("listSessions", "Who is logged in, newest first");
    routes
        .post("/sessions", open)
        .named("openSession", "Logs in")
        .explained("The answer brings the cookie of the session, and as `csrf_token` what changes need in a header.")
        .answers_json::<CurrentSession>(StatusCode::CREATED, "The session")
        .answers_header(StatusCode::CREATED, "Set-Cookie", "The cookie of the session")
        .refuses(&[Code::BadCredentials, Code::SecondFactorRequired, Code::CrossSite, Code::TooManyRequests]);
    routes
        .get("/sessions/current", current)
        .named("getCurrentSession", "The session that asks, with its CSRF token")
        .refuses(&[Code::NotFound]);
    routes
        .delete("/sessions/current", end_current)
        .named("endCurrentSession", "Logs out")
        .answers_json::<Done>(StatusCode::OK, "It is ended")
        .answers_header(StatusCode::OK, "Set-Cookie", "Takes the cookie away")
        .refuses(&[Code::NotFound]);
    routes
        .delete("/sessions/{id}", end)
        .named("endSession", "Ends a session")
        .explained("One's own; anybody's with the role `administrator`.")
        .refuses(&[Code::Forbidden]);
}

pub(crate) async fn open(
    admin: web::Data<Admin>,
    request: HttpRequest,
    Body(login): Body<SessionRequest>,
) -> Result<HttpResponse, ApiError> {
    refuse_other_sites(&request)?;
    let remote = remote_address(&request);
    let row = check_password(&admin, &login.name, &login.password, &remote).await?;
    let (now_ms, state) = (now_ms(), admin.view().state);
    let proof = second_factor(&admin, &row, login.code.as_deref(), &remote, now_ms)?;
    let lifetime = Parameters(|name: &str| state.parameter(name, None).map(|row| row.value.clone())).session_lifetime();
    let id = draw_id(now_ms).map_err(|error| ApiError::internal(error.to_string()))?;
    let csrf = random_bytes().map_err(|error| ApiError::internal(error.to_string()))?;
    let user_agent = request.headers().get(USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let command = Command::OpenLoginSession {
        id,
        administrator: row.name.clone(),
        administrator_version: row.version,
        expires_ms: now_ms.saturating_add(lifetime.as_secs() * 1000),
        remote: remote.clone(),
        user_agent: user_agent.to_owned(),
        proof,
        now_ms,
    };
    let caller = Caller::with_password(&row, proof, remote.clone());
    admin.propose(&caller, command).await.map_err(|error| told(&admin, &row, proof, &remote, error))?;
    let cookie = SessionCookie { id, csrf, given_ms: now_ms };
    let sealed = COOKIE
        .seal(&cookie, &admin.parts().secrets.current())
        .map_err(|error| ApiError::internal(error.to_string()))?;
    let session = describe_current(&admin, &row, &cookie)?;
    Ok(HttpResponse::Created().insert_header((SET_COOKIE, COOKIE.set(&sealed))).json(session))
}

/// What stands beside the password: nothing, if the administrator needs nothing.
fn second_factor(
    admin: &Admin,
    row: &Administrator,
    code: Option<&str>,
    remote: &str,
    now_ms: u64,
) -> Result<Option<FactorProof>, ApiError> {
    let state = admin.view().state;
    let Some(factor) = state.second_factor(&row.name) else { return Ok(None) };
    let code = code.ok_or_else(|| code_needed(&Rejection::SecondFactorMissing { name: row.name.clone() }))?;
    let proof = proof_of(&row.name, factor, code, &admin.parts().secrets.current(), now_ms);
    if proof.is_none() {
        admin.login_guard().refused(row.name.as_str(), Some(&row.name), remote, Instant::now());
    }
    proof.map(Some).ok_or_else(bad_credentials)
}

fn code_needed(rejection: &Rejection) -> ApiError {
    ApiError::new(Code::SecondFactorRequired, rejection.to_string())
        .at("code")
        .mend("send the code that the authenticator shows now, or a recovery code")
}

/// Between the check of the password and the log, somebody may have locked the name, changed the password, or used the code.
fn told(admin: &Admin, row: &Administrator, proof: Option<FactorProof>, remote: &str, error: LedgerError) -> ApiError {
    match error {
        LedgerError::Rejected(
            Rejection::LoginLocked { .. } | Rejection::VersionConflict { .. } | Rejection::NoSuchAdministrator { .. },
        ) => bad_credentials(),
        LedgerError::Rejected(rejection @ (Rejection::CodeUsed | Rejection::SecondFactorMissing { .. })) => {
            admin.login_guard().refused(row.name.as_str(), Some(&row.name), remote, Instant::now());
            // A recovery code that was used is like one that never was: also on a node that has not heard of its use yet.
            let is_gone = matches!(proof, Some(FactorProof::RecoveryCode { .. }));
            if is_gone { bad_credentials() } else { code_needed(&rejection) }
        }
        other => other.into(),
    }
}

pub(crate) async fn list(admin: web::Data<Admin>, request: HttpRequest, _: Read) -> web::Json<Page<SessionView>> {
    let own = session_of(&admin, &request).map(|opened| opened.cookie.id);
    let (state, now_ms) = (admin.view().state, now_ms());
    let rows = state.login_sessions.iter().rev().filter(|(_, session)| session.expires_ms > now_ms);
    let items = rows.map(|(id, session)| describe(*id, session, own)).collect();
    web::Json(Page { items, next_cursor: None })
}

async fn current(
    admin: web::Data<Admin>,
    request: HttpRequest,
    Anybody(caller): Anybody,
) -> Result<web::Json<CurrentSession>, ApiError> {
    let cookie = own_cookie(&admin, &request, &caller)?;
    let state = admin.view().state;
    let session = state.login_sessions.get(&cookie.id).ok_or_else(no_session)?;
    let row = state.administrators.get(&session.administrator).ok_or_else(no_session)?;
    describe_current(&admin, row, &cookie).map(web::Json)
}

pub(crate) async fn end_current(
    admin: web::Data<Admin>,
    request: HttpRequest,
    Anybody(caller): Anybody,
) -> Result<HttpResponse, ApiError> {
    let cookie = own_cookie(&admin, &request, &caller)?;
    let applied = admin.change(&caller, Command::EndLoginSession { id: cookie.id }).await?;
    Ok(HttpResponse::Ok().insert_header((SET_COOKIE, COOKIE.cleared())).json(done(&applied)))
}

/// One's own, or as an administrator anybody's.
pub(crate) async fn end(
    admin: web::Data<Admin>,
    Anybody(caller): Anybody,
    id: web::Path<String>,
) -> Result<web::Json<Done>, ApiError> {
    let id = LoginSessionId::parse(&id).ok_or_else(|| ApiError::invalid("id", "this is no id of a session"))?;
    let state = admin.view().state;
    let is_own = state.login_sessions.get(&id).is_some_and(|session| caller.is_in_person(&session.administrator));
    if !is_own {
        caller.require_administrator()?;
    }
    Ok(done(&admin.change(&caller, Command::EndLoginSession { id }).await?))
}

fn own_cookie(admin: &Admin, request: &HttpRequest, caller: &Caller) -> Result<SessionCookie, ApiError> {
    let is_session = matches!(caller.credential, Credential::Session(_));
    let opened = session_of(admin, request).filter(|_| is_session);
    opened.map(|opened| opened.cookie).ok_or_else(no_session)
}

fn no_session() -> ApiError {
    ApiError::new(Code::NotFound, "this request belongs to no session").mend("open one: POST sessions")
}

fn describe(id: LoginSessionId, session: &LoginSession, own: Option<LoginSessionId>) -> SessionView {
    SessionView {
        id: id.to_string(),
        administrator: session.administrator.to_string(),
        created_at: from_ms(session.created_ms),
        expires_at: from_ms(session.expires_ms),
        remote: session.remote.clone(),
        user_agent: session.user_agent.clone(),
        has_second_factor: session.has_second_factor,
        is_current: own == Some(id),
    }
}

fn describe_current(admin: &Admin, row: &Administrator, cookie: &SessionCookie) -> Result<CurrentSession, ApiError> {
    let state = admin.view().state;
    let session = state.login_sessions.get(&cookie.id).ok_or_else(no_session)?;
    Ok(CurrentSession {
        view: describe(cookie.id, session, Some(cookie.id)),
        role: row.role,
        csrf_token: cookie.csrf_text(),
        idle_timeout_s: idle_timeout(&state).as_secs(),
        must_change_password: row.must_change_password,
    })
}
