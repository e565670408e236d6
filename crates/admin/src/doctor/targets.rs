//! Names and ports, as a node sees them.

use std::net::IpAddr;

use flotilla_model::NodeId;

use super::{failed, fine, warning};
use crate::api::Finding;
use crate::nodes::{TargetFacts, TargetKind};

pub(super) fn judge(node: NodeId, targets: &[TargetFacts], findings: &mut Vec<Finding>) {
    let (mut names, mut ports) = (0, 0);
    let before = findings.len();
    for target in targets {
        let name = name_of(target);
        match &target.addresses {
            Err(reason) => {
                let detail = format!("{} of {name} does not resolve: {reason}", target.host);
                let mend = Some("add the name to DNS, or to /etc/hosts of this node");
                // Nobody needs the name that a node has for itself; but what is wrong here may be wrong elsewhere soon.
                let judged = if target.node == Some(node) { warning } else { failed };
                findings.push(judged(node, "names", detail, mend));
                continue;
            }
            Ok(_) => names += 1,
        }
        findings.extend(back(node, target));
        match &target.connected {
            Err(reason) => findings.push(unreached(node, target, &name, reason)),
            Ok(_) => ports += 1,
        }
    }
    if findings.len() == before {
        findings.push(fine(node, "names", format!("{names} names resolve")));
        findings.push(fine(node, "ports", format!("{ports} ports answer")));
    }
}

fn name_of(target: &TargetFacts) -> String {
    match target.node {
        Some(node) => format!("node {node}"),
        None => format!("the integration {}:{}", target.host, target.port),
    }
}

/// An address given as such needs no name; of a member a name that leads elsewhere is a slip in DNS.
fn back(node: NodeId, target: &TargetFacts) -> Option<Finding> {
    if target.host.parse::<IpAddr>().is_ok() || target.kind != TargetKind::Cluster {
        return None;
    }
    let mend = Some("add a PTR record, or a line to /etc/hosts");
    match &target.reverse {
        Ok(name) if same_host(name, &target.host) => None,
        Ok(name) => Some(warning(node, "names", format!("{} resolves back to {name}", target.host), mend)),
        Err(reason) => Some(warning(node, "names", format!("{} does not resolve back: {reason}", target.host), mend)),
    }
}

/// `ft1` and `ft1.example.org` are one host to people.
fn same_host(left: &str, right: &str) -> bool {
    let (left, right) = (left.trim_end_matches('.').to_lowercase(), right.trim_end_matches('.').to_lowercase());
    let short = |name: &str| name.split('.').next().unwrap_or_default().to_owned();
    left == right || ((!left.contains('.') || !right.contains('.')) && short(&left) == short(&right))
}

fn unreached(node: NodeId, target: &TargetFacts, name: &str, reason: &str) -> Finding {
    let detail =
        format!("the {} {}:{} of {name} does not answer: {reason}", target.kind.name(), target.host, target.port);
    match target.kind {
        // Some networks do not lead a host's own public address back to it.
        _ if target.node == Some(node) => warning(
            node,
            "ports",
            detail,
            Some("see the address in its node file; nothing is wrong if the other nodes reach it"),
        ),
        TargetKind::Cluster => {
            failed(node, "ports", detail, Some("start the node, or open the port between the nodes in the firewall"))
        }
        // The cluster works without it; people and other nodes' commands may not.
        TargetKind::Administration | TargetKind::Partners => {
            warning(node, "ports", detail, Some("start the node, or open the port in the firewall"))
        }
        TargetKind::Integration => {
            failed(node, "ports", detail, Some("start the receiver, or correct its route: flotilla route list"))
        }
    }
}
