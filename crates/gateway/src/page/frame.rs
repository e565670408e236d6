//! What is around every page.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use askama::Template;

use crate::access::Session;
use crate::context::Context;
use crate::page::assets::{ASSETS, Assets};
use crate::problem::Problem;

const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; \
    form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

pub(super) struct Frame {
    pub(super) cluster: String,
    /// Nobody is logged in: empty.
    pub(super) who: String,
    pub(super) csrf: String,
}

impl Frame {
    pub(super) fn of_anybody(context: &Context) -> Self {
        Self { cluster: context.log.state().cluster().name.clone(), who: String::new(), csrf: String::new() }
    }

    pub(super) fn of(session: &Session) -> Self {
        Self {
            cluster: session.state.cluster().name.clone(),
            who: session.account.to_string(),
            csrf: session.cookie.csrf_text(),
        }
    }

    pub(super) fn assets(&self) -> &'static Assets {
        &ASSETS
    }
}

/// Says what was done on the page before, or what is to be done; only texts of ours.
pub(super) fn notice(query: Option<&str>) -> Option<&'static str> {
    let name = query?.split('&').find_map(|pair| pair.strip_prefix("notice="))?;
    match name {
        "sent" => Some("The files are here."),
        "deleted" => Some("The file was deleted."),
        "renamed" => Some("The file was renamed."),
        "password" => Some("The password was changed. Log in with the new one."),
        "over" => Some("You are not logged in any more. Log in again."),
        "out" => Some("You have logged out."),
        _ => None,
    }
}

#[derive(Template)]
#[template(path = "problem.html")]
struct ProblemPage<'a> {
    frame: Frame,
    title: &'a str,
    detail: &'a str,
    mend: &'a str,
}

/// A page that says what is wrong.
pub(super) fn problem(context: &Context, problem: Problem) -> HttpResponse {
    let frame = Frame::of_anybody(context);
    let code = problem.code();
    let page = ProblemPage { frame, title: code.title, detail: problem.detail(), mend: code.mend };
    let mut response = html(code.status, &page);
    for (name, value) in problem.headers() {
        response.headers_mut().insert(name, value);
    }
    // No browser is to ask for a password by itself.
    response.headers_mut().remove(header::WWW_AUTHENTICATE);
    response
}

/// A page, or in the worst case a line of text.
pub(super) fn html(status: StatusCode, template: &impl Template) -> HttpResponse {
    match template.render() {
        Ok(body) => HttpResponse::build(status).content_type("text/html; charset=utf-8").body(body),
        Err(error) => {
            tracing::error!(%error, "a page could not be rendered");
            HttpResponse::InternalServerError().content_type("text/plain").body("the page could not be rendered\n")
        }
    }
}

pub(super) fn see_other(location: &str) -> HttpResponse {
    HttpResponse::SeeOther().insert_header((header::LOCATION, location)).finish()
}

/// Nothing from elsewhere is part of a page, no page is part of another, and none is kept.
pub(super) fn guarded(mut response: HttpResponse) -> HttpResponse {
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    response
}
