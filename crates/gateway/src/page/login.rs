//! Log-in and log-out.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header;
use actix_web::web::{Payload, Query};
use askama::Template;
use flotilla_credentials::{BasicCredentials, random_bytes};
use flotilla_model::{Command, Rejection};
use flotilla_sessions::{SessionCookie, draw_id};
use serde::Deserialize;
use zeroize::Zeroizing;

use crate::access::{COOKIE, Session, check_password};
use crate::codes;
use crate::commit::{CommitError, Repeat, commit};
use crate::context::{Context, now_ms};
use crate::page::form::{read, read_signed};
use crate::page::frame::{Frame, html, notice, see_other};
use crate::page::target::{FILES, LOGIN, ROOT};
use crate::problem::Problem;
use crate::request::head::Head;
use crate::request::path::encode;

#[derive(Template)]
#[template(path = "login.html")]
struct LoginPage<'a> {
    frame: Frame,
    name: &'a str,
    next: &'a str,
    notice: Option<&'static str>,
    error: Option<String>,
}

#[derive(Deserialize)]
struct Login {
    name: String,
    password: String,
    #[serde(default)]
    next: String,
}

#[derive(Default, Deserialize)]
struct LoginQuery {
    #[serde(default)]
    next: String,
}

pub(super) fn show(context: &Context, head: Head<'_>) -> HttpResponse {
    let query = head.uri.query().unwrap_or_default();
    let query = Query::<LoginQuery>::from_query(query).map(Query::into_inner);
    let LoginQuery { next } = query.unwrap_or_default();
    let (frame, notice) = (Frame::of_anybody(context), notice(head.uri.query()));
    html(StatusCode::OK, &LoginPage { frame, name: "", next: &next, notice, error: None })
}

/// To the log-in, and afterwards back to the page that was wanted. What a form would have done has not happened.
pub(super) fn first(head: Head<'_>) -> HttpResponse {
    let wanted = head.uri.path();
    if head.method != "GET" {
        return see_other(&format!("{LOGIN}?notice=over"));
    }
    if wanted == FILES { see_other(LOGIN) } else { see_other(&format!("{LOGIN}?next={}", encode(wanted))) }
}

/// Only to a page of ours: `next` comes from the address.
fn local(next: &str) -> &str {
    let is_local =
        next.starts_with(ROOT) && !next.starts_with(LOGIN) && next.bytes().all(|byte| byte.is_ascii_graphic());
    if is_local { next } else { FILES }
}

/// A page of another site must not log anybody in: what they send then would be that site's.
fn refuse_other_sites(head: Head<'_>) -> Result<(), Problem> {
    match head.headers.get("sec-fetch-site").map(|value| value.as_bytes()) {
        None | Some(b"same-origin" | b"none") => Ok(()),
        Some(_) => Err(Problem::new(&codes::CROSS_SITE, "a log-in begins on the page of the log-in")),
    }
}

pub(super) async fn log_in(context: &Context, head: Head<'_>, payload: Payload) -> Result<HttpResponse, Problem> {
    refuse_other_sites(head)?;
    let Login { name, password, next } = read(context, head, payload).await?;
    let credentials = BasicCredentials { name: name.trim().to_owned(), password: Zeroizing::new(password) };
    let problem = match open(context, head, &credentials).await {
        Ok(cookie) => {
            let mut answer = see_other(local(&next));
            let value = header::HeaderValue::from_str(&COOKIE.set(&cookie)).map_err(internal)?;
            answer.headers_mut().insert(header::SET_COOKIE, value);
            return Ok(answer);
        }
        Err(problem) => problem,
    };
    let error = if problem.is_of(&codes::UNAUTHORIZED) {
        "The name or the password is wrong, or the account is disabled.".to_owned()
    } else if problem.is_of(&codes::TOO_MANY_ATTEMPTS) {
        "There were too many wrong passwords. Wait some seconds and try again.".to_owned()
    } else {
        format!("{}: {}.", problem.code().title, problem.detail())
    };
    let page =
        LoginPage { frame: Frame::of_anybody(context), name: &name, next: &next, notice: None, error: Some(error) };
    Ok(html(problem.code().status, &page))
}

fn internal(error: impl std::fmt::Display) -> Problem {
    Problem::new(&codes::INTERNAL, error)
}

/// The value of the cookie.
async fn open(context: &Context, head: Head<'_>, credentials: &BasicCredentials) -> Result<String, Problem> {
    let (account, state) = check_password(context, credentials, head.address()).await?;
    let now_ms = now_ms();
    let lifetime_ms = context.parameters(&state).session_lifetime().as_millis() as u64;
    let id = draw_id(now_ms).map_err(internal)?;
    let cookie = SessionCookie { id, csrf: random_bytes().map_err(internal)?, given_ms: now_ms };
    let sealed = COOKIE.seal(&cookie, &context.secrets.current()).map_err(internal)?;
    let user_agent = head.headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let command = Command::OpenPartnerSession {
        id,
        account_version: state.accounts.get(&account).map_or(0, |row| row.version),
        account,
        expires_ms: now_ms.saturating_add(lifetime_ms),
        remote: head.peer.map(|peer| peer.to_string()).unwrap_or_default(),
        user_agent: user_agent.to_owned(),
        now_ms,
    };
    match commit(context, command, Repeat::Harmless).await {
        Ok(_) => Ok(sealed),
        // Between the check of the password and the log somebody changed the account.
        Err(CommitError::Rejected(Rejection::VersionConflict { .. })) => {
            Err(Problem::new(&codes::ACCOUNT_CHANGED, "the account was changed meanwhile: log in once more"))
        }
        Err(error) => Err(error.into()),
    }
}

#[derive(Deserialize)]
struct Nothing {}

pub(super) async fn log_out(
    context: &Context,
    head: Head<'_>,
    session: Session,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    let Nothing {} = read_signed(context, head, &session, payload).await?;
    match commit(context, Command::EndPartnerSession { id: session.cookie.id }, Repeat::Harmless).await {
        Ok(_) | Err(CommitError::Rejected(Rejection::NoSuchLoginSession { .. })) => Ok(left("out")),
        Err(error) => Err(error.into()),
    }
}

/// To the log-in, without the cookie.
pub(super) fn left(notice: &str) -> HttpResponse {
    let mut answer = see_other(&format!("{LOGIN}?notice={notice}"));
    if let Ok(value) = header::HeaderValue::from_str(&COOKIE.cleared()) {
        answer.headers_mut().insert(header::SET_COOKIE, value);
    }
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_in_leads_to_pages_of_ours_only() {
        assert_eq!(local("/web/files/in/"), "/web/files/in/");
        for other in
            ["", "/", "//evil.example/web/", "https://evil.example/", "/web/login?next=x", "/web/\r\nx", "/files/x"]
        {
            assert_eq!(local(other), FILES, "{other}");
        }
    }
}
