//! *Administrators*, their sessions and the tokens of their programs.

mod certificates;
mod one;
mod sessions;
mod tokens;

use actix_web::{HttpRequest, web};
use askama::Template;
use flotilla_model::AdministratorRole;
use serde::Deserialize;

use crate::api::{AdministratorChange, AdministratorView, ApiTokenView, SessionView};
use crate::console::form::draw_key;
use crate::console::{Answer, Form, Frame, Section, Visitor, filters, page, see_other};
use crate::error::ApiError;
use crate::resources::{administrators, api_tokens, sessions as session_resource};
use crate::server::{Body, Precondition};

const PATH: &str = "/console/administrators";

pub(super) fn configure(config: &mut web::ServiceConfig) {
    config.service(web::resource("/administrators").get(list).post(add));
    // Before those of one administrator, whose addresses would take theirs.
    config.configure(sessions::configure).configure(tokens::configure);
    config.configure(certificates::configure).configure(one::configure);
}

/// From the least to the most.
const ROLES: [AdministratorRole; 3] =
    [AdministratorRole::Auditor, AdministratorRole::Operator, AdministratorRole::Administrator];

#[derive(Template)]
#[template(path = "administrators.html")]
struct AdministratorsPage {
    frame: Frame,
    administrators: Vec<AdministratorView>,
    sessions: Vec<SessionView>,
    tokens: Vec<ApiTokenView>,
    certificates: Vec<certificates::Row>,
    roles: [AdministratorRole; 3],
    /// Those that one may give away.
    own_roles: Vec<AdministratorRole>,
    key: String,
}

impl AdministratorsPage {
    /// Whether the visitor may end a session, revoke a token or remove a certificate of somebody.
    fn may_end(&self, owner: &str) -> bool {
        self.frame.may_administer || self.frame.who == owner
    }
}

async fn list(visitor: Visitor, request: HttpRequest) -> Answer {
    let admin = visitor.admin.clone();
    let administrators = administrators::list(admin.clone(), visitor.read()?).await.into_inner().items;
    let sessions = session_resource::list(admin.clone(), request, visitor.read()?).await.into_inner().items;
    let tokens = api_tokens::list(admin, visitor.read()?).await.into_inner().items;
    let certificates = certificates::rows(&visitor, &administrators).await?;
    let own_roles = ROLES.into_iter().filter(|role| visitor.caller.role.includes(*role)).collect();
    let frame = visitor.frame("Administrators", Section::Administrators);
    Ok(page(&AdministratorsPage {
        frame,
        administrators,
        sessions,
        tokens,
        certificates,
        roles: ROLES,
        own_roles,
        key: draw_key()?,
    }))
}

#[derive(Deserialize)]
struct Addition {
    name: String,
    role: AdministratorRole,
    password: String,
    must_change: Option<String>,
}

async fn add(Form { visitor, fields }: Form<Addition>) -> Answer {
    let change = AdministratorChange {
        password: Some(fields.password),
        role: Some(fields.role),
        must_change_password: Some(fields.must_change.is_some()),
        ..AdministratorChange::default()
    };
    let name = fields.name.trim().to_owned();
    // Version 0: one that is there is not changed by mistake.
    let only_new = Precondition(Some(0));
    let (admin, anybody) = (visitor.admin.clone(), visitor.anybody()?);
    visitor.administer()?;
    administrators::change(admin, anybody, web::Path::from(name.clone()), only_new, Body(change)).await?;
    Ok(see_other(&of_name(&name, "administrator-made")))
}

/// The page of one of them; their names have no letters that an address could not.
fn of_name(name: &str, done: &str) -> String {
    format!("{PATH}/{name}?done={done}")
}

fn differ() -> ApiError {
    ApiError::invalid("again", "the two passwords differ")
}
