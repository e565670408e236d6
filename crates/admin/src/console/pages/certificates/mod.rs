//! *Certificates*: local certificates of all nodes, and the CAs that the cluster trusts.

mod authorities;
mod making;
mod one;
mod requests;
mod timeline;

use actix_web::web;
use askama::Template;
use flotilla_model::NodeId;
use flotilla_pki::Fingerprint;
use jiff::Timestamp;
use serde::Deserialize;

use crate::api::{AuthorityView, CertificateQuery, CertificateView, ClusterNode, RevocationView};
use crate::console::{Answer, Form, Frame, Section, Visitor, filters, page, see_other};
use crate::error::ApiError;
use crate::resources::{certificate_authorities, certificates, cluster};
use crate::server::IfFingerprint;
use timeline::Ending;

const PATH: &str = "/console/certificates";

pub(super) fn configure(config: &mut web::ServiceConfig) {
    config.service(web::resource("/certificates").get(show)).service(web::resource("/certificates/renew").post(renew));
    // Before those of one certificate, whose addresses would take theirs.
    config
        .configure(authorities::configure)
        .configure(requests::configure)
        .configure(making::configure)
        .configure(one::configure);
}

#[derive(Template)]
#[template(path = "certificates.html")]
struct CertificatesPage {
    frame: Frame,
    certificates: Vec<CertificateView>,
    authorities: Vec<AuthorityView>,
    revocations: Vec<RevocationView>,
    endings: Vec<Ending>,
    nodes: Vec<ClusterNode>,
    algorithms: [&'static str; 6],
}

impl CertificatesPage {
    fn days_left(&self, end: &Timestamp) -> i64 {
        days_until(end)
    }

    /// Of a year and a bit, as the width of a bar.
    fn share_left(&self, end: &Timestamp) -> i64 {
        (days_until(end) * 100 / 397).clamp(0, 100)
    }

    fn tone(&self, end: &Timestamp) -> &'static str {
        tone_of(days_until(end))
    }
}

fn days_until(end: &Timestamp) -> i64 {
    (end.as_second() - Timestamp::now().as_second()).div_euclid(86_400)
}

fn tone_of(days: i64) -> &'static str {
    match days {
        ..=7 => "bad",
        8..=30 => "warn",
        _ => "ok",
    }
}

async fn show(visitor: Visitor) -> Answer {
    let admin = visitor.admin.clone();
    let query = web::Query(CertificateQuery::default());
    let certificates = certificates::list(admin.clone(), visitor.read()?, query).await?.into_inner().items;
    let authorities = certificate_authorities::list(admin.clone(), visitor.read()?).await.into_inner().items;
    let revocations = certificates::revocations(admin.clone(), visitor.read()?).await.into_inner().items;
    Ok(page(&CertificatesPage {
        frame: visitor.frame("Certificates", Section::Certificates),
        endings: timeline::endings(&certificates, &authorities),
        nodes: cluster::cluster(admin, visitor.read()?).await.into_inner().nodes,
        algorithms: flotilla_pki::KeyAlgorithm::ALL.map(|algorithm| algorithm.as_str()),
        certificates,
        authorities,
        revocations,
    }))
}

#[derive(Deserialize)]
struct Renewal {
    node: NodeId,
    alias: String,
    /// Of the one that was looked at: it is not issued anew twice.
    fingerprint: Fingerprint,
}

async fn renew(Form { visitor, fields }: Form<Renewal>) -> Answer {
    let path = web::Path::from((fields.node, fields.alias));
    certificates::renew(visitor.admin.clone(), visitor.administer()?, path, IfFingerprint(Some(fields.fingerprint)))
        .await?;
    Ok(see_other(&format!("{PATH}?done=renewed")))
}

/// From a choice that has an entry for none.
fn node_of(text: &str) -> Result<Option<NodeId>, ApiError> {
    match text.trim() {
        "" => Ok(None),
        text => text.parse().map(|id| Some(NodeId(id))).map_err(|_| ApiError::invalid("node", "this is no node's id")),
    }
}
