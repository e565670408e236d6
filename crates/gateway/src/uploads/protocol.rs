//! What tus asks of every request and every answer.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderName, HeaderValue};

use crate::codes;
use crate::context::Context;
use crate::problem::Problem;
use crate::request::head::{Head, text};
use crate::uploads::checksum;

pub(super) const VERSION: &str = "1.0.0";
pub(super) const MEDIA_TYPE: &str = "application/offset+octet-stream";
pub(super) const UPLOAD_OFFSET: &str = "upload-offset";
pub(super) const UPLOAD_LENGTH: &str = "upload-length";
pub(super) const UPLOAD_EXPIRES: &str = "upload-expires";
pub(super) const UPLOAD_METADATA: &str = "upload-metadata";
const RESUMABLE: &str = "tus-resumable";
const EXTENSIONS: &str = "creation,creation-with-upload,termination,expiration,checksum";

/// "460 Checksum Mismatch", a status of tus' own.
const CHECKSUM_MISMATCH: u16 = 460;

/// The method that is meant: some clients can send no other than POST.
pub(super) fn method(head: Head<'_>) -> Result<String, Problem> {
    let named = text(head.headers, "x-http-method-override")?;
    Ok(named.unwrap_or_else(|| head.method.as_str().to_owned()))
}

pub(super) fn check_version(head: Head<'_>) -> Result<(), Problem> {
    match text(head.headers, RESUMABLE)?.as_deref() {
        Some(VERSION) => Ok(()),
        Some(other) => Err(Problem::new(&codes::TUS_VERSION, format!("{other:.20} is not spoken here"))),
        None => Err(Problem::new(&codes::TUS_VERSION, "the header is missing")),
    }
    .map_err(|problem| problem.field(RESUMABLE).with(HeaderName::from_static("tus-version"), VERSION))
}

/// Says what can be done; needs no password.
pub(super) fn options(context: &Context) -> HttpResponse {
    let size_max = context.parameters(&context.log.state()).files_size_max_bytes();
    HttpResponse::NoContent()
        .insert_header(("tus-version", VERSION))
        .insert_header(("tus-extension", EXTENSIONS))
        .insert_header(("tus-max-size", size_max.to_string()))
        .insert_header(("tus-checksum-algorithm", checksum::ALGORITHM))
        .finish()
}

/// A header that is a number of bytes.
pub(super) fn bytes(head: Head<'_>, name: &'static str) -> Result<Option<u64>, Problem> {
    let Some(value) = text(head.headers, name)? else { return Ok(None) };
    let is_number = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
    let number = value.parse().ok().filter(|_| is_number);
    number.map(Some).ok_or_else(|| Problem::header(name, format!("{value:.40?} is no number of bytes")))
}

/// The answer to what was refused.
pub(super) fn refusal(problem: Problem) -> HttpResponse {
    let is_mismatch = problem.is_of(&codes::DIGEST_MISMATCH);
    let mut response = problem.into_response();
    if is_mismatch && let Ok(status) = StatusCode::from_u16(CHECKSUM_MISMATCH) {
        *response.status_mut() = status;
    }
    response
}

/// Each answer names the version and is nobody's to keep.
pub(super) fn marked(mut response: HttpResponse) -> HttpResponse {
    let headers = response.headers_mut();
    headers.insert(HeaderName::from_static(RESUMABLE), HeaderValue::from_static(VERSION));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
