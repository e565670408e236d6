//! The web console: what the REST interface can do, as pages for people.
//!
//! Pages are rendered here and work without scripts; a script of ours keeps figures fresh. Each page calls the function that answers
//! the REST resource of the same name, under the same guard, so both show the same and allow the same.

mod assets;
mod chart;
mod download;
mod filters;
mod form;
mod frame;
mod notice;
mod pages;
mod refusal;
mod shown_once;
mod upload;
mod visitor;

use actix_web::middleware::DefaultHeaders;
use actix_web::{HttpResponse, web};

use crate::error::ApiError;
use form::Form;
use frame::{Frame, Section, page};
use refusal::Refusal;
use upload::Upload;
use visitor::Visitor;

/// Where an administrator sets a new password, which is all that one with a given-out password may do.
pub(crate) const PASSWORD_PATH: &str = "/console/password";
const START_PATH: &str = "/console/cluster";
const DELEGATES_START_PATH: &str = "/console/files";
const LOGIN_PATH: &str = "/console/login";

/// Nothing from elsewhere, nothing inline, no frame around it, forms to this server only.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; \
     form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

type Answer = Result<HttpResponse, Refusal>;

pub(crate) fn configure(config: &mut web::ServiceConfig) {
    let headers = DefaultHeaders::new()
        .add(("Content-Security-Policy", CONTENT_SECURITY_POLICY))
        .add(("Cross-Origin-Opener-Policy", "same-origin"))
        .add(("Referrer-Policy", "same-origin"));
    let scope = web::scope("/console")
        .wrap(headers)
        .configure(assets::configure)
        .configure(pages::configure)
        .default_service(web::to(nothing_here));
    config.service(web::resource("/").get(start)).service(scope);
}

async fn start() -> HttpResponse {
    see_other(START_PATH)
}

async fn nothing_here(_: Visitor) -> Answer {
    Err(ApiError::not_found("the console has no such page").into())
}

/// After a form: the browser fetches the page anew, and a reload does not send the form again.
fn see_other(path: &str) -> HttpResponse {
    HttpResponse::SeeOther().insert_header(("Location", path)).finish()
}
