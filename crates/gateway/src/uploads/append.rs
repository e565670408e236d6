//! PATCH: the next part.

use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::http::header::HeaderName;
use actix_web::web::Payload;
use flotilla_model::UploadId;

use crate::access::authenticate;
use crate::codes;
use crate::context::Context;
use crate::events::check_media_type;
use crate::intake::Source;
use crate::problem::Problem;
use crate::request::conditions::http_date;
use crate::request::head::Head;
use crate::uploads::checksum;
use crate::uploads::found::find;
use crate::uploads::part::Part;
use crate::uploads::protocol::{MEDIA_TYPE, UPLOAD_EXPIRES, UPLOAD_OFFSET, bytes};

pub(super) async fn append(
    context: &Arc<Context>,
    head: Head<'_>,
    id: UploadId,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    let (account, _) = authenticate(context, head).await?;
    check_media_type(head, MEDIA_TYPE)?;
    let offset = bytes(head, UPLOAD_OFFSET)?;
    let offset = offset.ok_or_else(|| Problem::header(UPLOAD_OFFSET, "where the part begins must be said"))?;
    let (length, sha256) = (head.content_length()?, checksum::announced(head.headers)?);
    let (upload, state) = find(context, &account, id).await?;
    if upload.offset() != offset {
        let problem = Problem::new(&codes::UPLOAD_OFFSET, format!("{} bytes are here", upload.offset()));
        return Err(problem.field(UPLOAD_OFFSET).with(HeaderName::from_static(UPLOAD_OFFSET), upload.offset()));
    }
    let source = Source::of(head);
    let part = Part { context: Arc::clone(context), source, account, id, upload, state, length, sha256 };
    part.check()?;
    let progress = part.take(payload).await?;
    Ok(HttpResponse::NoContent()
        .insert_header((UPLOAD_OFFSET, progress.offset.to_string()))
        .insert_header((UPLOAD_EXPIRES, http_date(progress.expires_ms)))
        .finish())
}
