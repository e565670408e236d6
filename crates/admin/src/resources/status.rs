//! `GET status`: the node that answers, in full.

use actix_web::web;

use crate::Admin;
use crate::api::NodeStatus;
use crate::interface::{Routes, Tag};
use crate::server::Read;

pub(super) fn add(routes: &mut Routes) {
    routes.chapter(Tag::Cluster);
    routes.get("/status", status).named("getStatus", "The answering node in full");
}

async fn status(admin: web::Data<Admin>, _: Read) -> web::Json<NodeStatus> {
    web::Json(admin.parts().facts.status())
}
