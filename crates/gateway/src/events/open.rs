//! From the head of a request to a stream: all that can be refused is refused here.

use std::sync::Arc;

use actix_web::http::header;
use actix_web::web::{Payload, Query};
use actix_web::{HttpResponse, HttpResponseBuilder};
use flotilla_model::{AccountName, EventId, KindPattern, State};
use serde::Deserialize;
use tokio_util::sync::CancellationToken;

use crate::access::authenticate;
use crate::codes;
use crate::context::Context;
use crate::events::event::EventReader;
use crate::events::follow::{Follower, Wanted};
use crate::events::head::{check_media_type, trace_id};
use crate::events::slots::{Slot, Slots};
use crate::events::standing::Standing;
use crate::events::stream::EventStream;
use crate::observer::newest;
use crate::problem::Problem;
use crate::refusals::RETRY_AFTER_S;
use crate::request::head::{Head, text};
use crate::server::LongLived;

const LINES: &str = "application/x-ndjson";
const LAST_EVENT_ID: &str = "last-event-id";

/// Kinds that begin so are of files; they are in the transfer log and not in the journal.
const OF_FILES: &str = "file.";

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct FollowQuery {
    after: Option<u64>,
    kind: Option<String>,
}

pub(crate) async fn publisher(
    context: &Arc<Context>,
    head: Head<'_>,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    let (account, state) = authenticate(context, head).await?;
    check_media_type(head, LINES)?;
    let slot = enter(context, &state, &context.publishers, &account)?;
    let standing = Standing::new(context, &state, &account);
    let reader = EventReader::new(trace_id(head));
    let stream = EventStream::new(Arc::clone(context), account, standing, slot, reader, payload);
    let mut response = HttpResponse::Ok();
    response.content_type(LINES);
    Ok(long_lived(response).streaming(stream.answers()))
}

pub(crate) async fn follower(
    context: &Arc<Context>,
    head: Head<'_>,
    client_left: CancellationToken,
) -> Result<HttpResponse, Problem> {
    let (account, state) = authenticate(context, head).await?;
    let query = match Query::<FollowQuery>::from_query(head.uri.query().unwrap_or_default()) {
        Ok(query) => query.into_inner(),
        Err(error) => return Err(Problem::new(&codes::BAD_QUERY, error).field("query")),
    };
    let kind = query.kind.as_deref().map(kind_pattern).transpose()?;
    let after = position(context, head, query.after).await?;
    let slot = enter(context, &state, &context.followers, &account)?;
    let standing = Standing::new(context, &state, &account);
    let follower = Follower::new(Arc::clone(context), Wanted { account, kind, after }, standing, slot, client_left);
    let mut response = HttpResponse::Ok();
    response.content_type("text/event-stream");
    Ok(long_lived(response).streaming(follower.frames()))
}

fn long_lived(mut response: HttpResponseBuilder) -> HttpResponseBuilder {
    response.insert_header((header::CACHE_CONTROL, "no-store"));
    // Asks a proxy on the way to pass on each piece as it comes.
    response.insert_header(("x-accel-buffering", "no"));
    response.extensions_mut().insert(LongLived);
    response
}

fn enter(context: &Context, state: &State, slots: &Slots, account: &AccountName) -> Result<Slot, Problem> {
    let limit = context.parameters(state).gateway_event_streams_max();
    slots.enter(account, limit).ok_or_else(|| {
        let detail = format!("{limit} streams of this kind are open here, or half of them by this account");
        Problem::new(&codes::STREAMS_FULL, detail).retry_after_s(RETRY_AFTER_S)
    })
}

fn kind_pattern(text: &str) -> Result<KindPattern, Problem> {
    let refused = |detail: String| Problem::new(&codes::BAD_QUERY, detail).field("kind");
    if text.starts_with(OF_FILES) {
        return Err(refused("events of files are not followed here".to_owned()));
    }
    KindPattern::parse(text).map_err(|error| refused(error.to_string()))
}

/// Where a follower begins: behind the event that its client saw last, behind the one it asks for, or now.
async fn position(context: &Context, head: Head<'_>, after: Option<u64>) -> Result<EventId, Problem> {
    let known = *context.observed.journal.borrow();
    // What a client sends when it comes back counts for more than what stands in its URL.
    let last = text(head.headers, LAST_EVENT_ID)?.filter(|last| !last.is_empty());
    let (position, is_header) = match (last, after) {
        (Some(last), _) => (last.parse().map_err(|_| Problem::header(LAST_EVENT_ID, "not an event's id"))?, true),
        (None, Some(after)) => (after, false),
        (None, None) => return Ok(newest(&context.log.state())),
    };
    if EventId(position) > known
        && let Some(latest) = context.latest().await
        && EventId(position) > newest(&latest)
    {
        // Of another cluster, or of this one before it was set back: to wait for it would be to skip all before it.
        let detail = format!("no event has the id {position} yet: begin with after=0, or without a position");
        let problem = Problem::new(&codes::BAD_QUERY, detail);
        return Err(if is_header { problem.field(LAST_EVENT_ID) } else { problem.field("after") });
    }
    Ok(EventId(position))
}
