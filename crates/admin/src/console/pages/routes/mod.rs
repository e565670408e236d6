//! *Routes*: what is done with the files and events of accounts.

mod draft;
mod editor;

use actix_web::web;
use askama::Template;
use serde::Deserialize;

use crate::api::{AccountView, AccountsQuery, RouteView, RoutesQuery, StepView};
use crate::console::form::filled;
use crate::console::{Answer, Frame, Section, Visitor, filters, page};
use crate::error::ApiError;
use crate::resources::{accounts, routes};

pub(super) fn configure(config: &mut web::ServiceConfig) {
    config.service(web::resource("/routes").get(list)).configure(editor::configure);
}

#[derive(Template)]
#[template(path = "routes.html")]
struct RoutesPage {
    frame: Frame,
    search: Search,
    routes: Vec<RouteView>,
    /// The account of the last one, if there are more behind it.
    next: Option<String>,
    accounts: Vec<AccountView>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Search {
    account: String,
    after: String,
}

const ROWS_SHOWN: usize = 50;
/// Names that are offered in a field; others are typed.
const ACCOUNTS_OFFERED: usize = 200;

async fn list(visitor: Visitor, search: web::Query<Search>) -> Answer {
    let search = search.into_inner();
    let query = RoutesQuery { account: filled(&search.account), after: filled(&search.after), limit: Some(ROWS_SHOWN) };
    let routes = routes::list(visitor.admin.clone(), visitor.read_of()?, web::Query(query)).await?.into_inner().items;
    Ok(page(&RoutesPage {
        frame: visitor.frame("Routes", Section::Routes),
        next: routes.last().filter(|_| routes.len() >= ROWS_SHOWN).map(|route| route.account.clone()),
        accounts: offered(&visitor).await?,
        search,
        routes,
    }))
}

async fn offered(visitor: &Visitor) -> Result<Vec<AccountView>, ApiError> {
    let query = AccountsQuery { limit: Some(ACCOUNTS_OFFERED), ..AccountsQuery::default() };
    Ok(accounts::list(visitor.admin.clone(), visitor.read_of()?, web::Query(query)).await?.into_inner().items)
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
