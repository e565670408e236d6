//! *Administrators* and their sessions.

use actix_web::{HttpRequest, web};
use askama::Template;

use crate::api::{AdministratorView, SessionView};
use crate::console::{Answer, Frame, Section, Visitor, filters, page};
use crate::resources::{administrators, sessions};

pub(super) fn configure(config: &mut web::ServiceConfig) {
    config.service(web::resource("/administrators").get(list));
}

#[derive(Template)]
#[template(path = "administrators.html")]
struct AdministratorsPage {
    frame: Frame,
    administrators: Vec<AdministratorView>,
    sessions: Vec<SessionView>,
}

async fn list(visitor: Visitor, request: HttpRequest) -> Answer {
    let administrators = administrators::list(visitor.admin.clone(), visitor.read()?).await.into_inner().items;
    let sessions = sessions::list(visitor.admin.clone(), request, visitor.read()?).await.into_inner().items;
    let frame = visitor.frame("Administrators", Section::Administrators);
    Ok(page(&AdministratorsPage { frame, administrators, sessions }))
}
