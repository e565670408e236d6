//! `GET status`: the node that answers, in full.

use actix_web::web;

use super::resource;
use crate::Admin;
use crate::api::NodeStatus;
use crate::server::Read;

pub(super) fn configure(config: &mut web::ServiceConfig) {
    config.service(resource("/status").get(status));
}

async fn status(admin: web::Data<Admin>, _: Read) -> web::Json<NodeStatus> {
    web::Json(admin.parts().facts.status())
}
