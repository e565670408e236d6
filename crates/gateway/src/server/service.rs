//! From a request to its handler and from there to an answer.

use std::sync::Arc;

use actix_http::Request;
use actix_web::body::BoxBody;
use actix_web::http::{Method, header};
use actix_web::{HttpRequest, HttpResponse, web};
use tokio_util::sync::CancellationToken;

use crate::access;
use crate::answer::{self, ALLOW};
use crate::codes;
use crate::context::Context;
use crate::events;
use crate::page;
use crate::problem::Problem;
use crate::request::head::Head;
use crate::server::activity::Activity;
use crate::server::answer_body::{AnswerBody, LongLived, Running};
use crate::standby;
use crate::uploads;

/// Answers any request.
pub(crate) async fn serve(
    context: web::Data<Context>,
    request: HttpRequest,
    payload: web::Payload,
) -> HttpResponse<AnswerBody> {
    let busy = request.conn_data::<Activity>().map(Activity::begin);
    let running = Running::new(context.metrics.clone(), request.method().clone(), busy);
    let left = request.conn_data::<Activity>().map(Activity::left).unwrap_or_default();
    let head =
        Head { method: request.method(), uri: request.uri(), headers: request.headers(), peer: request.peer_addr() };
    let context = context.into_inner();
    let mut response = dispatch(&context, head, payload, left).await.unwrap_or_else(|problem| refused(head, problem));
    if !response.headers().contains_key(header::SET_COOKIE)
        && let Some(cookie) = access::renewed(&context, head)
    {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    let mut running = running.answered(response.status().as_u16());
    if response.extensions().contains::<LongLived>() {
        running = running.long_lived();
    }
    protected(response).map_body(|_, body| AnswerBody::new(body, running))
}

/// Before `100 Continue`: a body that would be refused need not be sent.
pub(crate) async fn expected(
    context: Arc<Context>,
    request: Request,
) -> Result<Request, actix_http::Response<BoxBody>> {
    let busy = request.conn_data::<Activity>().map(Activity::begin);
    let head = Head {
        method: request.method(),
        uri: request.uri(),
        headers: &request.head().headers,
        peer: request.head().peer_addr,
    };
    if head.method != Method::PUT {
        return Ok(request);
    }
    let running = Running::new(context.metrics.clone(), Method::PUT, busy);
    let checked = match standby::check(&context) {
        Ok(()) => answer::check_put(&context, head).await,
        Err(problem) => Err(problem),
    };
    match checked {
        Ok(()) => {
            running.continued();
            Ok(request)
        }
        Err(problem) => {
            let response = refused(head, problem);
            drop(running.answered(response.status().as_u16()));
            Err(protected(response).into())
        }
    }
}

async fn dispatch(
    context: &Arc<Context>,
    head: Head<'_>,
    mut payload: web::Payload,
    client_left: CancellationToken,
) -> Result<HttpResponse, Problem> {
    standby::check(context)?;
    if let Some(target) = events::Target::parse(head.uri.path()) {
        return events::answer(context, head, target?, payload, client_left).await;
    }
    if let Some(target) = page::Target::parse(head) {
        return Ok(page::answer(context, head, target, payload).await);
    }
    if let Some(target) = uploads::Target::parse(head.uri.path()) {
        return Ok(uploads::answer(context, head, target, payload).await);
    }
    match head.method.as_str() {
        "GET" | "HEAD" => answer::get(context, head).await,
        "PUT" => answer::put(context, head, &mut payload).await,
        "DELETE" => answer::delete(context, head).await,
        "OPTIONS" => Ok(answer::options()),
        "PROPFIND" => answer::propfind(context, head, &mut payload).await,
        "MKCOL" => answer::make_folder(context, head).await,
        "MOVE" => answer::move_file(context, head).await,
        other => {
            let problem = Problem::new(&codes::METHOD_NOT_ALLOWED, format!("{other:.20} is not a method of files"));
            Err(problem.with(header::ALLOW, ALLOW))
        }
    }
}

fn refused(head: Head<'_>, problem: Problem) -> HttpResponse {
    tracing::debug!(method = %head.method, path = head.uri.path(), ?problem, "refused a request");
    problem.into_response()
}

/// Partners' files are served as they came: a browser must neither guess their type nor run what is in them.
fn protected(mut response: HttpResponse) -> HttpResponse {
    let headers = response.headers_mut();
    let fixed = header::HeaderValue::from_static;
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, fixed("nosniff"));
    // Our own pages bring a policy of their own.
    if !headers.contains_key(header::CONTENT_SECURITY_POLICY) {
        headers.insert(header::CONTENT_SECURITY_POLICY, fixed("default-src 'none'; frame-ancestors 'none'; sandbox"));
    }
    headers.insert(header::STRICT_TRANSPORT_SECURITY, fixed("max-age=31536000"));
    response
}
