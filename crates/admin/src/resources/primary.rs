//! `cluster/primary`: who leads, and the hand-over.

use actix_web::web;
use flotilla_config::parameters::Parameters;
use flotilla_model::{Command, Member, MemberRole, NodeId};

use crate::Admin;
use crate::api::{HandOverAnswer, HandOverRequest, NodeStatus, PrimaryView, PromotionView};
use crate::error::ApiError;
use crate::interface::{Routes, Tag};
use crate::nodes::{NodeAnswer, NodeRequest};
use crate::problems::Code;
use crate::server::{Body, Operate, Read};

pub(super) fn add(routes: &mut Routes) {
    routes.chapter(Tag::Cluster);
    routes.get("/cluster/primary", show).named("getPrimary", "Who leads, and who could, in order of promotion");
    routes
        .post("/cluster/primary/handover", hand_over)
        .named("handOverPrimary", "Hands the lead over; answers when the other one leads")
        .refuses(&[Code::NotFound, Code::WrongState]);
}

pub(crate) async fn show(admin: web::Data<Admin>, _: Read) -> web::Json<PrimaryView> {
    let state = admin.view().state;
    let own = admin.parts().facts.status();
    let parameters = Parameters(|name: &str| state.parameter(name, None).map(|row| row.value.clone()));
    let primary = own.consensus.primary;
    let member = |id: &NodeId| state.members.get(id);
    web::Json(PrimaryView {
        node: primary,
        name: primary.and_then(|node| member(&node)).map(|row| row.name.clone()),
        term: own.consensus.term,
        failback: parameters.fail_back().name().to_owned(),
        order: state.servers().iter().filter_map(member).map(|row| describe(row, &own)).collect(),
    })
}

/// Whether it is far behind, the primary alone knows for certain: it looks when it is asked to hand over.
fn describe(member: &Member, own: &NodeStatus) -> PromotionView {
    let reason = if own.consensus.primary == Some(member.id) {
        Some("leads")
    } else if !member.is_up() {
        Some("is down")
    } else if !own.consensus.voters.contains(&member.id) {
        Some("does not vote")
    } else {
        (member.role == MemberRole::Witness).then_some("is a witness")
    };
    PromotionView {
        node: member.id,
        name: member.name.clone(),
        is_able: reason.is_none(),
        reason: reason.map(str::to_owned),
    }
}

pub(crate) async fn hand_over(
    admin: web::Data<Admin>,
    Operate(caller): Operate,
    Body(request): Body<HandOverRequest>,
) -> Result<web::Json<HandOverAnswer>, ApiError> {
    let primary = admin
        .parts()
        .facts
        .status()
        .consensus
        .primary
        .ok_or_else(|| ApiError::new(Code::Unavailable, "no node leads at the moment").mend("try again"))?;
    let answer = admin.ask(primary, NodeRequest::HandOver { to: request.to }).await?;
    let NodeAnswer::HandedOver { from, to, took_ms } = answer else {
        return Err(ApiError::internal("the primary answered something else"));
    };
    let noted = Command::RecordOperation {
        operation: "primary.hand-over".to_owned(),
        subject: "the cluster".to_owned(),
        before: Some(format!("node {from}")),
        after: Some(format!("node {to}")),
    };
    admin.change(&caller, noted).await?;
    Ok(web::Json(HandOverAnswer { from, to, took_ms }))
}
