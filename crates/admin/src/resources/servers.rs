//! `servers`: the order of promotion, as JSON or in the text form of the `servers` file.

use actix_web::http::header::ACCEPT;
use actix_web::{HttpRequest, HttpResponse, web};
use flotilla_config::servers::{Server, render};

use super::resource;
use crate::Admin;
use crate::api::{Page, ServerView};
use crate::server::Read;

pub(super) fn configure(config: &mut web::ServiceConfig) {
    config.service(resource("/servers").get(list));
}

async fn list(admin: web::Data<Admin>, _: Read, request: HttpRequest) -> HttpResponse {
    let state = admin.view().state;
    let members = state.servers().iter().filter_map(|id| state.members.get(id));
    let items: Vec<ServerView> = members
        .zip(0..)
        .map(|(member, position)| ServerView {
            position,
            node: member.id,
            host: member.name.clone(),
            admin_url: member.admin_url.clone(),
        })
        .collect();
    let accept = request.headers().get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if accept.starts_with("text/plain") {
        let lines = items.into_iter().map(|server| Server { host: server.host, admin_url: server.admin_url });
        return HttpResponse::Ok().content_type("text/plain; charset=utf-8").body(render(&lines.collect::<Vec<_>>()));
    }
    HttpResponse::Ok().json(Page { items, next_cursor: None })
}
