//! One event of the account: what became of it, and the end of it.

use actix_web::HttpResponse;
use actix_web::http::header;
use flotilla_model::Payload;
use flotilla_model::{
    AccountName, Command, EventAction, EventEnd, EventId, EventKind, EventRecord, EventState, Outcome,
};
use flotilla_model::{JournalEntry, Rejection, State};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::access::authenticate;
use crate::codes;
use crate::commit::{Repeat, commit};
use crate::context::{Context, now_ms};
use crate::events::frames::raw;
use crate::problem::Problem;
use crate::request::head::Head;
use crate::request::time::rfc3339;

#[derive(Serialize)]
struct View<'a> {
    id: EventId,
    kind: &'a str,
    /// As in the queue, or how it ended.
    state: &'a str,
    published_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    ended_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    priority: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ordering_key: Option<&'a str>,
    /// When it is given to a worker, at the earliest.
    #[serde(skip_serializing_if = "Option::is_none")]
    not_before: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires: Option<String>,
    data: &'a RawValue,
}

pub(crate) async fn get(context: &Context, head: Head<'_>, id: EventId) -> Result<HttpResponse, Problem> {
    let (account, mut state) = authenticate(context, head).await?;
    // The event may have come in through another node, a moment ago.
    if !is_known(&state, &account, id)
        && let Some(latest) = context.latest().await
    {
        state = latest;
    }
    let body = view(&state, &account, id)?.ok_or_else(|| missing(id))?;
    let mut response = HttpResponse::Ok();
    response.insert_header((header::CACHE_CONTROL, "private, no-store"));
    Ok(response.content_type("application/json").body(body))
}

fn is_known(state: &State, account: &AccountName, id: EventId) -> bool {
    queued(state, account, id).is_some() || ended(state, account, id).is_some()
}

fn view(state: &State, account: &AccountName, id: EventId) -> Result<Option<Vec<u8>>, Problem> {
    let (queued, ended) = (queued(state, account, id), ended(state, account, id));
    let data = queued.and_then(EventRecord::data).or_else(|| ended.map(|entry| &entry.data));
    // Of a long queue it may lie in a file, which is in the page cache as a rule.
    let data = data.map(Payload::read).transpose()?.unwrap_or_default();
    let view = match (queued, ended) {
        (Some(event), _) => of_queued(event, raw(&data)),
        (None, Some(entry)) => of_ended(entry, raw(&data)),
        (None, None) => return Ok(None),
    };
    // What goes in was read from JSON, so it serialises.
    Ok(serde_json::to_vec(&view).ok())
}

/// An application's event. What is about files is told of in the transfer log.
fn queued<'a>(state: &'a State, account: &AccountName, id: EventId) -> Option<&'a EventRecord> {
    state.events.get(&id).filter(|event| event.account == *account && matches!(event.kind, EventKind::Own(_)))
}

fn ended<'a>(state: &'a State, account: &AccountName, id: EventId) -> Option<&'a JournalEntry> {
    state.journal.get(id).filter(|entry| entry.account == *account)
}

fn of_queued<'a>(event: &'a EventRecord, data: &'a RawValue) -> View<'a> {
    let not_before_ms = match event.state {
        EventState::Waiting { not_before_ms } | EventState::Blocked { not_before_ms, .. } => Some(not_before_ms),
        _ => None,
    };
    View {
        id: event.id,
        kind: event.kind.name(),
        state: event.state.name(),
        published_at: rfc3339(event.created_ms),
        ended_at: None,
        priority: Some(event.priority.value()),
        ordering_key: event.ordering_key().map(flotilla_model::EventKey::as_str),
        not_before: not_before_ms.filter(|time_ms| *time_ms > 0).map(rfc3339),
        expires: event.expires_ms().map(rfc3339),
        data,
    }
}

fn of_ended<'a>(entry: &'a JournalEntry, data: &'a RawValue) -> View<'a> {
    View {
        id: entry.id,
        kind: entry.kind.as_str(),
        state: entry.ended.map_or("ended", |(end, _)| end_name(end)),
        published_at: rfc3339(entry.published_ms),
        ended_at: entry.ended.map(|(_, ended_ms)| rfc3339(ended_ms)),
        priority: None,
        ordering_key: None,
        not_before: None,
        expires: None,
        data,
    }
}

fn end_name(end: EventEnd) -> &'static str {
    match end {
        EventEnd::Completed => "completed",
        EventEnd::Discarded => "discarded",
        EventEnd::Expired => "expired",
        EventEnd::Cancelled => "cancelled",
    }
}

fn missing(id: EventId) -> Problem {
    Problem::new(&codes::NO_SUCH_EVENT, format!("the account has no event {id}, or it has left the journal"))
}

/// Cancels an event that has not ended.
pub(crate) async fn cancel(context: &Context, head: Head<'_>, id: EventId) -> Result<HttpResponse, Problem> {
    let (account, mut state) = authenticate(context, head).await?;
    if queued(&state, &account, id).is_none() {
        state = context.latest().await.unwrap_or(state);
    }
    if queued(&state, &account, id).is_none() {
        return has_ended(&state, &account, id);
    }
    let command = Command::ChangeEvents { events: vec![id], action: EventAction::Cancel, now_ms: now_ms() };
    // Ids are never given twice: cancelled once more it is gone already.
    match commit(context, command, Repeat::Harmless).await? {
        Outcome::EventsChanged { refused, .. } => match refused.into_iter().next() {
            None => Ok(HttpResponse::NoContent().finish()),
            // It ended in between, perhaps by this very command, the answer to which was lost.
            Some((_, Rejection::NoSuchEvent { .. })) => has_ended(&context.log.state(), &account, id),
            Some((_, rejection)) => Err(Problem::new(&codes::EVENT_BUSY, rejection)),
        },
        other => Err(Problem::new(&codes::INTERNAL, format!("an unexpected outcome: {other:.100?}"))),
    }
}

fn has_ended(state: &State, account: &AccountName, id: EventId) -> Result<HttpResponse, Problem> {
    let (end, _) = ended(state, account, id).and_then(|entry| entry.ended).ok_or_else(|| missing(id))?;
    match end {
        EventEnd::Cancelled => Ok(HttpResponse::NoContent().finish()),
        _ => Err(Problem::new(&codes::EVENT_ENDED, format!("event {id} is {} already", end_name(end)))),
    }
}
