//! *Cluster*: the nodes, who leads, how they hear each other.

mod add;
mod node;
mod sync;

use actix_web::web;
use askama::Template;
use flotilla_model::{AdministratorRole, NodeId};
use serde::Deserialize;

use crate::Admin;
use crate::api::{ClusterNode, ClusterStatus, HandOverRequest, NodeRole, NodeStatus, PrimaryView, ServerMove};
use crate::console::{Answer, DELEGATES_START_PATH, Form, Frame, Section, Visitor, filters, page, see_other};
use crate::error::ApiError;
use crate::resources::{cluster, primary, servers};
use crate::server::{Body, IfMatch};

const PATH: &str = "/console/cluster";

pub(super) fn configure(config: &mut web::ServiceConfig) {
    config
        .service(web::resource("/cluster").get(show))
        .service(web::resource("/cluster/live").get(live))
        .service(web::resource("/cluster/handover").post(hand_over))
        .service(web::resource("/cluster/move").post(move_to))
        .configure(add::configure)
        .configure(node::configure)
        .configure(sync::configure);
}

#[derive(Template)]
#[template(path = "cluster.html")]
struct ClusterPage {
    frame: Frame,
    live: Live,
}

/// What is fetched anew all the time.
#[derive(Template)]
#[template(path = "cluster_live.html")]
struct Live {
    cluster: ClusterStatus,
    own: NodeStatus,
    primary: PrimaryView,
    mesh: Vec<Spot>,
    may_operate: bool,
    may_administer: bool,
    csrf: String,
}

/// A node in the picture of the mesh.
struct Spot {
    x: f64,
    y: f64,
    node: ClusterNode,
}

const PICTURE_RADIUS: f64 = 92.0;

impl Live {
    fn new(admin: &Admin, frame: &Frame, cluster: ClusterStatus, primary: PrimaryView) -> Self {
        let nodes = cluster.nodes.len().max(1) as f64;
        let spot = |(place, node): (usize, &ClusterNode)| {
            let angle = std::f64::consts::TAU * (place as f64 / nodes - 0.25);
            Spot { x: PICTURE_RADIUS * angle.cos(), y: PICTURE_RADIUS * angle.sin(), node: node.clone() }
        };
        Self {
            mesh: cluster.nodes.iter().enumerate().map(spot).collect(),
            cluster,
            own: admin.parts().facts.status(),
            primary,
            may_operate: frame.may_operate,
            may_administer: frame.may_administer,
            csrf: frame.csrf.clone(),
        }
    }

    /// Whether this one may be offered the lead.
    fn can_lead(&self, node: &ClusterNode) -> bool {
        let is_able = self.primary.order.iter().any(|row| row.node == node.node && row.is_able);
        self.may_operate && is_able && self.cluster.primary != Some(node.node)
    }

    fn own_spot(&self) -> Option<&Spot> {
        self.mesh.iter().find(|spot| spot.node.node == self.cluster.answered_by)
    }

    fn total_queued(&self) -> u64 {
        let queue = &self.cluster.queue;
        queue.ready + queue.waiting + queue.blocked + queue.leased
    }
}

impl ClusterNode {
    /// `ok`, `warn` or `bad`, for the colour.
    fn health(&self) -> &'static str {
        match self.role {
            NodeRole::Down => "bad",
            _ if !self.is_up => "bad",
            NodeRole::Candidate => "warn",
            _ if self.link.as_ref().is_some_and(|link| !link.is_connected) => "warn",
            _ if self.lag_entries.is_some_and(|lag| lag > 10_000) => "warn",
            _ => "ok",
        }
    }
}

async fn read(visitor: &Visitor, frame: &Frame) -> Result<Live, ApiError> {
    let admin = visitor.admin.clone();
    let found = cluster::cluster(admin.clone(), visitor.read()?).await.into_inner();
    let primary = primary::show(admin.clone(), visitor.read()?).await.into_inner();
    Ok(Live::new(&admin, frame, found, primary))
}

async fn show(visitor: Visitor) -> Answer {
    // A log-in leads here if nothing else was wanted.
    if visitor.caller.role == AdministratorRole::Delegate {
        return Ok(see_other(DELEGATES_START_PATH));
    }
    let frame = visitor.frame("Cluster", Section::Cluster);
    let live = read(&visitor, &frame).await?;
    Ok(page(&ClusterPage { frame, live }))
}

async fn live(visitor: Visitor) -> Answer {
    let frame = visitor.frame("Cluster", Section::Cluster);
    Ok(page(&read(&visitor, &frame).await?))
}

#[derive(Deserialize)]
struct HandOver {
    to: NodeId,
}

async fn hand_over(Form { visitor, fields }: Form<HandOver>) -> Answer {
    let request = HandOverRequest { to: Some(fields.to) };
    primary::hand_over(visitor.admin.clone(), visitor.operate()?, Body(request)).await?;
    Ok(see_other(&format!("{PATH}?done=handed-over")))
}

#[derive(Deserialize)]
struct Move {
    node: u64,
    position: u32,
}

async fn move_to(Form { visitor, fields }: Form<Move>) -> Answer {
    let body = Body(ServerMove { position: fields.position });
    servers::move_to(visitor.admin.clone(), visitor.administer()?, web::Path::from(fields.node), IfMatch(None), body)
        .await?;
    Ok(see_other(&format!("{PATH}?done=moved")))
}
