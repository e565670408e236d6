//! The facts that nodes found, judged: what is wrong, and what mends it. Pure; tables of cases test it.

mod agreement;
mod chains;
mod own;
mod targets;

use flotilla_model::NodeId;

use crate::api::{Finding, FindingLevel};
use crate::nodes::Examination;

/// One node's facts, or why there are none.
pub(crate) struct Examined {
    pub(crate) node: NodeId,
    pub(crate) found: Result<Examination, String>,
    /// This node's clock in the middle of the question, and how long that took: the answer's time is known to half of it.
    pub(crate) asked_ms: u64,
    pub(crate) round_trip_ms: u64,
}

/// Judges everything. `nodes` are all members, each as it was examined.
pub(crate) fn diagnose(nodes: &[Examined]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for one in nodes {
        match &one.found {
            Ok(found) => {
                own::judge(one, found, &mut findings);
                targets::judge(one.node, &found.targets, &mut findings);
            }
            Err(reason) => {
                findings.push(failed(one.node, "reach", format!("gives no answer: {reason}"), Some("flotilla status")))
            }
        }
    }
    chains::judge(nodes, &mut findings);
    agreement::judge(nodes, &mut findings);
    findings
}

fn finding(node: NodeId, check: &str, level: FindingLevel, detail: String, mend: Option<&str>) -> Finding {
    Finding { node, check: check.to_owned(), level, detail, mend: mend.map(str::to_owned) }
}

fn fine(node: NodeId, check: &str, detail: String) -> Finding {
    finding(node, check, FindingLevel::Ok, detail, None)
}

fn warning(node: NodeId, check: &str, detail: String, mend: Option<&str>) -> Finding {
    finding(node, check, FindingLevel::Warning, detail, mend)
}

fn failed(node: NodeId, check: &str, detail: String, mend: Option<&str>) -> Finding {
    finding(node, check, FindingLevel::Failed, detail, mend)
}

#[cfg(test)]
mod tests;
