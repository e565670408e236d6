//! Uploads that are gone on with after an interruption: the protocol tus 1.0.0 (<https://tus.io/protocols/resumable-upload>)
//! with creation, creation-with-upload, termination, expiration and checksum.
//!
//! Every part is stored as a file is, so that what `Upload-Offset` says is on as many disks as a file would be; a row of the state
//! says which parts there are. So any node goes on with an upload that another one began. With the last byte the parts are put
//! together and the file appears.

mod append;
mod cancel;
mod checksum;
mod create;
mod finish;
mod found;
mod kept;
mod look;
mod metadata;
mod part;
mod protocol;
mod target;

use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::http::header;
use actix_web::web::Payload;

use crate::codes;
use crate::context::Context;
use crate::problem::Problem;
use crate::request::head::Head;

pub(crate) use target::Target;

/// Answers a request for a path below `/uploads`.
pub(crate) async fn answer(
    context: &Arc<Context>,
    head: Head<'_>,
    target: Result<Target, Problem>,
    payload: Payload,
) -> HttpResponse {
    let answer = match target {
        Ok(target) => dispatch(context, head, target, payload).await,
        Err(problem) => Err(problem),
    };
    let response = answer.unwrap_or_else(|problem| {
        tracing::debug!(method = %head.method, path = head.uri.path(), ?problem, "refused a request for an upload");
        protocol::refusal(problem)
    });
    protocol::marked(response)
}

async fn dispatch(
    context: &Arc<Context>,
    head: Head<'_>,
    target: Target,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    let method = protocol::method(head)?;
    if method == "OPTIONS" {
        return Ok(protocol::options(context));
    }
    protocol::check_version(head)?;
    match (target, method.as_str()) {
        (Target::All, "POST") => create::create(context, head, payload).await,
        (Target::One(id), "HEAD") => look::look(context, head, id).await,
        (Target::One(id), "PATCH") => append::append(context, head, id, payload).await,
        (Target::One(id), "DELETE") => cancel::cancel(context, head, id).await,
        (_, other) => {
            let problem = Problem::new(&codes::METHOD_NOT_ALLOWED, format!("{other:.20} is not a method of this path"));
            Err(problem.with(header::ALLOW, target.allow()))
        }
    }
}
