//! Whether the nodes accept each other's certificates: a link that is up says nothing of the next handshake.

use std::collections::BTreeMap;

use flotilla_model::NodeId;

use super::{Examined, failed};
use crate::api::Finding;
use crate::nodes::MemberCertificate;

pub(super) fn judge(nodes: &[Examined], findings: &mut Vec<Finding>) {
    let seers: Vec<_> = nodes.iter().filter_map(|one| Some((one, one.found.as_ref().ok()?))).collect();
    // By member: who accepts its certificate, and who does not.
    let mut members: BTreeMap<NodeId, (usize, Vec<(NodeId, &MemberCertificate, &str)>)> = BTreeMap::new();
    for (one, found) in &seers {
        for member in &found.members {
            let (accepting, refusing) = members.entry(member.node).or_default();
            match &member.refusal {
                Some(reason) => refusing.push((one.node, member, reason)),
                None => *accepting += 1,
            }
        }
    }
    for (node, (accepting, refusing)) in members {
        // That it has ended is told by the node itself already.
        let has_ended =
            seers.iter().any(|(one, found)| one.node == node && found.certificate.not_after_ms <= one.asked_ms);
        let Some((_, first, reason)) = refusing.first().filter(|_| !has_ended) else { continue };
        if accepting == 0 {
            let alias = &first.alias;
            let detail = format!("shows the certificate {alias}, which no node that was asked accepts: {reason}");
            findings.push(failed(
                node,
                "certificates",
                detail,
                Some("flotilla cert show; renew it, or import another one"),
            ));
            continue;
        }
        for (seer, member, reason) in refusing {
            let detail = format!("does not accept the certificate {} of node {node}: {reason}", member.alias);
            findings.push(failed(
                seer,
                "certificates",
                detail,
                Some("flotilla ca list; the log of the node says why its trust differs"),
            ));
        }
    }
}
