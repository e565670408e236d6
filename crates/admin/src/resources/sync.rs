//! `sync`: whether all nodes have the same state, shown by digests at one index of the log; and the mend of one that differs.

use std::collections::BTreeMap;
use std::time::Duration;

use actix_web::web;
use flotilla_model::{Command, NodeId, State};
use futures::future::join_all;
use tokio::time::Instant;

use crate::Admin;
use crate::api::{DigestView, RepairRequest, Repaired, SyncStatus, SyncView, Verification, from_ms};
use crate::error::ApiError;
use crate::interface::{Routes, Tag};
use crate::nodes::{NodeAnswer, NodeRequest};
use crate::problems::Code;
use crate::server::{Administer, Body, Operate, Read};

/// Nodes reach an index at different moments: they are asked again until all have a digest of the same.
const VERIFY_PATIENCE: Duration = Duration::from_secs(5);
const ASK_EVERY: Duration = Duration::from_millis(100);

pub(super) fn add(routes: &mut Routes) {
    routes.chapter(Tag::Cluster);
    routes.get("/sync", show).named("getSync", "How far each node is, and where its state was last found equal");
    routes.post("/sync/operations/verify", verify).named("verifySync", "The digests of all nodes at one index");
    routes
        .post("/sync/operations/repair", repair)
        .named("repairNode", "Makes the state of a node anew from another node's")
        .refuses(&[Code::NotFound, Code::WrongState]);
}

pub(crate) async fn show(admin: web::Data<Admin>, _: Read) -> web::Json<SyncStatus> {
    let view = admin.view();
    let (own, peers, sync) = (admin.parts().facts.status(), admin.parts().facts.peers(), admin.parts().facts.sync());
    let heard = peers.iter().filter_map(|peer| peer.applied_index).max().unwrap_or(0);
    let committed = own.consensus.committed_index.max(heard);
    let describe = |node: &NodeId| {
        let member = view.state.members.get(node)?;
        let of_peer = || peers.iter().find(|peer| peer.node == *node)?.applied_index;
        let applied_index = if *node == own.node { Some(own.consensus.applied_index) } else { of_peer() };
        // At index 0 everyone is equal.
        let agreed = sync.agreed.get(node).filter(|(index, _)| *index > 0);
        Some(SyncView {
            node: *node,
            name: member.name.clone(),
            applied_index,
            lag_entries: applied_index.map(|applied| committed.saturating_sub(applied)),
            agreed_index: agreed.map(|(index, _)| *index),
            agreed_at: agreed.map(|(_, at_ms)| from_ms(*at_ms)),
            differs_at_index: sync.differs.get(node).copied(),
        })
    };
    web::Json(SyncStatus {
        answered_by: own.node,
        parameters_index: sync.parameters_index,
        pending_parameters: sync.pending_parameters,
        nodes: view.state.servers().iter().filter_map(describe).collect(),
    })
}

pub(crate) async fn verify(admin: web::Data<Admin>, _: Operate) -> Result<web::Json<Verification>, ApiError> {
    verification(&admin).await.map(web::Json)
}

/// The digests that a node has, by index; or why they could not be had.
type Digests = BTreeMap<NodeId, Result<BTreeMap<u64, String>, String>>;

async fn verification(admin: &Admin) -> Result<Verification, ApiError> {
    let until = Instant::now() + VERIFY_PATIENCE;
    loop {
        let state = admin.view().state;
        let digests = ask_all(admin, &state).await;
        if let Some(index) = common_index(&digests) {
            let primary = admin.parts().facts.status().consensus.primary;
            return Ok(compare(index, &digests, primary, &state));
        }
        if Instant::now() >= until {
            // One that is far behind does not hide whether the others agree.
            let index = most_common_index(&digests).ok_or_else(|| no_index(&digests))?;
            let primary = admin.parts().facts.status().consensus.primary;
            return Ok(compare(index, &digests, primary, &state));
        }
        tokio::time::sleep(ASK_EVERY).await;
    }
}

