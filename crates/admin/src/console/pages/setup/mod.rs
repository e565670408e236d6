//! *Set-up*: the steps of the procedure that administrators of file-transfer servers know, each with how it stands now, and the page
//! that does it.

mod facts;
mod steps;

use actix_web::web;
use askama::Template;

use crate::api::{Diagnosis, DoctorQuery, FindingLevel};
use crate::console::{Answer, Frame, Section, Visitor, page};
use crate::error::ApiError;
use crate::resources::doctor;
use facts::Facts;
use steps::{Step, Tone};

pub(super) fn configure(config: &mut web::ServiceConfig) {
    config.service(web::resource("/setup").get(show)).service(web::resource("/setup/live").get(live));
}

#[derive(Template)]
#[template(path = "setup.html")]
struct SetupPage {
    frame: Frame,
    names: Step,
    live: Live,
}

#[derive(Template)]
#[template(path = "setup_live.html")]
struct Live {
    steps: Vec<Step>,
}

impl Live {
    fn done(&self) -> usize {
        self.steps.iter().filter(|step| step.tone == Tone::Done).count()
    }
}

async fn show(visitor: Visitor) -> Answer {
    let names = names(&visitor).await?;
    let live = Live { steps: steps::all(&Facts::read(&visitor).await?) };
    Ok(page(&SetupPage { frame: visitor.frame("Set-up checklist", Section::Setup), names, live }))
}

async fn live(visitor: Visitor) -> Answer {
    Ok(page(&Live { steps: steps::all(&Facts::read(&visitor).await?) }))
}

/// Apart from the others: every node dials all that it talks to, which is not for every two seconds.
async fn names(visitor: &Visitor) -> Result<Step, ApiError> {
    let Ok(operate) = visitor.operate() else { return Ok(steps::names(None)) };
    let query = web::Query(DoctorQuery::default());
    let diagnosis = doctor::examine(visitor.admin.clone(), operate, query).await?.into_inner();
    Ok(steps::names(Some(failed_names(&diagnosis))))
}

/// What the doctor says of names and of what cannot be reached.
fn failed_names(diagnosis: &Diagnosis) -> Vec<String> {
    let is_meant = |check: &str| matches!(check, "names" | "ports" | "reach");
    let failed = diagnosis.items.iter().filter(|one| one.level == FindingLevel::Failed && is_meant(&one.check));
    failed.map(|one| format!("node {}: {}", one.node, one.detail)).collect()
}
