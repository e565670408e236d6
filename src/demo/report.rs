//! What the demo has to tell.

use flotilla_admin::api::{NodeRole, TransferView};
use serde::Serialize;

use crate::output::{bytes, list, or_dash, table};

/// The demo's findings: one JSON document, or a page of text.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    pub(crate) nodes: Vec<NodeRow>,
    pub(crate) file: String,
    pub(crate) taken_by: u64,
    pub(crate) held_by: Vec<u64>,
    pub(crate) fetched_from: u64,
    pub(crate) processed_by_node: Option<u64>,
    pub(crate) processed_by_worker: Option<u32>,
    pub(crate) transfer: TransferView,
    pub(crate) credentials: Credentials,
    pub(crate) next: Vec<String>,
}

#[derive(Debug, Serialize)]
pub(crate) struct NodeRow {
    pub(crate) node: u64,
    pub(crate) name: String,
    pub(crate) role: NodeRole,
    pub(crate) admin_url: String,
    pub(crate) transfer_url: String,
    pub(crate) process_id: Option<u32>,
}

/// Of a demo on the loopback interface; shown on purpose.
#[derive(Debug, Serialize)]
pub(crate) struct Credentials {
    pub(crate) administrator: String,
    pub(crate) administrator_password: String,
    pub(crate) account: String,
    pub(crate) account_password: String,
}

/// The report as text.
pub(crate) fn text(report: &Report) -> String {
    let transfer = &report.transfer;
    let nodes = table(
        ["node", "name", "role", "admin URL", "transfer URL", "process"],
        report.nodes.iter().map(|row| {
            [
                row.node.to_string(),
                row.name.clone(),
                row.role.name().to_owned(),
                row.admin_url.clone(),
                row.transfer_url.clone(),
                or_dash(row.process_id),
            ]
        }),
    );
    let steps = table(
        ["step", "attempt", "node", "worker", "took", "result"],
        transfer.steps.iter().map(|step| {
            [
                step.kind.clone(),
                step.attempt.to_string(),
                step.node.to_string(),
                step.worker.to_string(),
                format!("{:.1} ms", step.duration_us as f64 / 1000.0),
                if step.succeeded { format!("ok: {}", step.detail) } else { step.detail.clone() },
            ]
        }),
    );
    let credentials = &report.credentials;
    let next: String = report.next.iter().map(|command| format!("  {command}\n")).collect();
    format!(
        "{nodes}\n\n\
         {} ({}) was taken by node {}, is held by nodes {}, was processed by worker {} on node {},\n\
         and fetched again from node {}, byte by byte the same.\n\n\
         transfer {}: {} as {}, SHA-256 {}\n{steps}\n\n\
         administrator {} with password {}\n\
         account       {} with password {}\n\n\
         Try next:\n{next}",
        transfer.path,
        bytes(transfer.size_bytes),
        report.taken_by,
        list(&report.held_by),
        or_dash(report.processed_by_worker),
        or_dash(report.processed_by_node),
        report.fetched_from,
        transfer.id,
        transfer.state,
        transfer.account,
        transfer.sha256,
        credentials.administrator,
        credentials.administrator_password,
        credentials.account,
        credentials.account_password,
    )
}
