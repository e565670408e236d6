//! The CAs that the cluster trusts: brought in, given out, made anew, trusted no longer.

use actix_web::web;
use flotilla_model::NodeId;
use serde::Deserialize;

use super::PATH;
use crate::api::{ImportAuthorities, RemoveAuthorityQuery, RenewAuthority};
use crate::console::download::download;
use crate::console::form::invalid;
use crate::console::{Answer, Form, Upload, Visitor, see_other};
use crate::error::ApiError;
use crate::resources::certificate_authorities as authorities;
use crate::server::Body;

pub(super) fn configure(config: &mut web::ServiceConfig) {
    config
        .service(web::resource("/certificates/authorities/import").post(import))
        .service(web::resource("/certificates/authorities/renew").post(renew))
        .service(web::resource("/certificates/authorities/distrust").post(distrust))
        .service(web::resource("/certificates/authorities/all").get(all))
        .service(web::resource("/certificates/authorities/{fingerprint}/pem").get(one));
}

#[derive(Deserialize)]
struct Import {
    /// Pasted, beside the file or in its place.
    #[serde(default)]
    text: String,
}

async fn import(Upload { visitor, fields, file }: Upload<Import>) -> Answer {
    let file = std::str::from_utf8(&file).map_err(|error| invalid(&error))?;
    let certificates_pem = format!("{file}\n{}", fields.text);
    if certificates_pem.trim().is_empty() {
        return Err(ApiError::invalid("file", "choose a file, or paste its text").into());
    }
    let body = Body(ImportAuthorities { certificates_pem });
    authorities::import(visitor.admin.clone(), visitor.administer()?, body).await?;
    Ok(see_other(&format!("{PATH}?done=authority-trusted")))
}

#[derive(Deserialize)]
struct Renewal {
    node: NodeId,
}

async fn renew(Form { visitor, fields }: Form<Renewal>) -> Answer {
    let body = Body(RenewAuthority { node: Some(fields.node), ..RenewAuthority::default() });
    authorities::renew(visitor.admin.clone(), visitor.administer()?, body).await?;
    Ok(see_other(&format!("{PATH}?done=authority-renewed")))
}

#[derive(Deserialize)]
struct Removal {
    fingerprint: String,
}

async fn distrust(Form { visitor, fields }: Form<Removal>) -> Answer {
    let (admin, query) = (visitor.admin.clone(), web::Query(RemoveAuthorityQuery { force: false }));
    authorities::remove(admin, visitor.administer()?, web::Path::from(fields.fingerprint), query).await?;
    Ok(see_other(&format!("{PATH}?done=authority-distrusted")))
}

const PEM: &str = "application/x-pem-file";

/// For a new node, or for a partner who is to trust whichever node answers.
async fn all(visitor: Visitor) -> Answer {
    let found = authorities::list(visitor.admin.clone(), visitor.read()?).await.into_inner().items;
    let text: String = found.into_iter().map(|row| row.certificate_pem).collect();
    Ok(download("authorities.pem", PEM, text.into_bytes()))
}

async fn one(visitor: Visitor, fingerprint: web::Path<String>) -> Answer {
    let name = format!("ca-{}.pem", fingerprint.chars().take(16).collect::<String>());
    let found = authorities::show(visitor.admin.clone(), visitor.read()?, fingerprint).await?.into_inner();
    Ok(download(&name, PEM, found.certificate_pem.into_bytes()))
}
