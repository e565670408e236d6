//! PUT: all that can be refused is refused before the body is read; then the body streams to the disks; one command makes
//! the file appear.

use actix_web::error::PayloadError;
use actix_web::http::header;
use actix_web::{HttpResponse, HttpResponseBuilder};
use bytes::Bytes;
use flotilla_files::StoredBlob;
use flotilla_model::{AccountName, FilePath, Outcome, PutCondition, Sha256, State};
use futures::Stream;
use serde::Serialize;

use crate::access::authenticate;
use crate::codes;
use crate::context::{Context, now_ms};
use crate::intake::{Arrival, Copies, NewFile, Room, Source, check_size, check_target, slot, slots, store};
use crate::pressure;
use crate::problem::Problem;
use crate::request::body::Body;
use crate::request::conditions::Conditions;
use crate::request::head::{Head, text};
use crate::request::path::{Target, encode};
use crate::request::{digest, etag};

/// An upload that may begin.
struct Plan {
    account: AccountName,
    path: FilePath,
    condition: PutCondition,
    replaces: bool,
    file: NewFile,
    state: State,
}

#[derive(Serialize)]
struct Stored<'a> {
    path: &'a str,
    length: u64,
    sha256: String,
    transfer: u64,
    replicas: Vec<u64>,
}

/// Refuses what can be refused by the head alone: this is what `Expect: 100-continue` waits for.
pub(crate) async fn check(context: &Context, head: Head<'_>) -> Result<(), Problem> {
    let plan = plan(context, head).await?;
    slots(context, &plan.state)
}

pub(crate) async fn put<S>(context: &Context, head: Head<'_>, payload: S) -> Result<HttpResponse, Problem>
where
    S: Stream<Item = Result<Bytes, PayloadError>> + Unpin,
{
    let started_ms = now_ms();
    let plan = plan(context, head).await?;
    pressure::slow_upload(context, &plan.account).await;
    let _slot = slot(context, &plan.state)?;
    let target = (&plan.account, &plan.path);
    let mut arrival = Arrival::new(context, &Source::of(head), target, plan.condition, started_ms, None);
    let config = &context.config;
    let body = Body::new(payload, context.metrics.clone(), config.body_timeout, config.body_progress_bytes);
    let result = store(context, &plan.file, &mut arrival, body, |command| command).await;
    let result = result.map(|(stored, outcome)| created(&plan, &stored, &outcome));
    arrival.span.end_with(&result);
    result
}

async fn plan(context: &Context, head: Head<'_>) -> Result<Plan, Problem> {
    let (account, mut state) = authenticate(context, head).await?;
    let path = match Target::parse(head.uri.path())? {
        Target::File(path) => path,
        Target::Folder(_) => {
            return Err(Problem::new(&codes::BAD_PATH, "a file's path does not end with '/'").field("path"));
        }
    };
    refuse_partial_and_encoded(head)?;
    let length = head.content_length()?;
    let sha256 = digest::announced(head.headers)?;
    let conditions = Conditions::parse(head.headers)?;

    check_size(context, &state, length)?;
    let target = (&account, &path);
    let (old, condition) = check_target(context, &mut state, target, length.unwrap_or(0), &conditions).await?;
    pressure::check_upload(&state, &account)?;
    let room = Room::check(context, &state, &account, length, old.as_ref().map_or(0, |old| old.length))?;
    let copies = Copies::plan(&state, context.node)?;
    let file = NewFile { length, sha256, room, copies };
    Ok(Plan { account, path, condition, replaces: old.is_some(), file, state })
}

fn refuse_partial_and_encoded(head: Head<'_>) -> Result<(), Problem> {
    if head.headers.contains_key(header::CONTENT_RANGE) {
        return Err(Problem::new(&codes::PARTIAL_PUT, "Content-Range is not allowed with PUT").field("content-range"));
    }
    match text(head.headers, header::CONTENT_ENCODING.as_str())? {
        Some(encoding) if !encoding.eq_ignore_ascii_case("identity") => {
            let detail = format!("the encoding {encoding:.80} is not undone, and files are stored as they come");
            Err(Problem::new(&codes::ENCODING_UNSUPPORTED, detail).field("content-encoding"))
        }
        _ => Ok(()),
    }
}

fn created(plan: &Plan, stored: &StoredBlob, outcome: &Outcome) -> HttpResponse {
    let (transfer, replaced) = match outcome {
        Outcome::FileStored { transfer, replaced, .. } => (transfer.0, *replaced || plan.replaces),
        _ => (0, plan.replaces),
    };
    let mut response = if replaced { HttpResponse::NoContent() } else { HttpResponse::Created() };
    describe(&mut response, &stored.sha256);
    response.insert_header(("flotilla-transfer", transfer.to_string()));
    if replaced {
        return response.finish();
    }
    response.insert_header((header::LOCATION, format!("/files/{}", encode(plan.path.as_str()))));
    response.json(Stored {
        path: plan.path.as_str(),
        length: stored.length,
        sha256: stored.sha256.to_string(),
        transfer,
        replicas: stored.nodes.iter().map(|node| node.0).collect(),
    })
}

/// The headers that say which contents the file has.
pub(crate) fn describe(response: &mut HttpResponseBuilder, sha256: &Sha256) {
    response
        .insert_header((header::ETAG, etag::of(sha256)))
        .insert_header((digest::CONTENT_DIGEST, digest::format(sha256)))
        .insert_header((digest::REPR_DIGEST, digest::format(sha256)));
}
