//! DELETE, MKCOL and MOVE: changes of the name space. No bytes move.

use actix_web::HttpResponse;
use actix_web::http::header;
use flotilla_model::{AccountName, Command, FilePath, PutCondition, State};

use crate::access::authenticate;
use crate::codes;
use crate::commit::{Repeat, commit};
use crate::context::{Context, now_ms};
use crate::problem::Problem;
use crate::request::conditions::Conditions;
use crate::request::head::{Head, text};
use crate::request::path::{Target, encode};

pub(crate) async fn delete(context: &Context, head: Head<'_>) -> Result<HttpResponse, Problem> {
    let (account, state) = authenticate(context, head).await?;
    let path = match Target::parse(head.uri.path())? {
        Target::File(path) => path,
        Target::Folder(folder) => return Err(refuse_folder(&state, &account, &folder)),
    };
    let conditions = Conditions::parse(head.headers)?;
    let check = |state: &State| {
        let file = state.file(&account, &path).ok_or_else(|| refuse_folder(state, &account, path.as_str()))?;
        let failed = |_| Problem::new(&codes::PRECONDITION_FAILED, "the file is not the expected one");
        conditions.check_change(Some(file)).map_err(failed)
    };
    let condition = match check(&state) {
        Ok(condition) => condition,
        // What this node knows may be old; only what holds in the latest state is refused.
        Err(problem) => check(&context.latest().await.ok_or(problem)?)?,
    };
    let expected = match condition {
        PutCondition::MustMatch(sha256) => Some(sha256),
        _ => None,
    };
    commit(context, Command::RemoveFile { account, path, expected }, Repeat::Never).await?;
    Ok(HttpResponse::NoContent().finish())
}

fn refuse_folder(state: &State, account: &AccountName, folder: &str) -> Problem {
    let has_files = state.list_folder(account, folder, None, 1).next().is_some();
    if has_files {
        Problem::new(&codes::FOLDER_NOT_EMPTY, format!("the folder {folder:?} has files"))
    } else {
        Problem::new(&codes::NOT_FOUND, format!("there is no {folder:?}"))
    }
}

/// Folders come with their first file, so there is nothing to do but to say so.
pub(crate) async fn make_folder(context: &Context, head: Head<'_>) -> Result<HttpResponse, Problem> {
    let (account, state) = authenticate(context, head).await?;
    let has_body =
        head.content_length()?.is_some_and(|length| length > 0) || head.headers.contains_key(header::TRANSFER_ENCODING);
    if has_body {
        return Err(Problem::new(&codes::ENCODING_UNSUPPORTED, "MKCOL takes no body"));
    }
    let path = match Target::parse(head.uri.path())? {
        Target::Folder(folder) if folder.is_empty() => return Err(exists("/")),
        Target::Folder(folder) => FilePath::parse(&folder).map_err(|error| Problem::new(&codes::BAD_PATH, error))?,
        Target::File(path) => path,
    };
    if state.file(&account, &path).is_some() || state.folder_exists(&account, path.as_str()) {
        return Err(exists(path.as_str()));
    }
    Ok(HttpResponse::Created().finish())
}

fn exists(path: &str) -> Problem {
    Problem::new(&codes::FOLDER_EXISTS, format!("{path:?} exists"))
        .with(header::ALLOW, "OPTIONS, GET, HEAD, DELETE, PROPFIND")
}

pub(crate) async fn move_file(context: &Context, head: Head<'_>) -> Result<HttpResponse, Problem> {
    let (account, state) = authenticate(context, head).await?;
    let from = match Target::parse(head.uri.path())? {
        Target::File(path) => path,
        Target::Folder(_) => return Err(refuse_folder_move()),
    };
    let to = destination(head)?;
    let overwrite = match text(head.headers, "overwrite")?.as_deref() {
        None | Some("T") => true,
        Some("F") => false,
        Some(other) => return Err(Problem::header("overwrite", format!("{other:.20} is neither T nor F"))),
    };
    if state.file(&account, &from).is_none() && state.folder_exists(&account, from.as_str()) {
        return Err(refuse_folder_move());
    }
    let replaces = state.file(&account, &to).is_some();
    let location = format!("/files/{}", encode(to.as_str()));
    let command = Command::MoveFile { account, from, to, overwrite, now_ms: now_ms() };
    commit(context, command, Repeat::Never).await?;
    if replaces {
        return Ok(HttpResponse::NoContent().finish());
    }
    Ok(HttpResponse::Created().insert_header((header::LOCATION, location)).finish())
}

fn refuse_folder_move() -> Problem {
    Problem::new(&codes::FOLDER_MOVE, "a folder would have to move file by file, and not at once")
}

/// The path in `Destination`, which is a whole URL of this server or only its path.
fn destination(head: Head<'_>) -> Result<FilePath, Problem> {
    let value =
        text(head.headers, "destination")?.ok_or_else(|| Problem::header("destination", "the header is missing"))?;
    let path = match value.split_once("://") {
        Some((_, rest)) => {
            let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
            let host = text(head.headers, header::HOST.as_str())?;
            if host.is_some_and(|host| !host.eq_ignore_ascii_case(authority)) {
                return Err(Problem::new(&codes::OTHER_SERVER, "the host is another one").field("destination"));
            }
            path.to_owned()
        }
        None => value,
    };
    if path.contains(['?', '#']) {
        return Err(Problem::header("destination", "a query or fragment is not allowed"));
    }
    match Target::parse(&path) {
        Ok(Target::File(path)) => Ok(path),
        Ok(Target::Folder(_)) => Err(Problem::new(&codes::BAD_PATH, "a folder cannot be the new name of a file")),
        Err(error) => Err(error.into()),
    }
    .map_err(|problem: Problem| problem.field("destination"))
}
