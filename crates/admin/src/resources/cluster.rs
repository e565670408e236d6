//! `GET cluster`: all nodes, as the one that answers knows them.

use actix_web::web;
use flotilla_config::parameters::Parameters;
use flotilla_model::{Member, MemberRole, NodeId};

use super::queue;
use crate::Admin;
use crate::api::{ClusterNode, ClusterStatus, NodeRole, NodeStanding, NodeStatus, from_ms};
use crate::interface::{Routes, Tag};
use crate::ports::{LedgerView, PeerFacts};
use crate::server::Read;

/// The rest of them is in `lanes`.
const PAUSED_LANES_SHOWN: usize = 20;

pub(super) fn add(routes: &mut Routes) {
    routes.chapter(Tag::Cluster);
    routes
        .get("/cluster", cluster)
        .named("getCluster", "All nodes, in order of promotion, as the answering one knows them");
}

pub(crate) async fn cluster(admin: web::Data<Admin>, _: Read) -> web::Json<ClusterStatus> {
    let parts = admin.parts();
    web::Json(assemble(&admin.view(), &parts.facts.status(), &parts.facts.peers()))
}

/// How the nodes stand, in short.
pub(crate) fn standings(admin: &Admin, view: &LedgerView) -> Vec<NodeStanding> {
    let parts = admin.parts();
    let nodes = assemble(view, &parts.facts.status(), &parts.facts.peers()).nodes.into_iter();
    nodes
        .map(|node| NodeStanding {
            node: node.node,
            role: node.role,
            is_up: node.is_up,
            is_connected: node.link.map(|link| link.is_connected),
        })
        .collect()
}

fn assemble(view: &LedgerView, own: &NodeStatus, peers: &[PeerFacts]) -> ClusterStatus {
    let state = &view.state;
    let heard = peers.iter().filter_map(|peer| peer.applied_index).max().unwrap_or(0);
    let committed_index = own.consensus.committed_index.max(heard);
    let parameters = Parameters(|name: &str| state.parameter(name, None).map(|row| row.value.clone()));
    let member = |id: &NodeId| state.members.get(id);
    let paused = state.lanes.values().filter(|lane| lane.is_paused);
    ClusterStatus {
        id: format!("{:032x}", state.cluster().id),
        name: state.cluster().name.clone(),
        mode: parameters.cluster_mode().name().to_owned(),
        created_at: from_ms(state.cluster().created_ms),
        answered_by: own.node,
        term: own.consensus.term,
        primary: own.consensus.primary,
        committed_index,
        nodes: state.servers().iter().filter_map(member).map(|row| node(row, own, peers, committed_index)).collect(),
        queue: state.queue_statistics().into(),
        room: queue::room(state),
        lanes_paused: queue::lanes_paused(state),
        paused_lanes: paused.take(PAUSED_LANES_SHOWN).map(|lane| lane.name.to_string()).collect(),
        accounts: state.accounts.len() as u64,
        files: state.files.len() as u64,
        transfers: state.transfers.len() as u64,
    }
}

fn node(member: &Member, own: &NodeStatus, peers: &[PeerFacts], committed_index: u64) -> ClusterNode {
    let is_own = member.id == own.node;
    let peer = peers.iter().find(|peer| peer.node == member.id);
    let (term, applied_index) = if is_own {
        (Some(own.consensus.term), Some(own.consensus.applied_index))
    } else {
        (peer.and_then(|peer| peer.term), peer.and_then(|peer| peer.applied_index))
    };
    ClusterNode {
        node: member.id,
        name: member.name.clone(),
        role: role(member, own, peer),
        is_up: member.is_up(),
        version: member.version.clone(),
        mesh_address: member.mesh_address.clone(),
        admin_url: member.admin_url.clone(),
        transfer_url: member.transfer_url.clone(),
        joined_at: from_ms(member.joined_ms),
        term,
        applied_index,
        lag_entries: applied_index.map(|applied| committed_index.saturating_sub(applied)),
        link: peer.map(|peer| peer.link.clone()),
    }
}

/// The primary is whom this node follows; about the others their own word counts, then the log's.
fn role(member: &Member, own: &NodeStatus, peer: Option<&PeerFacts>) -> NodeRole {
    let is_witness = member.role == MemberRole::Witness;
    if member.id == own.node {
        let votes = own.consensus.role == NodeRole::Secondary;
        return if is_witness && votes { NodeRole::Witness } else { own.consensus.role };
    }
    if own.consensus.primary == Some(member.id) {
        return NodeRole::Primary;
    }
    let is_connected = peer.is_some_and(|peer| peer.link.is_connected);
    if !member.is_up() && !is_connected {
        return NodeRole::Down;
    }
    match peer.and_then(|peer| peer.role) {
        // Its word is older than ours: it leads no more.
        Some(NodeRole::Primary | NodeRole::Secondary) | None if is_witness => NodeRole::Witness,
        Some(NodeRole::Primary) | None => NodeRole::Secondary,
        Some(role) => role,
    }
}
