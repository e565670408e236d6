//! Log-in and log-out.

use actix_web::http::StatusCode;
use actix_web::http::header::SET_COOKIE;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use serde::Deserialize;

use crate::Admin;
use crate::api::SessionRequest;
use crate::console::assets::{ASSETS, Assets};
use crate::console::form::{fields_of, filled, read};
use crate::console::refusal::html;
use crate::console::{Answer, Form, LOGIN_PATH, START_PATH, see_other};
use crate::error::ApiError;
use crate::problems::Code;
use crate::resources::sessions;
use crate::server::{Anybody, Body};

pub(super) fn configure(config: &mut web::ServiceConfig) {
    config.service(web::resource("/login").get(show).post(log_in)).service(web::resource("/logout").post(log_out));
}

#[derive(Template)]
#[template(path = "login.html")]
struct LoginPage<'a> {
    assets: &'static Assets,
    cluster: String,
    node: String,
    next: &'a str,
    name: &'a str,
    asks_code: bool,
    error: Option<&'a ApiError>,
}

#[derive(Deserialize)]
struct Login {
    name: String,
    password: String,
    #[serde(default)]
    code: String,
    #[serde(default)]
    next: String,
}

#[derive(Deserialize)]
struct LoginQuery {
    #[serde(default)]
    next: String,
}

async fn show(admin: web::Data<Admin>, query: web::Query<LoginQuery>) -> HttpResponse {
    form(&admin, StatusCode::OK, &query.next, "", None)
}

fn form(admin: &Admin, status: StatusCode, next: &str, name: &str, error: Option<&ApiError>) -> HttpResponse {
    let facts = admin.parts().facts.status();
    let page = LoginPage {
        assets: &ASSETS,
        cluster: admin.view().state.cluster().name.clone(),
        node: format!("node {} · {}", facts.node, facts.name),
        next,
        name,
        asks_code: error.is_some_and(|error| error.code == Code::SecondFactorRequired),
        error,
    };
    html(status, &page)
}

async fn log_in(admin: web::Data<Admin>, request: HttpRequest, payload: web::Payload) -> Answer {
    let mut payload = payload.into_inner();
    let login: Login = read(&fields_of(&request, &mut payload).await?)?;
    let Login { name, password, code, next } = login;
    let wanted = SessionRequest { name: name.trim().to_owned(), password, code: filled(&code) };
    match sessions::open(admin.clone(), request, Body(wanted)).await {
        Ok(opened) => {
            let mut answer = see_other(local(&next));
            for cookie in opened.headers().get_all(SET_COOKIE) {
                answer.headers_mut().append(SET_COOKIE, cookie.clone());
            }
            Ok(answer)
        }
        Err(error) => Ok(form(&admin, error.status, &next, &name, Some(&error))),
    }
}

/// Only to a page of the console: `next` comes from the address.
fn local(next: &str) -> &str {
    let is_local = next.starts_with("/console/")
        && !next.starts_with(LOGIN_PATH)
        && next.bytes().all(|byte| byte.is_ascii_graphic());
    if is_local { next } else { START_PATH }
}

#[derive(Deserialize)]
struct Nothing {}

async fn log_out(request: HttpRequest, Form { visitor, fields: Nothing {} }: Form<Nothing>) -> Answer {
    let ended = sessions::end_current(visitor.admin, request, Anybody(visitor.caller)).await?;
    let mut answer = see_other(LOGIN_PATH);
    for cookie in ended.headers().get_all(SET_COOKIE) {
        answer.headers_mut().append(SET_COOKIE, cookie.clone());
    }
    Ok(answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_in_leads_to_pages_of_ours_only() {
        assert_eq!(local("/console/queue?state=dead"), "/console/queue?state=dead");
        for other in [
            "",
            "/",
            "//evil.example/console/",
            "https://evil.example/",
            "/console/login?next=x",
            "/console/\r\nx",
            "/api/v2.0/",
        ] {
            assert_eq!(local(other), START_PATH, "{other}");
        }
    }
}
