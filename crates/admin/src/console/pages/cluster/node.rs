//! One member: how it leaves the cluster, and how it stays after all.

use actix_web::web;
use askama::Template;
use flotilla_model::NodeId;
use serde::Deserialize;

use super::PATH;
use crate::api::{ClusterNode, LeavingView};
use crate::console::{Answer, Form, Frame, Section, Visitor, filters, page, see_other};
use crate::error::ApiError;
use crate::resources::{cluster, servers};

pub(super) fn configure(config: &mut web::ServiceConfig) {
    config
        .service(web::resource("/cluster/nodes/{node}").get(show))
        .service(web::resource("/cluster/nodes/{node}/live").get(live))
        .service(web::resource("/cluster/nodes/{node}/{deed}").post(act));
}

#[derive(Template)]
#[template(path = "node.html")]
struct NodePage {
    frame: Frame,
    live: Live,
}

#[derive(Template)]
#[template(path = "node_live.html")]
struct Live {
    node: ClusterNode,
    leaving: Option<LeavingView>,
    /// The last member stays.
    is_alone: bool,
    may_administer: bool,
    csrf: String,
}

impl Live {
    fn has_handed_over(&self) -> bool {
        self.leaving.is_some_and(|left| left.contents == 0 && left.events == 0)
    }
}

async fn read(visitor: &Visitor, frame: &Frame, id: u64) -> Result<Live, ApiError> {
    let found = cluster::cluster(visitor.admin.clone(), visitor.read()?).await.into_inner();
    let is_alone = found.nodes.len() == 1;
    let node = found.nodes.into_iter().find(|node| node.node == NodeId(id));
    let node = node.ok_or_else(|| ApiError::not_found(format!("there is no member {id}")))?;
    let servers = servers::views(&visitor.admin, &visitor.read()?);
    let leaving = servers.into_iter().find(|row| row.node == node.node).and_then(|row| row.leaving);
    Ok(Live { node, leaving, is_alone, may_administer: frame.may_administer, csrf: frame.csrf.clone() })
}

async fn show(visitor: Visitor, id: web::Path<u64>) -> Answer {
    let frame = visitor.frame(format!("Node {id}"), Section::Cluster);
    let live = read(&visitor, &frame, *id).await?;
    Ok(page(&NodePage { frame, live }))
}

async fn live(visitor: Visitor, id: web::Path<u64>) -> Answer {
    let frame = visitor.frame(format!("Node {id}"), Section::Cluster);
    Ok(page(&read(&visitor, &frame, *id).await?))
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Deed {
    Leave,
    Stay,
    Remove,
}

#[derive(Deserialize)]
struct Nothing {}

async fn act(Form { visitor, fields: Nothing {} }: Form<Nothing>, path: web::Path<(u64, Deed)>) -> Answer {
    let (id, deed) = path.into_inner();
    let (admin, administer, node) = (visitor.admin.clone(), visitor.administer()?, web::Path::from(id));
    let done = match deed {
        Deed::Leave => servers::leave(admin, administer, node).await.map(|_| "server-leaves")?,
        Deed::Stay => servers::stay(admin, administer, node).await.map(|_| "server-stays")?,
        Deed::Remove => {
            servers::remove(admin, administer, node).await?;
            return Ok(see_other(&format!("{PATH}?done=server-removed")));
        }
    };
    Ok(see_other(&format!("{PATH}/nodes/{id}?done={done}")))
}
