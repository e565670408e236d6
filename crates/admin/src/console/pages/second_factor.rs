//! One's own second factor: shown once, and in force when a code of it was shown.

use actix_web::web;
use askama::Template;
use serde::Deserialize;

use crate::api::{SecondFactorConfirmation, SecondFactorEnrolment};
use crate::console::{Answer, Form, Frame, PASSWORD_PATH, Section, page, see_other};
use crate::resources::second_factor;
use crate::server::Body;

pub(super) fn configure(config: &mut web::ServiceConfig) {
    config
        .service(web::resource("/second-factor").post(enrol))
        .service(web::resource("/second-factor/confirm").post(confirm));
}

#[derive(Template)]
#[template(path = "second_factor.html")]
struct EnrolmentPage {
    frame: Frame,
    enrolment: SecondFactorEnrolment,
}

#[derive(Deserialize)]
struct Nothing {}

/// A reload draws another one, and the one before is void: nobody has confirmed it.
async fn enrol(Form { visitor, fields: Nothing {} }: Form<Nothing>) -> Answer {
    let own = web::Path::from(visitor.caller.name.clone());
    let enrolment = second_factor::enrol(visitor.admin.clone(), visitor.anybody()?, own).await?.into_inner();
    Ok(page(&EnrolmentPage { frame: visitor.frame("Second factor", Section::Password), enrolment }))
}

#[derive(Deserialize)]
struct Confirmation {
    code: String,
}

async fn confirm(Form { visitor, fields }: Form<Confirmation>) -> Answer {
    let own = web::Path::from(visitor.caller.name.clone());
    let body = Body(SecondFactorConfirmation { code: fields.code.trim().to_owned() });
    second_factor::confirm(visitor.admin.clone(), visitor.anybody()?, own, body).await?;
    Ok(see_other(&format!("{PASSWORD_PATH}?done=second-factor-confirmed")))
}
