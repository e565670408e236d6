//! `statistics/history`: how the nodes fared in the last hour.

use actix_web::web;

use crate::Admin;
use crate::api::{History, HistoryQuery, to_ms};
use crate::error::ApiError;
use crate::history;
use crate::interface::{Routes, Tag};
use crate::problems::Code;
use crate::server::Read;

pub(super) fn add(routes: &mut Routes) {
    routes.chapter(Tag::Logs);
    routes
        .get("/statistics/history", show)
        .named("getHistory", "How the nodes fared in the last hour, a sample each ten seconds")
        .explained(
            "Each node keeps its own samples in memory while its process runs; what is counted in a second is the mean since the sample \
             before. A node that does not answer is named with its `failure`.",
        )
        .refuses(&[Code::NotFound]);
}

pub(crate) async fn show(
    admin: web::Data<Admin>,
    _: Read,
    query: web::Query<HistoryQuery>,
) -> Result<web::Json<History>, ApiError> {
    let nodes = admin.named_nodes(query.node);
    if let Some(node) = query.node.filter(|_| nodes.is_empty()) {
        return Err(flotilla_model::Rejection::NoSuchMember { node }.into());
    }
    Ok(web::Json(history::of_nodes(&admin, nodes, query.since.map(to_ms)).await))
}
