//! One certificate: what it says, and what can be done with it.

use actix_web::web;
use askama::Template;
use flotilla_model::NodeId;
use flotilla_pki::Fingerprint;
use serde::Deserialize;

use super::{PATH, days_until};
use crate::api::{CertificateView, ExportCertificate, ExportFormat, Password, RevokeCertificate};
use crate::console::download::download;
use crate::console::{Answer, Form, Frame, Section, Visitor, filters, page, see_other};
use crate::error::ApiError;
use crate::resources::certificates;
use crate::server::{Body, IfFingerprint};

pub(super) fn configure(config: &mut web::ServiceConfig) {
    config
        .service(web::resource("/certificates/{node}/{alias}").get(show))
        .service(web::resource("/certificates/{node}/{alias}/chain").get(chain))
        .service(web::resource("/certificates/{node}/{alias}/export").post(export))
        .service(web::resource("/certificates/{node}/{alias}/revoke").post(revoke))
        .service(web::resource("/certificates/{node}/{alias}/delete").post(delete));
}

type Place = web::Path<(NodeId, String)>;

#[derive(Template)]
#[template(path = "certificate.html")]
struct CertificatePage {
    frame: Frame,
    certificate: CertificateView,
    node: NodeId,
    days_left: i64,
}

async fn show(visitor: Visitor, place: Place) -> Answer {
    let node = place.0;
    let found = certificates::show(visitor.admin.clone(), visitor.read()?, place).await?.document;
    Ok(page(&CertificatePage {
        frame: visitor.frame(format!("{} of node {node}", found.alias), Section::Certificates),
        days_left: days_until(&found.not_after),
        certificate: found,
        node,
    }))
}

/// Without the key: for those who are to trust it.
async fn chain(visitor: Visitor, place: Place) -> Answer {
    let found = certificates::show(visitor.admin.clone(), visitor.read()?, place).await?.document;
    let chain = found.chain_pem.unwrap_or_default();
    Ok(download(&format!("{}.pem", found.alias), "application/x-pem-file", chain.into_bytes()))
}

#[derive(Deserialize)]
struct Export {
    format: ExportFormat,
    #[serde(default)]
    password: String,
    #[serde(default)]
    again: String,
}

async fn export(Form { visitor, fields }: Form<Export>, place: Place) -> Answer {
    if fields.password != fields.again {
        return Err(ApiError::invalid("again", "the two passwords differ").into());
    }
    let password = Some(fields.password).filter(|password| !password.is_empty()).map(Password::new);
    let (ending, media_type) = match fields.format {
        ExportFormat::Pkcs12 | ExportFormat::Pkcs12Legacy => ("p12", "application/x-pkcs12"),
        ExportFormat::Pem => ("pem", "application/x-pem-file"),
    };
    let body = Body(ExportCertificate { format: fields.format, password });
    let made = certificates::export(visitor.admin.clone(), visitor.administer()?, place, body).await?.into_inner();
    Ok(download(&format!("{}.{ending}", made.alias), media_type, made.file.bytes().to_vec()))
}

#[derive(Deserialize)]
struct Revocation {
    #[serde(default)]
    reason: String,
    force: Option<String>,
}

async fn revoke(Form { visitor, fields }: Form<Revocation>, place: Place) -> Answer {
    let (node, alias) = place.into_inner();
    let request = RevokeCertificate {
        serial: None,
        node: Some(node),
        alias: Some(alias.clone()),
        reason: fields.reason,
        force: fields.force.is_some(),
    };
    certificates::revoke(visitor.admin.clone(), visitor.administer()?, Body(request)).await?;
    Ok(see_other(&format!("{PATH}/{node}/{alias}?done=certificate-revoked")))
}

#[derive(Deserialize)]
struct Deletion {
    /// Of the one that was looked at.
    fingerprint: Fingerprint,
}

async fn delete(Form { visitor, fields }: Form<Deletion>, place: Place) -> Answer {
    let expected = IfFingerprint(Some(fields.fingerprint));
    certificates::delete(visitor.admin.clone(), visitor.administer()?, place, expected).await?;
    Ok(see_other(&format!("{PATH}?done=certificate-deleted")))
}
