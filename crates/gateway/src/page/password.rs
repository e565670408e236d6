//! One's own password.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Payload;
use askama::Template;
use flotilla_credentials::{BasicCredentials, CredentialError};
use flotilla_model::{Command, EncodedCommand, Origin, Rejection};
use serde::Deserialize;
use zeroize::Zeroizing;

use crate::access::{Session, check_password};
use crate::codes;
use crate::commit::{CommitError, Repeat, commit};
use crate::context::{Context, now_ms};
use crate::page::form::read_signed;
use crate::page::frame::{Frame, html};
use crate::page::login::left;
use crate::problem::Problem;
use crate::refusals::RETRY_AFTER_S;
use crate::request::head::Head;

#[derive(Template)]
#[template(path = "password.html")]
struct PasswordPage {
    frame: Frame,
    error: Option<String>,
}

#[derive(Deserialize)]
struct Passwords {
    old: String,
    password: String,
    again: String,
}

pub(super) fn show(_: &Context, session: &Session) -> HttpResponse {
    html(StatusCode::OK, &PasswordPage { frame: Frame::of(session), error: None })
}

/// It ends all sessions of the account, this one too: the log-in follows.
pub(super) async fn change(
    context: &Context,
    head: Head<'_>,
    session: Session,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    let fields: Passwords = read_signed(context, head, &session, payload).await?;
    match set(context, head, &session, fields).await {
        Ok(()) => Ok(left("password")),
        Err(problem) => {
            let error = if problem.is_of(&codes::UNAUTHORIZED) {
                "The old password is wrong.".to_owned()
            } else {
                format!("{}: {}.", problem.code().title, problem.detail())
            };
            Ok(html(problem.code().status, &PasswordPage { frame: Frame::of(&session), error: Some(error) }))
        }
    }
}

async fn set(context: &Context, head: Head<'_>, session: &Session, fields: Passwords) -> Result<(), Problem> {
    if fields.password != fields.again {
        return Err(Problem::new(&codes::PASSWORD_UNFIT, "the two new passwords differ"));
    }
    let credentials = BasicCredentials { name: session.account.to_string(), password: Zeroizing::new(fields.old) };
    let (name, state) = check_password(context, &credentials, head.address()).await?;
    let hash = context.passwords.hash(&fields.password).await.map_err(|error| match error {
        CredentialError::TooShort | CredentialError::TooLong => Problem::new(&codes::PASSWORD_UNFIT, error),
        error => Problem::new(&codes::PASSWORDS_BUSY, error).retry_after_s(RETRY_AFTER_S),
    })?;
    let now_ms = now_ms();
    let change = Command::PutAccount {
        expected_version: state.accounts.get(&name).map(|row| row.version),
        name: name.clone(),
        password_hash: Some(hash),
        enabled: None,
        quota_bytes: None,
        quota_files: None,
        now_ms,
    };
    let remote = head.peer.map(|peer| peer.to_string()).unwrap_or_default();
    let command = Command::Attributed {
        // Administrators have names of their own: this is none of theirs.
        origin: Origin { who: format!("partner {name}"), remote },
        credential: "password".to_owned(),
        command: EncodedCommand::new(&change),
        now_ms,
    };
    match commit(context, command, Repeat::Never).await {
        Ok(_) => Ok(()),
        Err(CommitError::Rejected(Rejection::VersionConflict { .. })) => {
            Err(Problem::new(&codes::ACCOUNT_CHANGED, "the account was changed meanwhile: try once more"))
        }
        Err(error) => Err(error.into()),
    }
}
