//! *Routes*: what is done with the files and events of accounts.

use actix_web::web;
use askama::Template;

use crate::api::{RouteView, RoutesQuery, StepView};
use crate::console::{Answer, Frame, Section, Visitor, filters, page};
use crate::resources::routes;

pub(super) fn configure(config: &mut web::ServiceConfig) {
    config.service(web::resource("/routes").get(list));
}

#[derive(Template)]
#[template(path = "routes.html")]
struct RoutesPage {
    frame: Frame,
    routes: Vec<RouteView>,
}

async fn list(visitor: Visitor) -> Answer {
    let query = web::Query(RoutesQuery::default());
    let routes = routes::list(visitor.admin.clone(), visitor.read_of()?, query).await?.into_inner().items;
    Ok(page(&RoutesPage { frame: visitor.frame("Routes", Section::Routes), routes }))
}

impl StepView {
    /// Kind and what it acts on.
    pub(super) fn words(&self) -> (&'static str, String) {
        match self {
            Self::Checksum => ("checksum", String::new()),
            Self::Publish { account, folder } => ("publish", format!("{account}/{folder}")),
            Self::Webhook { url, .. } => ("webhook", url.clone()),
            Self::Command { program, arguments, .. } => ("command", format!("{program} {}", arguments.join(" "))),
            Self::Log { message } => ("log", message.clone()),
        }
    }
}
