//! Files are deleted and renamed.

use actix_web::HttpResponse;
use actix_web::web::Payload;
use flotilla_model::{Command, FilePath, Rejection};
use serde::Deserialize;

use crate::access::Session;
use crate::codes;
use crate::commit::{CommitError, Repeat, commit};
use crate::context::{Context, now_ms};
use crate::page::browse::{folder_address, folder_of};
use crate::page::form::read_signed;
use crate::page::frame::see_other;
use crate::problem::Problem;
use crate::request::head::Head;

#[derive(Deserialize)]
struct Deletion {
    path: String,
}

#[derive(Deserialize)]
struct Renaming {
    path: String,
    to: String,
}

pub(super) async fn delete(
    context: &Context,
    head: Head<'_>,
    session: Session,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    let Deletion { path } = read_signed(context, head, &session, payload).await?;
    let file = parse(&path)?;
    let command = Command::RemoveFile { account: session.account.clone(), path: file, expected: None };
    commit(context, command, Repeat::Never).await?;
    Ok(back(context, &session, folder_of(&path), "deleted"))
}

pub(super) async fn rename(
    context: &Context,
    head: Head<'_>,
    session: Session,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    let Renaming { path, to } = read_signed(context, head, &session, payload).await?;
    let (from, to) = (parse(&path)?, parse(&to)?);
    let account = session.account.clone();
    // What has the name already is not lost by a slip.
    let command = Command::MoveFile { account, from, to, overwrite: false, now_ms: now_ms() };
    commit(context, command, Repeat::Never).await.map_err(|error| match error {
        CommitError::Rejected(Rejection::ConditionFailed) => {
            Problem::new(&codes::PRECONDITION_FAILED, "there is a file of that name already")
        }
        error => error.into(),
    })?;
    Ok(back(context, &session, folder_of(&path), "renamed"))
}

pub(super) fn parse(path: &str) -> Result<FilePath, Problem> {
    FilePath::parse(path).map_err(|error| Problem::new(&codes::BAD_PATH, error).field("path"))
}

/// To the folder, or to the nearest one that is still there: a folder goes with its last file.
pub(super) fn back(context: &Context, session: &Session, folder: &str, notice: &str) -> HttpResponse {
    let state = context.log.state();
    let mut folder = folder;
    while !state.folder_exists(&session.account, folder) {
        folder = folder_of(folder);
    }
    see_other(&format!("{}?notice={notice}", folder_address(folder)))
}
