//! The cookie of a session, on a request.

use std::time::Duration;

use actix_web::http::Method;
use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpMessage, HttpRequest};
use flotilla_config::parameters::Parameters;
use flotilla_model::{Administrator, LoginSession, State};
use subtle::ConstantTimeEq;

use super::{Caller, Credential, remote_address};
use crate::error::ApiError;
use crate::problems::Code;
use crate::server::{Admin, now_ms};
use crate::session::{COOKIE, Opened, SessionCookie};

const CSRF_HEADER: &str = "x-csrf-token";
/// So long after a log-in a node that does not know the session asks whether it is behind.
const FRESH_MS: u64 = 10_000;
/// A cookie is given out anew after a tenth of the time for which it may lie idle: requests in between cost nothing, and the end
/// comes at most a tenth early.
const RENEWALS_PER_IDLE_TIMEOUT: u32 = 10;

/// Waits on the request for its answer.
pub(crate) struct RenewedCookie(pub(crate) HeaderValue);

/// The session of a request: what its cookie says.
pub(crate) fn session_of(admin: &Admin, request: &HttpRequest) -> Option<Opened> {
    let secrets = admin.parts().secrets.current();
    let headers = request.headers().get_all(header::COOKIE);
    let value = headers.filter_map(|value| value.to_str().ok()).find_map(|header| COOKIE.find(header))?;
    COOKIE.open(value, &secrets)
}

pub(crate) fn idle_timeout(state: &State) -> Duration {
    Parameters(|name: &str| state.parameter(name, None).map(|row| row.value.clone())).session_idle_timeout()
}

/// `None`: there is no cookie of ours.
pub(super) async fn by_cookie(
    admin: &Admin,
    request: &HttpRequest,
    csrf_token: &[u8],
) -> Option<Result<Caller, ApiError>> {
    let has_cookie = request
        .headers()
        .get_all(header::COOKIE)
        .any(|value| value.to_str().ok().and_then(|header| COOKIE.find(header)).is_some_and(|value| !value.is_empty()));
    if !has_cookie {
        return None;
    }
    let Some(opened) = session_of(admin, request) else { return Some(Err(is_over())) };
    Some(identify(admin, request, opened, csrf_token).await)
}

async fn identify(admin: &Admin, request: &HttpRequest, opened: Opened, csrf_token: &[u8]) -> Result<Caller, ApiError> {
    let (cookie, now_ms) = (opened.cookie, now_ms());
    let mut state = admin.view().state;
    // The log-in may have been at another node a moment ago.
    if !state.login_sessions.contains(&cookie.id) && now_ms.saturating_sub(cookie.given_ms) < FRESH_MS {
        state = admin.fresh_view().await?.state;
    }
    let idle_ms = u64::try_from(idle_timeout(&state).as_millis()).unwrap_or(u64::MAX);
    let age_ms = now_ms.saturating_sub(cookie.given_ms);
    let (_, row) = in_force(&state, &cookie, now_ms).filter(|_| age_ms < idle_ms).ok_or_else(is_over)?;
    require_csrf_token(request, &cookie, csrf_token)?;
    if age_ms >= idle_ms / u64::from(RENEWALS_PER_IDLE_TIMEOUT) || !opened.is_current {
        renew(admin, request, &SessionCookie { given_ms: now_ms, ..cookie });
    }
    Ok(Caller {
        name: row.name.to_string(),
        remote: remote_address(request),
        role: row.role,
        credential: Credential::Session(cookie.id),
        must_change_password: row.must_change_password,
        row_version: None,
    })
}

fn in_force<'a>(
    state: &'a State,
    cookie: &SessionCookie,
    now_ms: u64,
) -> Option<(&'a LoginSession, &'a Administrator)> {
    let session = state.login_sessions.get(&cookie.id).filter(|session| session.expires_ms > now_ms)?;
    Some((session, state.administrators.get(&session.administrator)?))
}

pub(super) fn csrf_header(request: &HttpRequest) -> &[u8] {
    request.headers().get(CSRF_HEADER).map(HeaderValue::as_bytes).unwrap_or_default()
}

/// A browser sends the cookie with whatever request; only a page of ours knows the token.
fn require_csrf_token(request: &HttpRequest, cookie: &SessionCookie, shown: &[u8]) -> Result<(), ApiError> {
    if matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS) {
        return Ok(());
    }
    if cookie.csrf_text().as_bytes().ct_eq(shown).into() {
        return Ok(());
    }
    let detail = "a change that a session makes needs the header X-CSRF-Token";
    let error = ApiError::new(Code::CsrfTokenWrong, detail).at("X-CSRF-Token");
    Err(error.mend("send the csrf_token that POST sessions and GET sessions/current answer with"))
}

/// A cookie that cannot be sealed is no reason to refuse the request: the old one is still good for a while.
fn renew(admin: &Admin, request: &HttpRequest, cookie: &SessionCookie) {
    let sealed = COOKIE.seal(cookie, &admin.parts().secrets.current());
    if let Some(value) = sealed.ok().and_then(|value| HeaderValue::from_str(&COOKIE.set(&value)).ok()) {
        request.extensions_mut().insert(RenewedCookie(value));
    }
}

fn is_over() -> ApiError {
    let detail = "the session is over: it was ended, lay idle for too long, or reached the end of its life";
    ApiError::new(Code::SessionOver, detail).mend("log in again: POST sessions")
}