async fn ask_all(admin: &Admin, state: &State) -> Digests {
    let ask = |node: NodeId| async move {
        let digests = match admin.ask(node, NodeRequest::Digests).await {
            Ok(NodeAnswer::Digests { digests }) => Ok(digests.into_iter().collect()),
            Ok(_) => Err("the node answered something else".to_owned()),
            Err(error) => Err(error.detail),
        };
        (node, digests)
    };
    join_all(state.servers().iter().copied().map(ask)).await.into_iter().collect()
}

/// The highest index that all nodes which answered have a digest of.
fn common_index(digests: &Digests) -> Option<u64> {
    let known: Vec<_> = digests.values().filter_map(|digests| digests.as_ref().ok()).collect();
    let (first, others) = known.split_first()?;
    first.keys().rev().find(|index| others.iter().all(|digests| digests.contains_key(index))).copied()
}

/// The index that most nodes have a digest of, the highest of such; `None` if no two have the same.
fn most_common_index(digests: &Digests) -> Option<u64> {
    let mut counts: BTreeMap<u64, usize> = BTreeMap::new();
    for index in digests.values().flatten().flat_map(BTreeMap::keys) {
        *counts.entry(*index).or_default() += 1;
    }
    let (index, count) = counts.into_iter().max_by_key(|(index, count)| (*count, *index))?;
    (count > 1).then_some(index)
}

fn last_index(digests: &BTreeMap<u64, String>) -> u64 {
    digests.keys().next_back().copied().unwrap_or(0)
}

fn no_index(digests: &Digests) -> ApiError {
    let describe = |(node, answer): (&NodeId, &Result<BTreeMap<u64, String>, String>)| match answer {
        Ok(own) => format!("node {node} is at {}", last_index(own)),
        Err(_) => format!("node {node} gives no answer"),
    };
    let all: Vec<_> = digests.iter().map(describe).collect();
    let detail = format!("no two nodes have a digest of the same index of the log: {}", all.join(", "));
    ApiError::new(Code::Unavailable, detail).mend("try again when the one behind has caught up: flotilla sync status")
}

fn compare(index: u64, digests: &Digests, primary: Option<NodeId>, state: &State) -> Verification {
    let at = |node: NodeId| digests.get(&node)?.as_ref().ok()?.get(&index).cloned();
    let mut votes: BTreeMap<String, (usize, bool)> = BTreeMap::new();
    for node in digests.keys() {
        if let Some(digest) = at(*node) {
            let vote = votes.entry(digest).or_default();
            vote.0 += 1;
            vote.1 |= primary == Some(*node);
        }
    }
    let digest = votes.into_iter().max_by_key(|(_, vote)| *vote).map(|(digest, _)| digest).unwrap_or_default();
    let describe = |(node, answer): (&NodeId, &Result<BTreeMap<u64, String>, String>)| {
        let own = at(*node);
        let failure = match answer {
            Err(reason) => Some(reason.clone()),
            Ok(digests) if own.is_none() => {
                Some(format!("not compared: its log is applied up to {}", last_index(digests)))
            }
            Ok(_) => None,
        };
        DigestView {
            node: *node,
            name: state.members.get(node).map_or_else(String::new, |member| member.name.clone()),
            is_equal: own.as_ref() == Some(&digest),
            digest: own,
            failure,
        }
    };
    let nodes: Vec<DigestView> = digests.iter().map(describe).collect();
    // A node without a digest, since it gave no answer or is behind, is not known to differ.
    let is_equal = nodes.iter().all(|node| node.is_equal || node.digest.is_none());
    Verification { index, digest, is_equal, nodes }
}

