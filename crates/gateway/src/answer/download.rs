//! GET and HEAD: a file or a part of it, from whichever node has it; a folder's listing.

use std::ops::Range;

use actix_web::body::SizedStream;
use actix_web::http::{Method, StatusCode, header};
use actix_web::{HttpResponse, HttpResponseBuilder};
use bytes::Bytes;
use flotilla_files::{BlobDigest, ByteRange, Download, ReadError, ReadRequest, StreamError};
use flotilla_model::{AccountName, FilePath, FileRecord, NodeId, State};
use futures::{Stream, StreamExt, stream};

use crate::access::authenticate;
use crate::answer::folder;
use crate::codes;
use crate::context::Context;
use crate::problem::Problem;
use crate::request::conditions::{Conditions, Unmet, http_date, if_range_holds};
use crate::request::head::{Head, text};
use crate::request::path::{Target, encode};
use crate::request::range::{Wanted, wanted};
use crate::request::{digest, etag};

/// What is handed to the connection at once. The connection copies it into its write buffer, and gives that buffer back
/// to the allocator when it has grown beyond 128 KiB.
const PIECE_BYTES: usize = 64 << 10;

/// The query of a file that a browser is to keep and not to show.
const AS_ATTACHMENT: &str = "download";

pub(crate) async fn get(context: &Context, head: Head<'_>) -> Result<HttpResponse, Problem> {
    let (account, state) = authenticate(context, head).await?;
    match Target::parse(head.uri.path())? {
        Target::Folder(_) if !head.uri.path().ends_with('/') => Ok(moved_to_folder("")),
        Target::Folder(name) => folder::get(context, head, account, state, name).await,
        Target::File(path) => file(context, head, &account, &path, state).await,
    }
}

async fn file(
    context: &Context,
    head: Head<'_>,
    account: &AccountName,
    path: &FilePath,
    mut state: State,
) -> Result<HttpResponse, Problem> {
    let conditions = Conditions::parse(head.headers)?;
    // The file may have come in through another node, a moment ago.
    if state.file(account, path).is_none()
        && let Some(latest) = context.latest().await
    {
        state = latest;
    }
    let record = match state.file(account, path) {
        Some(record) => record.clone(),
        None if state.folder_exists(account, path.as_str()) => return Ok(moved_to_folder(path.as_str())),
        None => return Err(Problem::new(&codes::NOT_FOUND, format!("there is no file {path:?}"))),
    };
    match conditions.check_read(&record) {
        Ok(()) => {}
        Err(Unmet::NotModified) => return Ok(describe(StatusCode::NOT_MODIFIED, &record).finish()),
        Err(Unmet::Failed) => {
            let problem = Problem::new(&codes::PRECONDITION_FAILED, "the file is not the expected one");
            return Err(problem.with(header::ETAG, etag::of(&record.sha256)));
        }
    }
    let range = match range_of(head, &record)? {
        Wanted::Whole => None,
        Wanted::Part(range) => Some(range),
        Wanted::Nothing => {
            let problem = Problem::new(&codes::RANGE_NOT_SATISFIABLE, format!("the file has {} bytes", record.length));
            return Err(problem.with(header::CONTENT_RANGE, format!("bytes */{}", record.length)));
        }
    };
    let mut response = describe(range.as_ref().map_or(StatusCode::OK, |_| StatusCode::PARTIAL_CONTENT), &record);
    response.insert_header((header::ACCEPT_RANGES, "bytes"));
    if head.uri.query() == Some(AS_ATTACHMENT) {
        let name = format!("attachment; filename*=UTF-8''{}", encode(path.file_name()));
        response.insert_header((header::CONTENT_DISPOSITION, name));
    }
    let mime = mime_guess::from_path(path.file_name()).first_or_octet_stream();
    response.insert_header((header::CONTENT_TYPE, mime.essence_str().to_owned()));
    match &range {
        Some(part) => {
            let value = format!("bytes {}-{}/{}", part.start, part.end - 1, record.length);
            response.insert_header((header::CONTENT_RANGE, value));
        }
        None => {
            response.insert_header((digest::CONTENT_DIGEST, digest::format(&record.sha256)));
        }
    }
    let range = range.unwrap_or(0..record.length);
    if head.method == Method::HEAD || range.is_empty() {
        let nothing = stream::empty::<Result<Bytes, StreamError>>();
        return Ok(response.body(SizedStream::new(range.end - range.start, nothing)));
    }
    let download = open(context, &state, &record, range).await?;
    Ok(response.body(SizedStream::new(download.length, pieces(download.chunks))))
}

