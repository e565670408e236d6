//! The partner's own page: log in, browse, fetch, send, rename, delete, change the password. All of it works without a script but
//! the progress of an upload, and its going on after an interruption.
//!
//! What a page shows comes from the same functions as the answers to programs. Names of files are escaped where they are shown and
//! encoded where they are part of an address; a file itself is never served as part of a page.

mod assets;
mod browse;
mod change;
mod form;
mod frame;
mod login;
mod password;
mod send;
mod target;

use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::http::header;
use actix_web::web::Payload;

use crate::access::Session;
use crate::codes;
use crate::context::Context;
use crate::problem::Problem;
use crate::request::head::Head;

pub(crate) use target::Target;

/// Answers a request for a page.
pub(crate) async fn answer(context: &Arc<Context>, head: Head<'_>, target: Target, payload: Payload) -> HttpResponse {
    let answer = dispatch(context, head, target, payload).await;
    let response = answer.unwrap_or_else(|problem| {
        tracing::debug!(method = %head.method, path = head.uri.path(), ?problem, "a page was refused");
        frame::problem(context, problem)
    });
    frame::guarded(response)
}

async fn dispatch(
    context: &Arc<Context>,
    head: Head<'_>,
    target: Target,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    let is_get = matches!(head.method.as_str(), "GET" | "HEAD");
    match (target, is_get) {
        (Target::Start, true) => return Ok(frame::see_other(target::FILES)),
        (Target::Asset(asset), true) => return Ok(asset.answer()),
        (Target::Login, true) => return Ok(login::show(context, head)),
        (Target::Login, false) if head.method == "POST" => return login::log_in(context, head, payload).await,
        _ => {}
    }
    let Some(session) = Session::of(context, head).await else { return Ok(login::first(head)) };
    match (target, head.method.as_str()) {
        (Target::Alive, "GET" | "HEAD") => Ok(HttpResponse::NoContent().finish()),
        (Target::Files, "GET" | "HEAD") => browse::browse(context, head, session).await,
        (Target::Password, "GET" | "HEAD") => Ok(password::show(context, &session)),
        (Target::Password, "POST") => password::change(context, head, session, payload).await,
        (Target::Logout, "POST") => login::log_out(context, head, session, payload).await,
        (Target::Send, "POST") => send::send(context, head, session, payload).await,
        (Target::Delete, "POST") => change::delete(context, head, session, payload).await,
        (Target::Rename, "POST") => change::rename(context, head, session, payload).await,
        (_, other) => {
            let problem = Problem::new(&codes::METHOD_NOT_ALLOWED, format!("{other:.20} is not a method of this page"));
            Err(problem.with(header::ALLOW, "GET, HEAD, POST"))
        }
    }
}
