//! `/livez` and `/readyz`, for load balancers and supervisors: open to all, and say nothing else.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};

use crate::Admin;
use crate::api::ReadyStatus;
use crate::interface::{Routes, Tag};

pub(super) fn add(routes: &mut Routes) {
    routes.chapter_at_top(Tag::Health);
    routes.get("/livez", live).named("getLiveness", "Answers while the process does");
    routes
        .get("/readyz", ready)
        .named("getReadiness", "Whether this node should get traffic")
        .answers_json::<ReadyStatus>(StatusCode::OK, "It should")
        .answers_json::<ReadyStatus>(StatusCode::SERVICE_UNAVAILABLE, "It should not; the reasons");
}

async fn live() -> &'static str {
    "live\n"
}

async fn ready(admin: web::Data<Admin>) -> HttpResponse {
    let status = admin.parts().facts.ready();
    let code = if status.is_ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    HttpResponse::build(code).json(status)
}
