//! POST: an upload is begun, perhaps with its first part.

use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::http::header;
use actix_web::web::Payload;
use flotilla_model::{AccountName, Command, State, UploadId};

use crate::access::authenticate;
use crate::commit::{Repeat, commit};
use crate::context::{Context, now_ms};
use crate::intake::{Source, check_size, check_target};
use crate::pressure;
use crate::problem::Problem;
use crate::request::conditions::{Conditions, http_date};
use crate::request::digest;
use crate::request::head::{Head, text};
use crate::uploads::found::find;
use crate::uploads::part::{Part, Progress};
use crate::uploads::protocol::{MEDIA_TYPE, UPLOAD_EXPIRES, UPLOAD_LENGTH, UPLOAD_OFFSET, bytes};
use crate::uploads::target::location;
use crate::uploads::{checksum, metadata};

pub(super) async fn create(context: &Arc<Context>, head: Head<'_>, payload: Payload) -> Result<HttpResponse, Problem> {
    let (account, state) = authenticate(context, head).await?;
    let sha256 = checksum::announced(head.headers)?;
    let (id, command) = plan(context, head, &account, state).await?;
    commit(context, command, Repeat::Harmless).await?;
    let location = location(id);
    match first_part(context, head, account, id, sha256, payload).await {
        Ok(progress) => Ok(HttpResponse::Created()
            .insert_header((header::LOCATION, location))
            .insert_header((UPLOAD_OFFSET, progress.offset.to_string()))
            .insert_header((UPLOAD_EXPIRES, http_date(progress.expires_ms)))
            .finish()),
        // It is there nevertheless: with its address the client goes on.
        Err(problem) => Err(problem.with(header::LOCATION, location)),
    }
}

async fn plan(
    context: &Context,
    head: Head<'_>,
    account: &AccountName,
    mut state: State,
) -> Result<(UploadId, Command), Problem> {
    if head.headers.contains_key("upload-defer-length") {
        return Err(Problem::header("upload-defer-length", "how long the file is must be said at the beginning"));
    }
    let length = bytes(head, UPLOAD_LENGTH)?;
    let length = length.ok_or_else(|| Problem::header(UPLOAD_LENGTH, "how long the file is must be said"))?;
    let path = metadata::path(head)?;
    let sha256 = digest::of_representation(head.headers)?;
    let conditions = Conditions::parse(head.headers)?;
    check_size(context, &state, Some(length))?;
    let (_, condition) = check_target(context, &mut state, (account, &path), length, &conditions).await?;
    pressure::check_upload(&state, account)?;
    let now_ms = now_ms();
    let id = UploadId(ulid::Ulid::new().0);
    let lifetime_ms = context.parameters(&state).files_upload_lifetime().as_millis() as u64;
    let expires_ms = now_ms.saturating_add(lifetime_ms);
    let account = account.clone();
    Ok((id, Command::OpenUpload { account, id, path, length, sha256, condition, expires_ms, now_ms }))
}

/// What the body brings; a file of no bytes is whole without it.
async fn first_part(
    context: &Arc<Context>,
    head: Head<'_>,
    account: AccountName,
    id: UploadId,
    sha256: Option<flotilla_model::Sha256>,
    payload: Payload,
) -> Result<Progress, Problem> {
    let (upload, state) = find(context, &account, id).await?;
    let media_type = text(head.headers, header::CONTENT_TYPE.as_str())?.unwrap_or_default();
    let has_part = media_type.eq_ignore_ascii_case(MEDIA_TYPE);
    if !has_part && upload.length > 0 {
        return Ok(Progress { offset: 0, expires_ms: upload.expires_ms });
    }
    let length = if has_part { head.content_length()? } else { Some(0) };
    let source = Source::of(head);
    let part = Part { context: Arc::clone(context), source, account, id, upload, state, length, sha256 };
    part.check()?;
    part.take(payload).await
}
