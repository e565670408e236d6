//! Checks the name and the password of a request.

use std::net::IpAddr;
use std::time::Instant;

use actix_web::http::header;
use flotilla_credentials::{BasicCredentials, CredentialError, parse_basic};
use flotilla_model::{AccountName, State};

use crate::access::session::{CSRF_HEADER, Session};
use crate::codes;
use crate::context::Context;
use crate::metrics::add;
use crate::problem::Problem;
use crate::refusals::RETRY_AFTER_S;
use crate::request::head::Head;

/// The account that the request is for, and the state in which it was found.
///
/// A wrong password, a disabled account and a name without account cost the same and answer alike.
pub(crate) async fn authenticate(context: &Context, head: Head<'_>) -> Result<(AccountName, State), Problem> {
    if !head.headers.contains_key(header::AUTHORIZATION)
        && let Some(session) = Session::of(context, head).await
    {
        session.check_header(head)?;
        return Ok((session.account, session.state));
    }
    let credentials = credentials(head).map_err(|problem| {
        // A page's script, whose session is over: the browser is not to ask for a password by itself.
        if head.headers.contains_key(CSRF_HEADER) { problem.without(header::WWW_AUTHENTICATE) } else { problem }
    })?;
    check_password(context, &credentials, head.address()).await
}

/// The account of this name and password, and the state in which it was found.
pub(crate) async fn check_password(
    context: &Context,
    credentials: &BasicCredentials,
    address: IpAddr,
) -> Result<(AccountName, State), Problem> {
    let account = AccountName::parse(&credentials.name).ok();
    let name = account.as_ref().map(AccountName::as_str);
    if let Err(wait) = context.attempts.lock().check(name, address, Instant::now()) {
        add(&context.metrics.logins_limited, 1);
        let problem = Problem::new(&codes::TOO_MANY_ATTEMPTS, "too many wrong passwords for this account from here");
        return Err(problem.retry_after_s(wait.as_secs() + 1));
    }
    let state = context.log.state();
    let stored = stored_hash(&state, account.as_ref());
    if verify(context, credentials, stored.as_deref()).await? {
        return account.map(|account| (account, state)).ok_or_else(refused);
    }
    // The account may be newer than what this node knows.
    if let Some(state) = context.latest().await {
        let newer = stored_hash(&state, account.as_ref());
        if newer != stored && verify(context, credentials, newer.as_deref()).await? {
            return account.map(|account| (account, state)).ok_or_else(refused);
        }
    }
    add(&context.metrics.logins_failed, 1);
    context.attempts.lock().failed(name, address, Instant::now());
    tracing::info!(account = name.unwrap_or("(not a name)"), %address, "wrong name or password");
    Err(refused())
}

fn credentials(head: Head<'_>) -> Result<BasicCredentials, Problem> {
    let value = head.headers.get(header::AUTHORIZATION).ok_or_else(refused)?;
    value.to_str().ok().and_then(parse_basic).ok_or_else(refused)
}

fn stored_hash(state: &State, account: Option<&AccountName>) -> Option<String> {
    let account = state.accounts.get(account?)?;
    account.enabled.then(|| account.password_hash.clone())
}

async fn verify(context: &Context, credentials: &BasicCredentials, stored: Option<&str>) -> Result<bool, Problem> {
    match context.passwords.verify(&credentials.name, stored, &credentials.password).await {
        Ok(is_right) => Ok(is_right),
        Err(error) if error.is_retryable() => {
            Err(Problem::new(&codes::PASSWORDS_BUSY, error).retry_after_s(RETRY_AFTER_S))
        }
        Err(error @ CredentialError::MalformedHash(_)) => {
            tracing::error!(account = credentials.name, %error, "an account cannot log in");
            Ok(false)
        }
        Err(_) => Ok(false),
    }
}

fn refused() -> Problem {
    Problem::new(&codes::UNAUTHORIZED, "no account has this name and password")
        .with(header::WWW_AUTHENTICATE, "Basic realm=\"Flotilla\", charset=\"UTF-8\"")
}
