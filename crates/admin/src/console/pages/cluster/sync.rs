//! *Synchronisation*: continuous; here it is proved, and a node that differs is mended.

use actix_web::web;
use askama::Template;
use flotilla_model::NodeId;
use serde::Deserialize;

use crate::api::{RepairRequest, Repaired, SyncStatus, Verification};
use crate::console::{Answer, Form, Frame, Section, Visitor, filters, page};
use crate::error::ApiError;
use crate::resources::sync;
use crate::server::Body;

pub(super) fn configure(config: &mut web::ServiceConfig) {
    config
        .service(web::resource("/cluster/sync").get(show))
        .service(web::resource("/cluster/sync/live").get(live))
        .service(web::resource("/cluster/sync/verify").post(verify))
        .service(web::resource("/cluster/sync/repair").post(repair));
}

#[derive(Template)]
#[template(path = "sync.html")]
struct SyncPage {
    frame: Frame,
    live: Live,
    verification: Option<Verification>,
    repaired: Option<Repaired>,
}

#[derive(Template)]
#[template(path = "sync_live.html")]
struct Live {
    status: SyncStatus,
    may_administer: bool,
    csrf: String,
}

async fn read(visitor: &Visitor, frame: &Frame) -> Result<Live, ApiError> {
    let status = sync::show(visitor.admin.clone(), visitor.read()?).await.into_inner();
    Ok(Live { status, may_administer: frame.may_administer, csrf: frame.csrf.clone() })
}

async fn with(visitor: &Visitor, verification: Option<Verification>, repaired: Option<Repaired>) -> Answer {
    let frame = visitor.frame("Synchronisation", Section::Cluster);
    let live = read(visitor, &frame).await?;
    Ok(page(&SyncPage { frame, live, verification, repaired }))
}

async fn show(visitor: Visitor) -> Answer {
    with(&visitor, None, None).await
}

async fn live(visitor: Visitor) -> Answer {
    let frame = visitor.frame("Synchronisation", Section::Cluster);
    Ok(page(&read(&visitor, &frame).await?))
}

#[derive(Deserialize)]
struct Nothing {}

/// It changes nothing: the answer is the page itself, and a reload asks again.
async fn verify(Form { visitor, fields: Nothing {} }: Form<Nothing>) -> Answer {
    let found = sync::verify(visitor.admin.clone(), visitor.operate()?).await?.into_inner();
    with(&visitor, Some(found), None).await
}

#[derive(Deserialize)]
struct Repair {
    node: NodeId,
}

async fn repair(Form { visitor, fields }: Form<Repair>) -> Answer {
    let body = Body(RepairRequest { node: fields.node });
    let done = sync::repair(visitor.admin.clone(), visitor.administer()?, body).await?.into_inner();
    with(&visitor, None, Some(done)).await
}
