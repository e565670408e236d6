//! PUT: all that can be refused is refused before the body is read; then the body streams to the disks; one command makes
//! the file appear.

use actix_web::error::PayloadError;
use actix_web::http::header;
use actix_web::{HttpResponse, HttpResponseBuilder};
use bytes::Bytes;
use flotilla_files::{StoredBlob, UploadError, UploadRequest};
use flotilla_model::{
    AccountName, BlobId, Command, FilePath, FileRecord, NodeId, Outcome, Protocol, PutCondition, Rejection, Sha256,
    State,
};
use flotilla_telemetry::{Upload, UploadSpan};
use futures::Stream;
use serde::Serialize;

use crate::access::authenticate;
use crate::codes;
use crate::commit::{CommitError, Repeat, commit};
use crate::context::{Context, now_ms};
use crate::metrics::{Gauge, add};
use crate::pressure;
use crate::problem::Problem;
use crate::refusals::RETRY_AFTER_S;
use crate::request::body::Body;
use crate::request::conditions::Conditions;
use crate::request::head::{Head, text};
use crate::request::path::{Target, encode};
use crate::request::{digest, etag};

/// How often a file gets further copies because members came or went while its body did.
const MEMBER_CHANGES_MAX: usize = 3;

/// An upload that may begin.
struct Plan {
    account: AccountName,
    path: FilePath,
    condition: PutCondition,
    replaces: bool,
    length: Option<u64>,
    sha256: Option<Sha256>,
    /// What the body may have: the size limit or what the quota leaves.
    limit_bytes: u64,
    limited_by_quota: bool,
    uploads_max: u64,
    replicas: usize,
    candidates: Vec<NodeId>,
}

/// An upload that has begun.
struct Begun {
    blob: BlobId,
    started_ms: u64,
    span: UploadSpan,
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
    let running = context.metrics.uploads_in_flight.load(std::sync::atomic::Ordering::Relaxed);
    if running >= plan.uploads_max { Err(shed(context, plan.uploads_max)) } else { Ok(()) }
}

