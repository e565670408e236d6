//! `doctor`: every node looks at itself and around, and what they find is judged.

use std::time::Instant;

use actix_web::web;
use flotilla_model::NodeId;
use futures::future::join_all;

use crate::Admin;
use crate::api::{Diagnosis, DoctorQuery, FindingLevel};
use crate::doctor::{Examined, diagnose};
use crate::error::ApiError;
use crate::interface::{Routes, Tag};
use crate::nodes::{NodeAnswer, NodeRequest};
use crate::problems::Code;
use crate::server::{Operate, now_ms};

pub(super) fn add(routes: &mut Routes) {
    routes.chapter(Tag::Cluster);
    routes
        .get("/doctor", examine)
        .named("examine", "What every node finds in itself and around, judged")
        .refuses(&[Code::NotFound]);
}

/// For who may steer: it makes every node dial and write.
pub(crate) async fn examine(
    admin: web::Data<Admin>,
    _: Operate,
    query: web::Query<DoctorQuery>,
) -> Result<web::Json<Diagnosis>, ApiError> {
    let state = admin.view().state;
    if let Some(node) = query.node.filter(|node| !state.members.contains(node)) {
        return Err(ApiError::not_found(format!("there is no member {node}")));
    }
    let wanted = state.servers().iter().copied().filter(|node| query.node.is_none_or(|only| only == *node));
    let examined = join_all(wanted.map(|node| ask(&admin, node))).await;
    let items = diagnose(&examined);
    let count = |level| items.iter().filter(|finding| finding.level == level).count() as u64;
    Ok(web::Json(Diagnosis { failed: count(FindingLevel::Failed), warnings: count(FindingLevel::Warning), items }))
}

async fn ask(admin: &Admin, node: NodeId) -> Examined {
    let (begun, begun_ms) = (Instant::now(), now_ms());
    let answer = admin.ask(node, NodeRequest::Examine).await;
    let took_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
    let found = match answer {
        Ok(NodeAnswer::Examined { examination }) => Ok(*examination),
        Ok(_) => Err("it answered something else".to_owned()),
        Err(error) => Err(error.detail),
    };
    // The node reads its clock at the very end of its look.
    Examined { node, found, asked_ms: begun_ms + took_ms, round_trip_ms: ROUND_TRIP_MS.min(took_ms) }
}

/// The way of the answer takes no longer between nodes of one cluster.
const ROUND_TRIP_MS: u64 = 500;
