//! One event of the queue, and what can be done with it.

use actix_web::web;
use askama::Template;
use serde::Deserialize;

use crate::api::{EventView, Resolution, ResolveRequest};
use crate::console::{Answer, Form, Frame, Section, Visitor, filters, page, see_other};
use crate::resources::{event_operations, events};
use crate::server::Body;

pub(super) fn configure(config: &mut web::ServiceConfig) {
    config.service(web::resource("/queue/events/{id}").get(show).post(act));
}

#[derive(Template)]
#[template(path = "event.html")]
struct EventPage {
    frame: Frame,
    event: EventView,
    data: Option<String>,
}

impl EventPage {
    /// How far it is with a step.
    fn tone(&self, step: &usize) -> &'static str {
        match u32::try_from(*step) {
            Ok(step) if self.event.doubtful_step == Some(step) => "bad",
            Ok(step) if step < self.event.next_step => "ok",
            _ => "todo",
        }
    }
}

async fn show(visitor: Visitor, id: web::Path<u64>) -> Answer {
    let frame = visitor.frame(format!("Event {id}"), Section::Queue);
    let event = events::show(visitor.admin.clone(), visitor.read_of()?, id).await?.into_inner();
    let data = event.data.as_ref().map(|data| indented(data.get()));
    Ok(page(&EventPage { frame, event, data }))
}

/// What cannot be indented is shown as it came.
fn indented(data: &str) -> String {
    let value: Result<serde_json::Value, _> = serde_json::from_str(data);
    value.and_then(|value| serde_json::to_string_pretty(&value)).unwrap_or_else(|_| data.to_owned())
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Deed {
    Retry,
    Discard,
    Cancel,
    Happened,
    DoItAgain,
}

#[derive(Deserialize)]
struct Act {
    deed: Deed,
}

async fn act(Form { visitor, fields }: Form<Act>, id: web::Path<u64>) -> Answer {
    let (admin, operate, event) = (visitor.admin.clone(), visitor.operate_of()?, *id);
    let resolve = |answer| Body(ResolveRequest { answer });
    let (done, has_ended) = match fields.deed {
        Deed::Retry => (event_operations::retry(admin, operate, id).await.map(|_| "retried")?, false),
        Deed::Discard => (event_operations::discard(admin, operate, id).await.map(|_| "discarded")?, true),
        Deed::Cancel => (event_operations::cancel(admin, operate, id).await.map(|_| "cancelled")?, true),
        Deed::Happened => {
            event_operations::resolve(admin, operate, id, resolve(Resolution::Happened)).await?;
            ("resolved", true)
        }
        Deed::DoItAgain => {
            event_operations::resolve(admin, operate, id, resolve(Resolution::DoItAgain)).await?;
            ("resolved", true)
        }
    };
    // One that has ended, or soon will, has no page any more.
    let to = if has_ended { "/console/queue".to_owned() } else { format!("/console/queue/events/{event}") };
    Ok(see_other(&format!("{to}?done={done}")))
}