pub(crate) async fn put<S>(context: &Context, head: Head<'_>, payload: S) -> Result<HttpResponse, Problem>
where
    S: Stream<Item = Result<Bytes, PayloadError>> + Unpin,
{
    let started_ms = now_ms();
    let plan = plan(context, head).await?;
    pressure::slow_upload(context, &plan.account).await;
    let _slot = Gauge::enter_below(&context.metrics.uploads_in_flight, plan.uploads_max)
        .ok_or_else(|| shed(context, plan.uploads_max))?;
    let mut begun = Begun::new(context, head, &plan, started_ms);
    let result = take(context, head, &plan, &mut begun, payload).await;
    begun.span.end_with(&result);
    result
}

impl Begun {
    fn new(context: &Context, head: Head<'_>, plan: &Plan, started_ms: u64) -> Self {
        let blob = BlobId(ulid::Ulid::new().0);
        let span = context.tracer.upload(&Upload {
            blob,
            account: plan.account.as_str(),
            path: plan.path.as_str(),
            protocol: "https",
            client: head.peer,
            // A malformed one is as good as none: the standard asks for that.
            traceparent: head.headers.get("traceparent").and_then(|value| value.to_str().ok()),
            started_ms,
        });
        Self { blob, started_ms, span }
    }
}

/// The bytes to the disks, then the file into the name space.
async fn take<S>(
    context: &Context,
    head: Head<'_>,
    plan: &Plan,
    begun: &mut Begun,
    payload: S,
) -> Result<HttpResponse, Problem>
where
    S: Stream<Item = Result<Bytes, PayloadError>> + Unpin,
{
    let blob = begun.blob;
    let request = UploadRequest {
        blob,
        length: plan.length,
        sha256: plan.sha256,
        limit_bytes: plan.limit_bytes,
        replicas: plan.replicas,
        candidates: rotated(&plan.candidates, blob),
    };
    let config = &context.config;
    let body = Body::new(payload, context.metrics.clone(), config.body_timeout, config.body_progress_bytes);
    let storing = begun.span.store();
    let stored = context.files.upload(request, body).await;
    storing.end_with(&stored);
    let mut stored = stored.map_err(|error| match error {
        UploadError::TooLarge { limit_bytes } if plan.limited_by_quota => over_quota(limit_bytes),
        error => error.into(),
    })?;
    begun.span.stored(stored.length, &stored.nodes);
    let committing = begun.span.commit();
    let outcome = record(context, head, plan, begun, &mut stored).await;
    committing.end_with(&outcome);
    Ok(created(plan, &stored, &outcome?))
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

    let size_max = context.parameters(&state).files_size_max_bytes();
    if let Some(length) = length.filter(|length| *length > size_max) {
        return Err(Problem::new(&codes::TOO_LARGE, format!("{length} bytes are more than {size_max}")));
    }
    let check = |state: &State| check_target(state, &account, &path, length.unwrap_or(0), &conditions);
    let (old, condition) = match check(&state) {
        Ok(met) => met,
        // What this node knows may be old; only what holds in the latest state is refused.
        Err(problem) => match context.latest().await {
            Some(latest) => {
                state = latest;
                check(&state)?
            }
            None => return Err(problem),
        },
    };
    pressure::check_upload(&state, &account)?;
    let quota_left = quota_left(&state, &account, old.as_ref().map_or(0, |old| old.length));
    let candidates = candidates(&state, context.node);
    let replicas = copies_with_own(&state, context.node);
    if candidates.len() + 1 < replicas {
        let detail = format!("{replicas} nodes must hold the file, {} can", candidates.len() + 1);
        return Err(Problem::new(&codes::TOO_FEW_NODES, detail).retry_after_s(RETRY_AFTER_S));
    }
    Ok(Plan {
        condition,
        replaces: old.is_some(),
        length,
        sha256,
        limit_bytes: size_max.min(quota_left),
        limited_by_quota: quota_left < size_max,
        uploads_max: context.parameters(&state).gateway_uploads_max() as u64,
        replicas,
        candidates,
        account,
        path,
    })
}

/// The file that has the name, and what must hold of it when the new one takes it.
fn check_target(
    state: &State,
    account: &AccountName,
    path: &FilePath,
    length: u64,
    conditions: &Conditions,
) -> Result<(Option<FileRecord>, PutCondition), Problem> {
    let old = state.check_target(account, path, length)?;
    let condition = conditions
        .check_change(old.as_ref())
        .map_err(|_| Problem::new(&codes::PRECONDITION_FAILED, "the file is not the expected one"))?;
    Ok((old, condition))
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

/// Bytes that the account may have besides its other files.
fn quota_left(state: &State, account: &AccountName, replaced_bytes: u64) -> u64 {
    let quota = state.accounts.get(account).and_then(|account| account.quota_bytes);
    let used = state.usage(account).bytes.saturating_sub(replaced_bytes);
    quota.map_or(u64::MAX, |quota| quota.saturating_sub(used))
}

fn over_quota(limit_bytes: u64) -> Problem {
    Problem::new(&codes::QUOTA_EXCEEDED, format!("the account has room for {limit_bytes} bytes more"))
}

fn shed(context: &Context, uploads_max: u64) -> Problem {
    add(&context.metrics.uploads_shed, 1);
    Problem::new(&codes::UPLOADS_FULL, format!("{uploads_max} uploads run")).retry_after_s(RETRY_AFTER_S)
}

/// How many copies are made, this node's own among them. That of a node which is about to be removed does not count.
fn copies_with_own(state: &State, node: NodeId) -> usize {
    state.needed_replicas() + usize::from(!state.keeps_contents(node))
}

/// The other nodes that can take a copy.
fn candidates(state: &State, node: NodeId) -> Vec<NodeId> {
    let takes_copies = |member: &&flotilla_model::Member| {
        member.is_full() && member.is_up() && member.id != node && state.keeps_contents(member.id)
    };
    state.members.values().filter(takes_copies).map(|member| member.id).collect()
}

/// Spreads the copies over the nodes by the random part of the id.
fn rotated(candidates: &[NodeId], blob: BlobId) -> Vec<NodeId> {
    let mut candidates = candidates.to_vec();
    let count = candidates.len().max(1) as u128;
    candidates.rotate_left((blob.0 % count) as usize);
    candidates
}

/// The command that makes the file appear, repeated until its outcome is known. Contents that nothing will ever name go at
/// once; when that is not certain they are left to the sweep.
async fn record(
    context: &Context,
    head: Head<'_>,
    plan: &Plan,
    begun: &Begun,
    stored: &mut StoredBlob,
) -> Result<Outcome, Problem> {
    let blob = begun.blob;
    let mut outcome = commit(context, file_stored(context, head, plan, begun, stored), Repeat::Harmless).await;
    for _ in 0..MEMBER_CHANGES_MAX {
        // Members came or went while the body did.
        if !matches!(outcome, Err(CommitError::Rejected(Rejection::TooFewReplicas { .. }))) {
            break;
        }
        add_copies(context, blob, stored).await;
        outcome = commit(context, file_stored(context, head, plan, begun, stored), Repeat::Harmless).await;
    }
    let error = match outcome {
        Ok(outcome) => return Ok(outcome),
        Err(error) => error,
    };
    if !matches!(error, CommitError::Unknown(_))
        && let Err(error) = context.files.remove(blob, &stored.nodes).await
    {
        tracing::debug!(%blob, %error, "refused contents are left to the sweep");
    }
    Err(error.into())
}

/// Further copies on members that have none, as many as are needed now.
async fn add_copies(context: &Context, blob: BlobId, stored: &mut StoredBlob) {
    let state = context.log.state();
    for node in candidates(&state, context.node) {
        let copies = stored.nodes.iter().filter(|node| state.keeps_contents(**node)).count();
        if copies >= state.needed_replicas() {
            return;
        }
        if stored.nodes.contains(&node) {
            continue;
        }
        match context.files.send_copy(blob, node).await {
            Ok(()) => stored.nodes.push(node),
            Err(error) => tracing::debug!(%blob, %node, %error, "a further copy could not be made"),
        }
    }
}

fn file_stored(context: &Context, head: Head<'_>, plan: &Plan, begun: &Begun, stored: &StoredBlob) -> Command {
    let Begun { blob, started_ms, .. } = *begun;
    Command::FileStored {
        account: plan.account.clone(),
        path: plan.path.clone(),
        blob,
        length: stored.length,
        sha256: stored.sha256,
        holders: stored.nodes.clone(),
        node: context.node,
        protocol: Protocol::Https,
        remote: head.peer.map(|peer| peer.to_string()).unwrap_or_default(),
        condition: plan.condition,
        started_ms,
        now_ms: now_ms(),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_are_spread() {
        let nodes = [NodeId(2), NodeId(3), NodeId(4)];
        let first: std::collections::BTreeSet<_> = (0..9).map(|blob| rotated(&nodes, BlobId(blob))[0]).collect();
        assert_eq!(first.len(), 3);
        assert!(rotated(&[], BlobId(1)).is_empty());
    }
}
