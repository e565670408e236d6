//! Client certificates with which administrators, and programs of theirs, come in: registered and taken away.

use actix_web::web;
use serde::Deserialize;

use super::PATH;
use crate::api::{AdministratorCertificateRequest, AdministratorCertificateView, AdministratorView};
use crate::console::form::{filled, invalid};
use crate::console::{Answer, Form, Upload, Visitor, see_other};
use crate::error::ApiError;
use crate::resources::administrator_certificates as certificates;
use crate::server::Body;

pub(super) fn configure(config: &mut web::ServiceConfig) {
    config
        .service(web::resource("/client-certificates").post(add))
        .service(web::resource("/client-certificates/remove").post(remove));
}

/// A certificate and whose it is.
pub(super) struct Row {
    pub(super) owner: String,
    pub(super) view: AdministratorCertificateView,
}

/// Those of all administrators, in their order.
pub(super) async fn rows(visitor: &Visitor, administrators: &[AdministratorView]) -> Result<Vec<Row>, ApiError> {
    let mut rows = Vec::new();
    for administrator in administrators {
        let name = web::Path::from(administrator.name.clone());
        let found = certificates::list(visitor.admin.clone(), visitor.anybody()?, name).await?.into_inner().items;
        rows.extend(found.into_iter().map(|view| Row { owner: administrator.name.clone(), view }));
    }
    Ok(rows)
}

#[derive(Deserialize)]
struct Addition {
    owner: String,
    /// Pasted, in place of the file.
    #[serde(default)]
    text: String,
    #[serde(default)]
    description: String,
}

async fn add(Upload { visitor, fields, file }: Upload<Addition>) -> Answer {
    let file = std::str::from_utf8(&file).map_err(|error| invalid(&error))?;
    // Of two the first would be taken, and nobody would know which that is.
    let certificate_pem = match (filled(file), filled(&fields.text)) {
        (Some(pem), None) | (None, Some(pem)) => pem,
        (None, None) => return Err(ApiError::invalid("file", "choose a file, or paste its text").into()),
        (Some(_), Some(_)) => return Err(ApiError::invalid("file", "choose a file or paste its text, not both").into()),
    };
    let body = Body(AdministratorCertificateRequest { certificate_pem, description: filled(&fields.description) });
    certificates::create(visitor.admin.clone(), visitor.anybody()?, web::Path::from(fields.owner), body).await?;
    Ok(see_other(&format!("{PATH}?done=client-certificate-added")))
}

#[derive(Deserialize)]
struct Removal {
    owner: String,
    fingerprint: String,
}

async fn remove(Form { visitor, fields }: Form<Removal>) -> Answer {
    let place = web::Path::from((fields.owner, fields.fingerprint));
    certificates::remove(visitor.admin.clone(), visitor.anybody()?, place).await?;
    Ok(see_other(&format!("{PATH}?done=client-certificate-removed")))
}
