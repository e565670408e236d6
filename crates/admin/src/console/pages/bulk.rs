//! Many events at once: counted first, then changed, and only those that were counted.

use actix_web::web;
use askama::Template;
use ring::digest::{Context, SHA256};
use serde::Deserialize;

use crate::api::{CHANGED_EVENTS_MAX, EventQuery, EventSelection, EventsChanged, RefusedEvent, RetryManyRequest};
use crate::console::form::filled;
use crate::console::{Answer, Form, Frame, Section, Visitor, filters, page};
use crate::error::ApiError;
use crate::resources::{event_operations, events};
use crate::server::Body;

/// Most events of one form: a minute's work of the log. The rest is for another one, or for the command line.
const EVENTS_MAX: usize = 100_000;
const REFUSED_SHOWN: usize = 20;

pub(super) fn configure(config: &mut web::ServiceConfig) {
    config.service(web::resource("/queue/bulk").get(ask).post(act));
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Deed {
    Retry,
    Discard,
    Cancel,
}

impl Deed {
    fn name(self) -> &'static str {
        match self {
            Self::Retry => "retry",
            Self::Discard => "discard",
            Self::Cancel => "cancel",
        }
    }

    /// On the button.
    fn verb(self) -> &'static str {
        match self {
            Self::Retry => "Retry",
            Self::Discard => "Discard",
            Self::Cancel => "Cancel",
        }
    }

    fn effect(self) -> &'static str {
        match self {
            Self::Retry => {
                "Each goes on at its failed step, as soon as a worker is free. Steps that succeeded are not run again."
            }
            Self::Discard => {
                "Their remaining steps will never run. This cannot be undone; a file can be resubmitted as long as its contents are there."
            }
            Self::Cancel => "What has not run yet will never run. This cannot be undone.",
        }
    }

    fn done(self) -> &'static str {
        match self {
            Self::Retry => "are ready to run again",
            Self::Discard => "are discarded",
            Self::Cancel => "are cancelled",
        }
    }
}

/// What is done, and to which events.
#[derive(Deserialize)]
struct Selection {
    deed: Deed,
    #[serde(default)]
    state: String,
    #[serde(default)]
    account: String,
    #[serde(default)]
    lane: String,
    #[serde(default)]
    kind: String,
    #[serde(default)]
    reason: String,
    /// Of the ids that were counted.
    #[serde(default)]
    counted: String,
}

impl Selection {
    fn query(&self, cursor: Option<u64>) -> EventQuery {
        EventQuery {
            cursor,
            state: filled(&self.state),
            account: filled(&self.account),
            lane: filled(&self.lane),
            kind: filled(&self.kind),
            reason: filled(&self.reason),
            ..EventQuery::default()
        }
    }

    /// In words, for the question.
    fn conditions(&self) -> Vec<(&'static str, &str)> {
        let all = [
            ("state", self.state.as_str()),
            ("account", &self.account),
            ("lane", &self.lane),
            ("kind", &self.kind),
            ("reason contains", &self.reason),
        ];
        all.into_iter().filter(|(_, value)| !value.trim().is_empty()).collect()
    }
}

#[derive(Template)]
#[template(path = "bulk.html")]
struct BulkPage {
    frame: Frame,
    selection: Selection,
    count: u64,
    /// There are more than one form may change.
    is_cut: bool,
    counted: String,
    /// Others came or went between the question and the answer: it is asked again.
    has_changed: bool,
}

#[derive(Template)]
#[template(path = "bulk_done.html")]
struct DonePage {
    frame: Frame,
    deed: Deed,
    state: String,
    changed: u64,
    refused: u64,
    refusals: Vec<RefusedEvent>,
    /// Why it stopped in the middle.
    failure: Option<String>,
}

async fn ids(visitor: &Visitor, selection: &Selection) -> Result<Vec<u64>, ApiError> {
    let (mut found, mut cursor) = (Vec::new(), None);
    loop {
        let query = web::Query(selection.query(cursor));
        let part = events::ids(visitor.admin.clone(), visitor.read_of()?, query).await?.into_inner();
        found.extend(part.items);
        cursor = part.next_cursor;
        if cursor.is_none() || found.len() > EVENTS_MAX {
            return Ok(found);
        }
    }
}

fn question(visitor: &Visitor, selection: Selection, mut ids: Vec<u64>, has_changed: bool) -> Answer {
    let is_cut = ids.len() > EVENTS_MAX;
    ids.truncate(EVENTS_MAX);
    Ok(page(&BulkPage {
        frame: visitor.frame(format!("{} many events", selection.deed.verb()), Section::Queue),
        count: ids.len() as u64,
        counted: digest(&ids),
        selection,
        is_cut,
        has_changed,
    }))
}

async fn ask(visitor: Visitor, selection: web::Query<Selection>) -> Answer {
    visitor.operate_of()?;
    let selection = selection.into_inner();
    let found = ids(&visitor, &selection).await?;
    question(&visitor, selection, found, false)
}

async fn act(Form { visitor, fields: selection }: Form<Selection>) -> Answer {
    visitor.operate_of()?;
    let mut found = ids(&visitor, &selection).await?;
    if digest(&found[..found.len().min(EVENTS_MAX)]) != selection.counted {
        return question(&visitor, selection, found, true);
    }
    found.truncate(EVENTS_MAX);
    let (mut changed, mut refused, mut failure) = (0, Vec::new(), None);
    for part in found.chunks(CHANGED_EVENTS_MAX) {
        match change(&visitor, selection.deed, part).await {
            Ok(done) => {
                changed += done.changed;
                refused.extend(done.refused);
            }
            // What was changed before is told all the same.
            Err(error) => {
                failure = Some(error.detail);
                break;
            }
        }
    }
    Ok(page(&DonePage {
        frame: visitor.frame("Done", Section::Queue),
        deed: selection.deed,
        state: selection.state,
        changed,
        refused: refused.len() as u64,
        refusals: refused.into_iter().take(REFUSED_SHOWN).collect(),
        failure,
    }))
}

async fn change(visitor: &Visitor, deed: Deed, part: &[u64]) -> Result<EventsChanged, ApiError> {
    let ids = part.iter().copied().map(flotilla_model::EventId).collect();
    let (admin, operate) = (visitor.admin.clone(), visitor.operate_of()?);
    let done = match deed {
        Deed::Retry => event_operations::retry_many(admin, operate, Body(RetryManyRequest { ids, steps: None })).await,
        Deed::Discard => event_operations::discard_many(admin, operate, Body(EventSelection { ids })).await,
        Deed::Cancel => event_operations::cancel_many(admin, operate, Body(EventSelection { ids })).await,
    };
    Ok(done?.into_inner())
}

/// A form cannot hold a hundred thousand ids; this stands for them.
fn digest(ids: &[u64]) -> String {
    let mut context = Context::new(&SHA256);
    ids.iter().for_each(|id| context.update(&id.to_be_bytes()));
    context.finish().as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}
