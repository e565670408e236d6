//! Certificates for people.

use flotilla_admin::api::{CertificateView, RequestView, RevocationView};

use crate::output::{list, or_dash, table};

/// What there is to know about its state, in a word or two.
fn state(view: &CertificateView) -> String {
    match (&view.refusal, view.is_in_use) {
        (Some(refusal), true) => format!("in use; {refusal}"),
        (Some(refusal), false) => refusal.clone(),
        (None, true) => "in use".to_owned(),
        (None, false) => "good".to_owned(),
    }
}

pub(super) fn table_of(rows: &[CertificateView]) -> String {
    let row = |view: &CertificateView| {
        [
            or_dash(view.node),
            view.alias.clone(),
            view.subject.clone(),
            view.not_after.to_string(),
            view.serial.clone(),
            state(view),
        ]
    };
    table(["node", "alias", "subject", "expires", "serial", "state"], rows.iter().map(row))
}

pub(super) fn one(view: &CertificateView) -> String {
    let bound = view.bound_to.map_or_else(|| "no node: nodes may share it".to_owned(), |node| format!("node {node}"));
    [
        format!("node        {}", or_dash(view.node)),
        format!("alias       {}", view.alias),
        format!("subject     {}", view.subject),
        format!("names       {}", list(&view.names)),
        format!("issuer      {}", view.issuer),
        format!("CA          {}", or_dash(view.authority.as_ref())),
        format!("serial      {}", view.serial),
        format!("SHA-256     {}", view.fingerprint),
        format!("valid       {} to {}", view.not_before, view.not_after),
        format!("key         {}", view.key),
        format!("usages      {}", list(&view.usages)),
        format!("bound to    {bound}"),
        format!("state       {}", state(view)),
    ]
    .join("\n")
}

pub(super) fn with_chain(view: &CertificateView) -> String {
    format!("{}\n\n{}", one(view), view.chain_pem.as_deref().unwrap_or_default())
}

pub(super) fn revocations(rows: &[RevocationView]) -> String {
    let row = |view: &RevocationView| {
        [view.serial.clone(), view.subject.clone(), view.revoked_at.to_string(), view.reason.clone()]
    };
    table(["serial", "subject", "revoked", "reason"], rows.iter().map(row))
}

pub(super) fn requests(rows: &[RequestView]) -> String {
    if rows.is_empty() {
        return "no request waits for its reply".to_owned();
    }
    let one = |view: &RequestView| format!("node {}, alias {}\n{}", or_dash(view.node), view.alias, view.request_pem);
    rows.iter().map(one).collect::<Vec<_>>().join("\n")
}
