//! Who is asking, and whether they may.

mod caller;
mod certificate;
mod extract;
mod password;
mod scope;
mod session;

use super::{Admin, now_ms};
use crate::api_token::ApiTokenSecret;
use crate::error::ApiError;
use crate::problems::Code;
use actix_web::http::Method;
use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpRequest, web};

pub(crate) use caller::{Caller, Credential};
pub(crate) use extract::{Administer, AdministerOf, Anybody, Operate, OperateOf, Read, ReadOf};
pub(crate) use password::check_password;
pub(crate) use scope::Scope;
pub(crate) use session::{RenewedCookie, idle_timeout, session_of};

/// The address at the other end of the request's connection.
pub(crate) fn remote_address(request: &HttpRequest) -> String {
    request.peer_addr().map_or_else(String::new, |address| address.ip().to_string())
}

/// By the headers alone.
pub(crate) async fn identify(request: &HttpRequest) -> Result<Caller, ApiError> {
    identify_with(request, session::csrf_header(request)).await
}

/// As [`identify`], for a form: it brings the session's CSRF token in a field of its own.
pub(crate) async fn identify_with(request: &HttpRequest, csrf_token: &[u8]) -> Result<Caller, ApiError> {
    refuse_other_sites(request)?;
    let admin =
        request.app_data::<web::Data<Admin>>().ok_or_else(|| ApiError::internal("the server has no context"))?;
    let caller = match request.headers().get(header::AUTHORIZATION) {
        Some(value) => by_header(admin, value, remote_address(request)).await?,
        None => match session::by_cookie(admin, request, csrf_token).await {
            Some(caller) => caller?,
            None => certificate::by_certificate(admin, request).ok_or_else(no_credentials)??,
        },
    };
    if caller.must_change_password && !changes_own_password(request, &caller.name) {
        let detail = format!("the password of {} was given out by the system", caller.name);
        return Err(ApiError::new(Code::PasswordChangeRequired, detail).mend(format!(
            "set a new one: PUT {}/administrators/{}",
            crate::api::BASE_PATH,
            caller.name
        )));
    }
    Ok(caller)
}

async fn by_header(admin: &Admin, value: &HeaderValue, remote: String) -> Result<Caller, ApiError> {
    let value = value.to_str().map_err(|_| bad_credentials())?;
    match value.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => {
            bearer(admin, token.trim(), remote).ok_or_else(bad_credentials)
        }
        _ => password::basic(admin, value, remote).await,
    }
}

fn no_credentials() -> ApiError {
    let detail =
        "the request has neither an Authorization header nor the cookie of a session, and no certificate was shown";
    ApiError::new(Code::NoCredentials, detail)
        .mend("send the name and password of an administrator (HTTP Basic), or an API token (Bearer)")
}

/// An API token, or the token of this node's data folder.
fn bearer(admin: &Admin, token: &str, remote: String) -> Option<Caller> {
    let Some(secret) = ApiTokenSecret::from_text(token) else {
        return admin.parts().local_token.matches(token).then(|| Caller::local(remote));
    };
    let (hash, now_ms) = (secret.hash(), now_ms());
    let state = admin.view().state;
    let row = state.api_tokens.get(&hash).filter(|row| !row.has_expired(now_ms))?;
    admin.api_token_use().note(hash, now_ms, &state.api_tokens);
    Some(Caller {
        name: row.owner.to_string(),
        remote,
        role: row.role,
        credential: Credential::ApiToken(row.name.clone()),
        must_change_password: false,
        row_version: None,
    })
}

pub(crate) fn bad_credentials() -> ApiError {
    ApiError::new(Code::BadCredentials, "the credentials are not accepted")
        .mend("check name and password; an API token may have expired; a local token is only good for its own node")
}

/// The one thing that a given-out password is good for.
fn changes_own_password(request: &HttpRequest, name: &str) -> bool {
    let by_rest = format!("{}/administrators/{name}", crate::api::BASE_PATH);
    (request.method() == Method::PUT && request.path() == by_rest) || request.path() == crate::console::PASSWORD_PATH
}

/// A browser adds stored credentials to a request that another site's page makes; it also says that it does.
pub(crate) fn refuse_other_sites(request: &HttpRequest) -> Result<(), ApiError> {
    let site = request.headers().get("sec-fetch-site").map(|value| value.as_bytes());
    match site {
        None | Some(b"same-origin" | b"none") => Ok(()),
        Some(_) => Err(ApiError::new(Code::CrossSite, "a page of another site has made this request")),
    }
}
