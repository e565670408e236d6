//! `/livez` and `/readyz`, for load balancers and supervisors: open to all, and say nothing else.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};

use super::resource;
use crate::Admin;

pub(super) fn configure(config: &mut web::ServiceConfig) {
    config.service(resource("/livez").get(live)).service(resource("/readyz").get(ready));
}

async fn live() -> &'static str {
    "live\n"
}

async fn ready(admin: web::Data<Admin>) -> HttpResponse {
    let status = admin.parts().facts.ready();
    let code = if status.is_ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    HttpResponse::build(code).json(status)
}
