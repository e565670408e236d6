//! *Doctor*: what every node finds in itself and around it.

use actix_web::web;
use askama::Template;

use crate::api::{Diagnosis, DoctorQuery, Finding, FindingLevel};
use crate::console::{Answer, Frame, Section, Visitor, page};
use crate::resources::doctor;

pub(super) fn configure(config: &mut web::ServiceConfig) {
    config.service(web::resource("/doctor").get(examine));
}

#[derive(Template)]
#[template(path = "doctor.html")]
struct DoctorPage {
    frame: Frame,
    diagnosis: Diagnosis,
}

impl Finding {
    fn tone(&self) -> &'static str {
        match self.level {
            FindingLevel::Ok => "ok",
            FindingLevel::Warning => "warn",
            FindingLevel::Failed => "bad",
        }
    }
}

/// The worst first.
async fn examine(visitor: Visitor) -> Answer {
    let query = web::Query(DoctorQuery::default());
    let mut diagnosis = doctor::examine(visitor.admin.clone(), visitor.operate()?, query).await?.into_inner();
    diagnosis.items.sort_by(|one, other| other.level.cmp(&one.level).then(one.node.cmp(&other.node)));
    Ok(page(&DoctorPage { frame: visitor.frame("Doctor", Section::Doctor), diagnosis }))
}
