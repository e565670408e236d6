//! Values as a file: given out, and brought in after a look at what would change.

use actix_web::web;
use askama::Template;
use serde::Deserialize;

use super::PATH;
use crate::api::{BulkParameterChange, ParametersChange};
use crate::console::download::download;
use crate::console::form::invalid;
use crate::console::{Answer, Form, Frame, Section, Upload, Visitor, page, see_other};
use crate::error::ApiError;
use crate::parameter_file::{ParameterFile, PlannedParameter};
use crate::resources::parameters;
use crate::server::Body;

pub(super) fn configure(config: &mut web::ServiceConfig) {
    config
        .service(web::resource("/parameters/file").get(export).post(compare))
        .service(web::resource("/parameters/file/apply").post(apply));
}

#[derive(Deserialize)]
struct Which {
    /// Those at their default too.
    all: Option<String>,
}

async fn export(visitor: Visitor, which: web::Query<Which>) -> Answer {
    let rows = parameters::list(visitor.admin.clone(), visitor.read()?).await.into_inner().items;
    let text = ParameterFile::of(rows, which.all.is_some()).to_text();
    let text = text.map_err(|error| ApiError::internal(error.to_string()))?;
    let cluster = visitor.admin.view().state.cluster().name.clone();
    Ok(download(&format!("{cluster}-parameters.toml"), "application/toml", text.into_bytes()))
}

#[derive(Template)]
#[template(path = "parameters_compare.html")]
struct ComparePage {
    frame: Frame,
    text: String,
    /// How many values the file has.
    count: usize,
    plan: Vec<PlannedParameter>,
    problems: Vec<String>,
}

#[derive(Deserialize)]
struct Import {
    /// Pasted, in place of a file.
    #[serde(default)]
    text: String,
}

async fn compare(Upload { visitor, fields, file }: Upload<Import>) -> Answer {
    visitor.administer()?;
    let text = if file.is_empty() {
        fields.text
    } else {
        String::from_utf8(file.to_vec()).map_err(|error| invalid(&error))?
    };
    let (count, plan, mut problems) = planned(&visitor, &text).await?;
    if problems.is_empty() && !plan.is_empty() {
        // The cluster has the last word: it knows its members and their certificates.
        if let Err(error) = change(&visitor, changes(&plan), true).await {
            problems.push(error.detail);
        }
    }
    let frame = visitor.frame("Import of values", Section::Parameters);
    Ok(page(&ComparePage { frame, text, count, plan, problems }))
}

async fn planned(visitor: &Visitor, text: &str) -> Result<(usize, Vec<PlannedParameter>, Vec<String>), ApiError> {
    let file = ParameterFile::parse(text).map_err(|error| {
        let mend = "choose a file that was exported: [cluster], and below it a line \"NAME\" = \"VALUE\" for each";
        ApiError::invalid("file", error.message().to_owned()).mend(mend)
    })?;
    let rows = parameters::list(visitor.admin.clone(), visitor.read()?).await.into_inner().items;
    let (plan, problems) = file.plan(&rows);
    Ok((file.count(), plan, problems))
}

fn changes(plan: &[PlannedParameter]) -> Vec<BulkParameterChange> {
    plan.iter().map(PlannedParameter::change).collect()
}

async fn change(visitor: &Visitor, changes: Vec<BulkParameterChange>, dry_run: bool) -> Result<(), ApiError> {
    let body = Body(ParametersChange { changes, dry_run });
    parameters::change_many(visitor.admin.clone(), visitor.administer()?, body).await.map(|_| ())
}

/// What was shown, and not what the file would mean by now: each change names the version that it was compared with.
#[derive(Deserialize)]
struct Application {
    changes: String,
}

async fn apply(Form { visitor, fields }: Form<Application>) -> Answer {
    let changes = serde_json::from_str(&fields.changes).map_err(|error| invalid(&error))?;
    change(&visitor, changes, false).await?;
    Ok(see_other(&format!("{PATH}?changed=on&done=parameters-imported")))
}

impl ComparePage {
    /// For the form that applies it.
    fn changes(&self) -> String {
        serde_json::to_string(&changes(&self.plan)).unwrap_or_default()
    }
}
