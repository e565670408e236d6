//! Events of applications: published one by one, in arrays or on a stream, followed, looked up and cancelled.

mod answers;
mod batch;
mod event;
mod follow;
mod frames;
mod head;
mod input;
mod lines;
mod one;
mod open;
mod post;
mod publish;
mod slots;
mod standing;
mod stream;
mod target;

use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::http::header;
use actix_web::web::Payload;
use tokio_util::sync::CancellationToken;

use crate::codes;
use crate::context::Context;
use crate::problem::Problem;
use crate::request::head::Head;

pub(crate) use head::check_media_type;
pub(crate) use post::BODIES_BYTES_MAX;
pub(crate) use slots::Slots;
pub(crate) use target::Target;

/// Answers a request for a path below `/events`. `client_left` is cancelled when the client has closed its end.
pub(crate) async fn answer(
    context: &Arc<Context>,
    head: Head<'_>,
    target: Target,
    payload: Payload,
    client_left: CancellationToken,
) -> Result<HttpResponse, Problem> {
    match (target, head.method.as_str()) {
        (_, "OPTIONS") => Ok(HttpResponse::NoContent().insert_header((header::ALLOW, target.allow())).finish()),
        (Target::All, "POST") => post::post(context, head, payload).await,
        (Target::Stream, "POST") => open::publisher(context, head, payload).await,
        (Target::Stream, "GET") => open::follower(context, head, client_left).await,
        (Target::One(id), "GET" | "HEAD") => one::get(context, head, id).await,
        (Target::One(id), "DELETE") => one::cancel(context, head, id).await,
        (_, other) => {
            let problem = Problem::new(&codes::METHOD_NOT_ALLOWED, format!("{other:.20} is not a method of this path"));
            Err(problem.with(header::ALLOW, target.allow()))
        }
    }
}
