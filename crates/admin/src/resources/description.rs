//! The interface, told by itself: for programs as an OpenAPI document, for people as pages. Open to all: it is the same text for every
//! cluster, and says nothing of this one.

use actix_web::http::StatusCode;
use actix_web::http::header::{ACCEPT, CONTENT_SECURITY_POLICY};
use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::Value;

use crate::error::ApiError;
use crate::interface::{Routes, Tag, document};
use crate::problems::Code;
use crate::reader;

const HTML: &str = "text/html; charset=utf-8";
const TEXT: &str = "text/plain; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";

pub(super) fn add(routes: &mut Routes) {
    routes.chapter(Tag::Description);
    routes.get("/", show).named("readDescription", "This interface, for people").answers_as(
        StatusCode::OK,
        HTML,
        "All operations by chapter",
    );
    routes
        .get("/openapi.json", openapi)
        .named("getDescription", "This interface, for programs")
        .answers_json::<Value>(StatusCode::OK, "An OpenAPI 3.1 document");
    routes
        .get("/problems/{code}", problem)
        .named("getProblem", "What a refusal means, and what to do: where the `type` of a problem leads")
        .answers_as(StatusCode::OK, HTML, "For a browser")
        .answers_as(StatusCode::OK, TEXT, "For everybody else");
    routes.get(reader::STYLE_PATH, style).named("getStyle", "How the pages look").answers_as(
        StatusCode::OK,
        CSS,
        "A style sheet",
    );
}

async fn show() -> HttpResponse {
    page(reader::overview().to_owned())
}

async fn openapi() -> HttpResponse {
    HttpResponse::Ok().content_type("application/json").body(document().json.clone())
}

async fn problem(request: HttpRequest, code: web::Path<String>) -> Result<HttpResponse, ApiError> {
    let code = Code::of_name(&code).ok_or_else(|| ApiError::not_found("there is no problem with this code"))?;
    let accept = request.headers().get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if accept.contains("text/html") {
        return Ok(page(reader::as_page(code)));
    }
    Ok(HttpResponse::Ok().content_type(TEXT).body(reader::as_text(code)))
}

async fn style() -> HttpResponse {
    HttpResponse::Ok().content_type(CSS).body(reader::STYLE)
}

fn page(text: String) -> HttpResponse {
    HttpResponse::Ok()
        .content_type(HTML)
        .insert_header((CONTENT_SECURITY_POLICY, reader::CONTENT_SECURITY_POLICY))
        .body(text)
}
