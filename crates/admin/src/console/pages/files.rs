//! *File Tracking*: the transfer log, and one file's whole story.

use actix_web::{HttpRequest, web};
use askama::Template;
use flotilla_model::TransferState;
use serde::Deserialize;

use super::next_page;
use crate::api::{TransferQuery, TransferView};
use crate::console::form::filled;
use crate::console::{Answer, Form, Frame, Section, Visitor, filters, page, see_other};
use crate::resources::transfers;

pub(super) fn configure(config: &mut web::ServiceConfig) {
    config
        .service(web::resource("/files").get(list))
        .service(web::resource("/files/{id}").get(show))
        .service(web::resource("/files/{id}/resubmit").post(resubmit));
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Filter {
    account: String,
    state: String,
    cursor: Option<u64>,
}

#[derive(Template)]
#[template(path = "files.html")]
struct FilesPage {
    frame: Frame,
    filter: Filter,
    states: [TransferState; 5],
    transfers: Vec<TransferView>,
    next: Option<String>,
}

async fn list(visitor: Visitor, request: HttpRequest, filter: web::Query<Filter>) -> Answer {
    let filter = filter.into_inner();
    let query = TransferQuery {
        cursor: filter.cursor,
        account: filled(&filter.account),
        state: filled(&filter.state),
        ..TransferQuery::default()
    };
    let found = transfers::list(visitor.admin.clone(), visitor.read_of()?, web::Query(query)).await?.into_inner();
    Ok(page(&FilesPage {
        frame: visitor.frame("File Tracking", Section::Files),
        next: next_page("/console/files", request.query_string(), found.next_cursor),
        states: TransferState::ALL,
        filter,
        transfers: found.items,
    }))
}

#[derive(Template)]
#[template(path = "file.html")]
struct FilePage {
    frame: Frame,
    transfer: TransferView,
}

async fn show(visitor: Visitor, id: web::Path<u64>) -> Answer {
    let frame = visitor.frame(format!("Transfer {id}"), Section::Files);
    let transfer = transfers::show(visitor.admin.clone(), visitor.read_of()?, id).await?.into_inner();
    Ok(page(&FilePage { frame, transfer }))
}

#[derive(Deserialize)]
struct Nothing {}

async fn resubmit(Form { visitor, fields: Nothing {} }: Form<Nothing>, id: web::Path<u64>) -> Answer {
    let path = format!("/console/files/{id}?done=resubmitted");
    transfers::resubmit(visitor.admin.clone(), visitor.operate()?, id).await?;
    Ok(see_other(&path))
}

impl TransferView {
    /// Colour of the state.
    fn tone(&self) -> &'static str {
        tone(&self.state)
    }
}

fn tone(state: &str) -> &'static str {
    match state {
        "Processed" => "ok",
        "In progress" => "busy",
        "Paused" => "warn",
        _ => "bad",
    }
}
