//! The form of one route. Its buttons add and move steps, try them on a file or an event, and set the route; without scripts each is a
//! form that comes back changed.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use askama::Template;
use flotilla_model::{EventId, EventKind, TransferId};
use serde::Deserialize;

use super::draft::{Draft, KINDS};
use crate::api::{AccountView, DryRun, DryRunRequest, EventQuery, RouteChange, RouteQuery, TransferQuery};
use crate::console::form::filled;
use crate::console::refusal::html;
use crate::console::{Answer, Form, Frame, Section, Visitor, see_other};
use crate::error::ApiError;
use crate::problems::Code;
use crate::resources::{dry_run, events, routes, transfers};
use crate::server::{Body, IfMatch, Precondition};

const PATH: &str = "/console/routes";
/// Of the latest transfers or events, to choose one for a dry run.
const SUBJECTS_SHOWN: usize = 20;

pub(super) fn configure(config: &mut web::ServiceConfig) {
    config.service(web::resource("/routes/edit").get(open).post(act));
}

#[derive(Template)]
#[template(path = "route.html")]
struct RoutePage {
    frame: Frame,
    draft: Draft,
    accounts: Vec<AccountView>,
    kinds: [&'static str; 5],
    /// Number and name of what a dry run may be made on.
    subjects: Vec<(u64, String)>,
    subject: String,
    error: Option<ApiError>,
    rehearsal: Option<DryRun>,
}

impl RoutePage {
    fn is_of_files(&self) -> bool {
        is_of_files(&self.draft.kind)
    }

    /// Kinds of steps that make sense here.
    fn kinds_to_add(&self) -> impl Iterator<Item = &&'static str> {
        self.kinds.iter().filter(|kind| self.is_of_files() || !matches!(**kind, "checksum" | "publish"))
    }

    /// The error is about this step.
    fn is_wrong(&self, place: &usize) -> bool {
        let field = self.error.as_ref().and_then(|error| error.field.as_deref());
        field.is_some_and(|field| field.starts_with(&format!("steps[{place}]")))
    }
}

fn is_of_files(kind: &str) -> bool {
    kind == EventKind::FILE_RECEIVED
}

#[derive(Deserialize)]
struct Which {
    account: String,
    #[serde(default)]
    kind: String,
    /// What is put into the field for a dry run.
    #[serde(default)]
    subject: String,
}

async fn open(visitor: Visitor, which: web::Query<Which>) -> Answer {
    let Which { account, kind, subject } = which.into_inner();
    let kind = filled(&kind).unwrap_or_else(|| EventKind::FILE_RECEIVED.to_owned());
    let query = web::Query(RouteQuery { kind: Some(kind.clone()) });
    let found = routes::show(visitor.admin.clone(), visitor.read_of()?, web::Path::from(account.clone()), query).await;
    let draft = match found {
        Ok(found) => Draft::of_view(&found.document),
        // It is to be made.
        Err(error) if error.code == Code::NotFound => Draft { account, kind, ..Draft::default() },
        Err(error) => return Err(error.into()),
    };
    show(&visitor, draft, subject, Ok(None)).await
}

/// The form with what is in it; `outcome` is a dry run, if one was wanted.
async fn show(visitor: &Visitor, draft: Draft, subject: String, outcome: Result<Option<DryRun>, ApiError>) -> Answer {
    let (rehearsal, error) = match outcome {
        Ok(rehearsal) => (rehearsal, None),
        Err(error) => (None, Some(error)),
    };
    let status = error.as_ref().map_or(StatusCode::OK, |error| error.status);
    let page = RoutePage {
        frame: visitor.frame(format!("Route of {}", draft.account), Section::Routes),
        subjects: subjects(visitor, &draft).await?,
        accounts: super::offered(visitor).await?,
        kinds: KINDS,
        draft,
        subject,
        error,
        rehearsal,
    };
    Ok(html(status, &page))
}

