//! Certificates that are made on a node, or brought to it.

use actix_web::web;
use serde::Deserialize;

use super::{PATH, node_of};
use crate::api::{GenerateCertificate, Hidden, ImportCertificate, Password};
use crate::console::form::filled;
use crate::console::{Answer, Form, Upload, see_other};
use crate::error::ApiError;
use crate::resources::certificates;
use crate::server::Body;

pub(super) fn configure(config: &mut web::ServiceConfig) {
    config
        .service(web::resource("/certificates/generate").post(generate))
        .service(web::resource("/certificates/import").post(import));
}

/// The choice of a node that stands for all of them.
const SHARED: &str = "shared";

#[derive(Deserialize)]
struct Generation {
    alias: String,
    node: String,
    #[serde(default)]
    common_name: String,
    #[serde(default)]
    names: String,
    algorithm: String,
    #[serde(default)]
    days: String,
    replace: Option<String>,
}

async fn generate(Form { visitor, fields }: Form<Generation>) -> Answer {
    let is_shared = fields.node == SHARED;
    let algorithm = fields.algorithm.parse().map_err(|error| invalid("algorithm", &error))?;
    let request = GenerateCertificate {
        alias: fields.alias.trim().to_owned(),
        node: if is_shared { None } else { node_of(&fields.node)? },
        is_shared,
        common_name: filled(&fields.common_name),
        names: names_in(&fields.names),
        algorithm,
        lifetime_s: filled(&fields.days).map(|days| seconds(&days)).transpose()?,
        replace: fields.replace.is_some(),
    };
    let made = certificates::generate(visitor.admin.clone(), visitor.administer()?, Body(request)).await?;
    Ok(see_other(&of_view(&made.document, "certificate-made")))
}

/// Written one after the other, however they are set apart.
pub(super) fn names_in(text: &str) -> Vec<String> {
    text.split([' ', ',', ';', '\r', '\n']).filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

fn invalid(field: &str, error: &dyn std::fmt::Display) -> ApiError {
    ApiError::invalid(field, error.to_string())
}

fn seconds(days: &str) -> Result<u64, ApiError> {
    let seconds = days.parse().ok().and_then(|days: u64| days.checked_mul(86_400));
    seconds.ok_or_else(|| ApiError::invalid("days", format!("'{days}' is no whole number of days")))
}

#[derive(Deserialize)]
struct Import {
    #[serde(default)]
    alias: String,
    node: String,
    #[serde(default)]
    password: String,
    replace: Option<String>,
}

async fn import(Upload { visitor, fields, file }: Upload<Import>) -> Answer {
    let request = ImportCertificate {
        alias: filled(&fields.alias),
        node: node_of(&fields.node)?,
        file: Hidden::new(file.to_vec()),
        password: Some(fields.password).filter(|password| !password.is_empty()).map(Password::new),
        replace: fields.replace.is_some(),
    };
    let made = certificates::import(visitor.admin.clone(), visitor.administer()?, Body(request)).await?;
    Ok(see_other(&of_view(&made.document, "certificate-imported")))
}

/// The page of what came of it.
fn of_view(made: &crate::api::CertificateView, done: &str) -> String {
    match made.node {
        Some(node) => format!("{PATH}/{node}/{}?done={done}", made.alias),
        None => format!("{PATH}?done={done}"),
    }
}
