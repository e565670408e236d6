//! Whether all nodes have the same: the cluster secret, the alias, the `servers` list, the version.

use std::collections::BTreeMap;

use flotilla_model::NodeId;

use super::{Examined, failed, fine, warning};
use crate::api::Finding;
use crate::nodes::Examination;

pub(super) fn judge(nodes: &[Examined], findings: &mut Vec<Finding>) {
    let known: Vec<(NodeId, &Examination)> =
        nodes.iter().filter_map(|one| Some((one.node, one.found.as_ref().ok()?))).collect();
    if known.is_empty() {
        return;
    }
    let before = findings.len();
    let servers = |found: &Examination| found.servers.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    odd_ones(
        &known,
        |found| found.secret_fingerprint.clone(),
        |node, own, common| {
            let detail = format!("has the cluster secret {own}, most have {common}");
            findings.push(failed(
                node,
                "agreement",
                detail,
                Some("flotilla taeh show-fingerprint; flotilla taeh import"),
            ));
        },
    );
    odd_ones(
        &known,
        |found| found.alias.clone(),
        |node, own, common| {
            let detail = format!("has the alias {own}, most have {common}");
            findings.push(failed(node, "agreement", detail, Some("flotilla sync verify")));
        },
    );
    odd_ones(&known, servers, |node, own, common| {
        let detail = format!("has the servers list {own}, most have {common}");
        findings.push(warning(node, "agreement", detail, Some("if it stays: flotilla sync verify")));
    });
    odd_ones(
        &known,
        |found| found.version.clone(),
        |node, own, common| {
            let detail = format!("runs version {own}, most run {common}");
            findings.push(warning(node, "versions", detail, Some("finish the upgrade, one node after the other")));
        },
    );
    if findings.len() == before {
        let (node, found) = known[0];
        let detail =
            format!("secret, alias, servers list and version {} are the same on {} nodes", found.version, known.len());
        findings.push(fine(node, "agreement", detail));
    }
}

/// Tells of each node whose value is not the one that most have.
fn odd_ones(
    known: &[(NodeId, &Examination)],
    value: impl Fn(&Examination) -> String,
    mut tell: impl FnMut(NodeId, &str, &str),
) {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for (_, found) in known {
        *counts.entry(value(found)).or_default() += 1;
    }
    let Some((common, _)) = counts.iter().max_by_key(|(_, count)| **count) else { return };
    for (node, found) in known {
        let own = value(found);
        if own != *common {
            tell(*node, &own, common);
        }
    }
}