/// The headers of every answer about a file.
fn describe(status: StatusCode, record: &FileRecord) -> HttpResponseBuilder {
    let mut response = HttpResponse::build(status);
    response
        .insert_header((header::ETAG, etag::of(&record.sha256)))
        .insert_header((header::LAST_MODIFIED, http_date(record.modified_ms)))
        .insert_header((digest::REPR_DIGEST, digest::format(&record.sha256)))
        // Partners' files are nobody else's, and may change at any time.
        .insert_header((header::CACHE_CONTROL, "private, no-cache"));
    response
}

fn range_of(head: Head<'_>, record: &FileRecord) -> Result<Wanted, Problem> {
    let Some(range) = text(head.headers, header::RANGE.as_str())? else { return Ok(Wanted::Whole) };
    if head.method == Method::HEAD || !if_range_holds(head.headers, record.modified_ms, &record.sha256)? {
        return Ok(Wanted::Whole);
    }
    Ok(wanted(&range, record.length))
}

async fn open(context: &Context, state: &State, record: &FileRecord, range: Range<u64>) -> Result<Download, ReadError> {
    let request = ReadRequest {
        blob: record.blob,
        digest: BlobDigest { sha256: record.sha256, length: record.length },
        range: ByteRange::new(range),
        holders: holders(state, record),
    };
    context.files.read(request).await
}

/// Nodes that have the contents, those that run first.
fn holders(state: &State, record: &FileRecord) -> Vec<NodeId> {
    let mut holders = state.blobs.get(&record.blob).map_or_else(Vec::new, |blob| blob.holders.clone());
    holders.sort_by_key(|node| !state.members.get(node).is_some_and(flotilla_model::Member::is_up));
    holders
}

/// Cuts large chunks into pieces, without a copy.
fn pieces<S>(chunks: S) -> impl Stream<Item = Result<Bytes, StreamError>>
where
    S: Stream<Item = Result<Bytes, StreamError>> + Unpin,
{
    stream::unfold((chunks, Bytes::new()), |(mut chunks, mut rest)| async move {
        while rest.is_empty() {
            match chunks.next().await? {
                Ok(chunk) => rest = chunk,
                Err(error) => {
                    tracing::warn!(%error, "a download broke off");
                    return Some((Err(error), (chunks, Bytes::new())));
                }
            }
        }
        let piece = rest.split_to(rest.len().min(PIECE_BYTES));
        Some((Ok(piece), (chunks, rest)))
    })
}

/// Folders have a slash at their end, so that relative links work.
fn moved_to_folder(folder: &str) -> HttpResponse {
    let slash = if folder.is_empty() { "" } else { "/" };
    let location = format!("/files/{}{slash}", encode(folder));
    HttpResponse::MovedPermanently()
        .insert_header((header::LOCATION, location))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn chunks_are_cut_into_pieces_in_order() {
        let all: Vec<u8> = (0..300_000_u32).map(|number| (number % 251) as u8).collect();
        let chunks = stream::iter([&all[..200_000], &[], &all[200_000..]].map(|part| Ok(Bytes::copy_from_slice(part))));
        let cut: Vec<Bytes> = pieces(Box::pin(chunks)).map(Result::unwrap).collect().await;
        assert!(cut.iter().all(|piece| !piece.is_empty() && piece.len() <= PIECE_BYTES));
        assert_eq!(cut.concat(), all);
    }
}