pub(crate) async fn repair(
    admin: web::Data<Admin>,
    Administer(caller): Administer,
    Body(request): Body<RepairRequest>,
) -> Result<web::Json<Repaired>, ApiError> {
    let node = request.node;
    let state = admin.view().state;
    if !state.members.contains(&node) {
        return Err(ApiError::not_found(format!("there is no member {node}")));
    }
    let before = verification(&admin).await?;
    let primary = admin.parts().facts.status().consensus.primary;
    // The primary has every entry; but a wrong state is not made better by another wrong one.
    let good = |candidate: &DigestView| candidate.is_equal && candidate.node != node;
    let from = before.nodes.iter().filter(|one| good(one)).max_by_key(|one| primary == Some(one.node));
    let from = from
        .map(|one| one.node)
        .ok_or_else(|| ApiError::new(Code::WrongState, "no other node has a state that it could be mended from"))?;
    let NodeAnswer::Rebuilt { from, index, digest } = admin.ask(node, NodeRequest::Rebuild { from }).await? else {
        return Err(ApiError::internal("the node answered something else"));
    };
    let found = before.nodes.iter().find(|one| one.node == node).and_then(|one| one.digest.clone());
    let noted = Command::RecordOperation {
        operation: "sync.repair".to_owned(),
        subject: format!("node {node}"),
        before: found.map(|digest| format!("{digest} at {}", before.index)),
        after: Some(format!("{digest} at {index}, from node {from}")),
    };
    admin.change(&caller, noted).await?;
    Ok(web::Json(Repaired { node, from, index, digest }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digests(rows: &[(u64, &[(u64, &str)])]) -> Digests {
        let row = |(node, row): &(u64, &[(u64, &str)])| {
            let digests = row.iter().map(|(index, digest)| (*index, (*digest).to_owned())).collect();
            (NodeId(*node), if row.is_empty() { Err("down".to_owned()) } else { Ok(digests) })
        };
        rows.iter().map(row).collect()
    }

    #[test]
    fn the_latest_index_that_all_have_is_compared() {
        let all = digests(&[
            (1, &[(16, "a"), (32, "b"), (40, "c")]),
            (2, &[(16, "a"), (32, "b")]),
            (3, &[]),
            (4, &[(32, "x"), (48, "y")]),
        ]);
        let index = common_index(&all).unwrap();
        assert_eq!(index, 32);
        let found = compare(index, &all, Some(NodeId(4)), &State::default());
        assert_eq!((found.digest.as_str(), found.is_equal), ("b", false));
        let equal: Vec<_> = found.nodes.iter().map(|node| (node.node.0, node.is_equal)).collect();
        assert_eq!(equal, [(1, true), (2, true), (3, false), (4, false)]);
        assert_eq!(common_index(&digests(&[(1, &[(16, "a")]), (2, &[(32, "b")])])), None);
    }

    #[test]
    fn of_two_opinions_the_primarys_counts() {
        let all = digests(&[(1, &[(16, "z")]), (2, &[(16, "a")])]);
        assert_eq!(compare(16, &all, Some(NodeId(2)), &State::default()).digest, "a");
        assert_eq!(compare(16, &all, Some(NodeId(1)), &State::default()).digest, "z");
    }

    #[test]
    fn one_that_is_far_behind_does_not_hide_the_others() {
        let all =
            digests(&[(1, &[(480, "a"), (496, "b")]), (2, &[(480, "a"), (496, "x")]), (3, &[(16, "q")]), (4, &[])]);
        assert_eq!(common_index(&all), None);
        let index = most_common_index(&all).unwrap();
        let found = compare(index, &all, Some(NodeId(1)), &State::default());
        assert_eq!((index, found.digest.as_str(), found.is_equal), (496, "b", false));
        let failures: Vec<_> = found.nodes.iter().map(|node| node.failure.as_deref()).collect();
        assert_eq!(failures, [None, None, Some("not compared: its log is applied up to 16"), Some("down")]);

        let apart = digests(&[(1, &[(480, "a")]), (2, &[(16, "q")]), (3, &[])]);
        assert_eq!(most_common_index(&apart), None);
        let told = no_index(&apart).detail;
        assert!(told.ends_with("node 1 is at 480, node 2 is at 16, node 3 gives no answer"), "{told}");
    }
}
