//! OPTIONS and PROPFIND: as much of WebDAV class 1 as clients need to list. All properties are always given.

use actix_web::HttpResponse;
use actix_web::error::PayloadError;
use actix_web::http::{StatusCode, header};
use bytes::Bytes;
use flotilla_model::{AccountName, State};
use futures::{Stream, StreamExt};

use crate::access::authenticate;
use crate::answer::folder::Folder;
use crate::answer::{ALLOW, multistatus};
use crate::codes;
use crate::context::Context;
use crate::problem::Problem;
use crate::request::body::{Body, BodyError};
use crate::request::head::{Head, text};
use crate::request::path::Target;

/// A body that asks for properties is small.
const BODY_BYTES_MAX: u64 = 64 << 10;

/// Says what can be done; needs no password, as browsers and some clients ask before they log in.
pub(crate) fn options() -> HttpResponse {
    HttpResponse::NoContent()
        .insert_header((header::ALLOW, ALLOW))
        .insert_header(("dav", "1"))
        .insert_header(("ms-author-via", "DAV"))
        .insert_header((header::ACCEPT_RANGES, "bytes"))
        .finish()
}

pub(crate) async fn propfind<S>(context: &Context, head: Head<'_>, payload: S) -> Result<HttpResponse, Problem>
where
    S: Stream<Item = Result<Bytes, PayloadError>> + Unpin,
{
    let (account, state) = authenticate(context, head).await?;
    let target = Target::parse(head.uri.path())?;
    let with_entries = match text(head.headers, "depth")?.as_deref() {
        Some("0") => false,
        Some("1") => true,
        None | Some("infinity") => {
            return Err(
                Problem::new(&codes::DEPTH_INFINITE, "the whole tree in one answer has no bound").field("depth")
            );
        }
        Some(other) => return Err(Problem::header("depth", format!("{other:.20} is neither 0 nor 1"))),
    };
    skip(context, payload).await?;
    let folder = match target {
        Target::Folder(path) => Folder::find(context, account, state, path).await?,
        Target::File(path) => {
            if let Some(file) = find_file(context, &account, &path, &state).await {
                let mut body = multistatus::FIRST.to_owned();
                multistatus::file(&mut body, path.as_str(), &file);
                body.push_str(multistatus::LAST);
                return Ok(answer().body(body));
            }
            // Clients ask for folders without the slash.
            Folder::find(context, account, state, path.as_str().to_owned()).await?
        }
    };
    let mut first = multistatus::FIRST.to_owned();
    multistatus::folder(&mut first, &folder.path);
    if with_entries {
        return Ok(answer().streaming(folder.stream(first, multistatus::entry, multistatus::LAST)));
    }
    first.push_str(multistatus::LAST);
    Ok(answer().body(first))
}

fn answer() -> actix_web::HttpResponseBuilder {
    let mut response = HttpResponse::build(StatusCode::MULTI_STATUS);
    response.content_type("application/xml; charset=utf-8").insert_header((header::CACHE_CONTROL, "private, no-store"));
    response
}

async fn find_file(
    context: &Context,
    account: &AccountName,
    path: &flotilla_model::FilePath,
    state: &State,
) -> Option<flotilla_model::FileRecord> {
    if let Some(file) = state.file(account, path) {
        return Some(file.clone());
    }
    if state.folder_exists(account, path.as_str()) {
        return None;
    }
    context.latest().await?.file(account, path).cloned()
}

/// Reads the list of wanted properties and forgets it.
async fn skip<S>(context: &Context, payload: S) -> Result<(), Problem>
where
    S: Stream<Item = Result<Bytes, PayloadError>> + Unpin,
{
    let config = &context.config;
    let mut body = Body::new(payload, context.metrics.clone(), config.body_timeout, config.body_progress_bytes);
    let mut length = 0;
    while let Some(piece) = body.next().await {
        length += piece
            .map_err(|error| match error {
                BodyError::Stalled { .. } => Problem::new(&codes::BODY_STALLED, error),
                BodyError::CutOff { .. } => Problem::new(&codes::BODY_CUT_OFF, error),
            })?
            .len() as u64;
        if length > BODY_BYTES_MAX {
            return Err(Problem::new(
                &codes::TOO_LARGE,
                format!("a list of properties has at most {BODY_BYTES_MAX} bytes"),
            ));
        }
    }
    Ok(())
}
