//! *Cluster secret* (`taeh`): its fingerprint, its change while the cluster runs, its export.

use actix_web::web;
use askama::Template;
use serde::Deserialize;

use crate::api::{RotationFinish, RotationRequest, SecretView};
use crate::console::download::download;
use crate::console::form::invalid;
use crate::console::{Answer, Form, Frame, Section, Upload, Visitor, filters, page, see_other};
use crate::error::ApiError;
use crate::resources::secret;
use crate::server::Body;

const PATH: &str = "/console/secret";

pub(super) fn configure(config: &mut web::ServiceConfig) {
    config
        .service(web::resource("/secret").get(show))
        .service(web::resource("/secret/live").get(live))
        .service(web::resource("/secret/change").post(change))
        .service(web::resource("/secret/import").post(import))
        .service(web::resource("/secret/finish").post(finish))
        .service(web::resource("/secret/export").post(export));
}

#[derive(Template)]
#[template(path = "secret.html")]
struct SecretPage {
    frame: Frame,
    live: Live,
}

#[derive(Template)]
#[template(path = "secret_live.html")]
struct Live {
    secret: SecretView,
    may_administer: bool,
    csrf: String,
}

async fn read(visitor: &Visitor, frame: &Frame) -> Result<Live, ApiError> {
    let secret = secret::show(visitor.admin.clone(), visitor.read()?).await.into_inner();
    Ok(Live { secret, may_administer: frame.may_administer, csrf: frame.csrf.clone() })
}

async fn show(visitor: Visitor) -> Answer {
    let frame = visitor.frame("Cluster secret", Section::Setup);
    let live = read(&visitor, &frame).await?;
    Ok(page(&SecretPage { frame, live }))
}

async fn live(visitor: Visitor) -> Answer {
    let frame = visitor.frame("Cluster secret", Section::Setup);
    Ok(page(&read(&visitor, &frame).await?))
}

#[derive(Deserialize)]
struct Nothing {}

async fn change(Form { visitor, fields: Nothing {} }: Form<Nothing>) -> Answer {
    let body = Body(RotationRequest { secret: None });
    secret::rotate(visitor.admin.clone(), visitor.administer()?, body).await?;
    Ok(see_other(&format!("{PATH}?done=secret-changes")))
}

/// One of somebody's own, in the form that the export has.
async fn import(Upload { visitor, fields: Nothing {}, file }: Upload<Nothing>) -> Answer {
    let text = String::from_utf8(file.to_vec()).map_err(|error| invalid(&error))?;
    let body = Body(RotationRequest { secret: Some(text) });
    secret::rotate(visitor.admin.clone(), visitor.administer()?, body).await?;
    Ok(see_other(&format!("{PATH}?done=secret-changes")))
}

async fn finish(Form { visitor, fields: Nothing {} }: Form<Nothing>) -> Answer {
    let body = Body(RotationFinish { force: true });
    secret::finish(visitor.admin.clone(), visitor.administer()?, body).await?;
    Ok(see_other(&format!("{PATH}?done=secret-finished")))
}

async fn export(Form { visitor, fields: Nothing {} }: Form<Nothing>) -> Answer {
    let made = secret::export(visitor.admin.clone(), visitor.administer()?).await?.into_inner();
    Ok(download("taeh", "application/octet-stream", made.secret.into_bytes()))
}
