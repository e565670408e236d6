//! *Certificates*: local certificates of all nodes, and the CAs that the cluster trusts.

use actix_web::web;
use askama::Template;
use flotilla_model::NodeId;
use jiff::Timestamp;
use serde::Deserialize;

use crate::api::{AuthorityView, CertificateQuery, CertificateView};
use crate::console::{Answer, Form, Frame, Section, Visitor, filters, page, see_other};
use crate::resources::{certificate_authorities, certificates};

pub(super) fn configure(config: &mut web::ServiceConfig) {
    config.service(web::resource("/certificates").get(show)).service(web::resource("/certificates/renew").post(renew));
}

#[derive(Template)]
#[template(path = "certificates.html")]
struct CertificatesPage {
    frame: Frame,
    certificates: Vec<CertificateView>,
    authorities: Vec<AuthorityView>,
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
        match days_until(end) {
            ..=7 => "bad",
            8..=30 => "warn",
            _ => "ok",
        }
    }
}

fn days_until(end: &Timestamp) -> i64 {
    (end.as_second() - Timestamp::now().as_second()).div_euclid(86_400)
}

async fn show(visitor: Visitor) -> Answer {
    let admin = visitor.admin.clone();
    let query = web::Query(CertificateQuery::default());
    let certificates = certificates::list(admin.clone(), visitor.read()?, query).await?.into_inner().items;
    let authorities = certificate_authorities::list(admin, visitor.read()?).await.into_inner().items;
    let frame = visitor.frame("Certificates", Section::Certificates);
    Ok(page(&CertificatesPage { frame, certificates, authorities }))
}

#[derive(Deserialize)]
struct Renewal {
    node: NodeId,
    alias: String,
}

async fn renew(Form { visitor, fields }: Form<Renewal>) -> Answer {
    let path = web::Path::from((fields.node, fields.alias));
    certificates::renew(visitor.admin.clone(), visitor.administer()?, path).await?;
    Ok(see_other("/console/certificates?done=renewed"))
}