async fn subjects(visitor: &Visitor, draft: &Draft) -> Result<Vec<(u64, String)>, ApiError> {
    let (admin, limit, account) = (visitor.admin.clone(), Some(SUBJECTS_SHOWN), Some(draft.account.clone()));
    if is_of_files(&draft.kind) {
        let query = web::Query(TransferQuery { limit, account, ..TransferQuery::default() });
        let found = transfers::list(admin, visitor.read_of()?, query).await?.into_inner().items;
        return Ok(found.into_iter().map(|row| (row.id.0, row.path)).collect());
    }
    let query = web::Query(EventQuery { limit, account, kind: Some(draft.kind.clone()), ..EventQuery::default() });
    let found = events::list(admin, visitor.read_of()?, query).await?.into_inner().items;
    Ok(found.into_iter().map(|row| (row.id.0, format!("{}, {}", row.kind, row.state))).collect())
}

/// What the buttons say; any other rearranges the draft.
const SET: &str = "set";
const REMOVE: &str = "remove";
const TRY: &str = "try";

async fn act(Form { visitor, fields }: Form<Vec<(String, String)>>) -> Answer {
    let mut draft = Draft::of_fields(&fields);
    let value = |name: &str| fields.iter().find(|(field, _)| field == name).map(|(_, value)| value.as_str());
    let subject = value("subject").unwrap_or_default().to_owned();
    // The last one: the first is there for the Enter key.
    let deed = fields.iter().rev().find(|(field, _)| field == "do").map_or("", |(_, value)| value.as_str());
    match deed {
        SET => match set(&visitor, &draft).await {
            Ok(answer) => Ok(answer),
            Err(error) => show(&visitor, draft, subject, Err(error)).await,
        },
        REMOVE => remove(&visitor, draft).await,
        TRY => {
            let outcome = rehearse(&visitor, &draft, &subject).await;
            show(&visitor, draft, subject, outcome.map(Some)).await
        }
        deed => {
            draft.rearrange(deed);
            show(&visitor, draft, subject, Ok(None)).await
        }
    }
}

fn query(draft: &Draft) -> web::Query<RouteQuery> {
    web::Query(RouteQuery { kind: Some(draft.kind.clone()) })
}

async fn set(visitor: &Visitor, draft: &Draft) -> Result<HttpResponse, ApiError> {
    let steps = draft.changes()?;
    if steps.is_empty() {
        return Err(ApiError::invalid("steps", "a route has a step at least").mend("add one, or remove the route"));
    }
    let body = Body(RouteChange { steps, lane: draft.lane(), priority: draft.priority()? });
    let (admin, account) = (visitor.admin.clone(), web::Path::from(draft.account.clone()));
    let expected = Precondition(Some(draft.version));
    routes::change(admin, visitor.administer()?, account, query(draft), expected, body).await?;
    Ok(see_other(&format!("{PATH}?done=route-set")))
}

async fn remove(visitor: &Visitor, draft: Draft) -> Answer {
    let (admin, account) = (visitor.admin.clone(), web::Path::from(draft.account.clone()));
    routes::remove(admin, visitor.administer()?, account, query(&draft), IfMatch(Some(draft.version))).await?;
    Ok(see_other(&format!("{PATH}?done=route-removed")))
}

async fn rehearse(visitor: &Visitor, draft: &Draft, subject: &str) -> Result<DryRun, ApiError> {
    let id = subject.trim().parse().map_err(|_| {
        ApiError::invalid("subject", "choose on what: the number of a transfer, or of an event that has not ended")
    })?;
    let steps = Some(draft.changes()?);
    let request = if is_of_files(&draft.kind) {
        DryRunRequest { transfer: Some(TransferId(id)), event: None, steps }
    } else {
        DryRunRequest { transfer: None, event: Some(EventId(id)), steps }
    };
    let (admin, account) = (visitor.admin.clone(), web::Path::from(draft.account.clone()));
    Ok(dry_run::dry_run(admin, visitor.read()?, account, Body(request)).await?.into_inner())
}
