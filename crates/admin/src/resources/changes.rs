//! `changes`: what changes, as it happens.

use actix_web::{HttpRequest, HttpResponse, web};

use crate::Admin;
use crate::api::Change;
use crate::changes::{STREAMS_MAX, stream};
use crate::error::ApiError;
use crate::interface::{Routes, Tag};
use crate::problems::Code;
use crate::server::Read;

const EVENTS: &str = "text/event-stream";

pub(super) fn add(routes: &mut Routes) {
    routes.chapter(Tag::Cluster);
    let operation = routes.get("/changes", follow);
    operation
        .named("followChanges", "What changes, as it happens")
        .explained(
            "Server-sent events. The first, `present`, tells what has to be read to begin with; each `change` tells which kinds of things \
             are different since. The data is a `Change`, the id its `log_index`. With `Last-Event-ID` of the present index, on \
             whichever node, `present` asks for no more than what is in no log. The stream ends after five minutes, when the credential \
             is not good any more, and when the node stops: clients come again by themselves.",
        )
        .takes_header("Last-Event-ID", "The `log_index` of the last event that was seen")
        .answers_stream(EVENTS, "Events, until the stream ends")
        .refuses(&[Code::TooManyRequests]);
    operation.schema_of::<Change>();
}

async fn follow(admin: web::Data<Admin>, request: HttpRequest, Read(caller): Read) -> Result<HttpResponse, ApiError> {
    let place = admin.changes_place().ok_or_else(|| {
        let detail = format!("{STREAMS_MAX} clients follow the changes at this node");
        ApiError::new(Code::TooManyRequests, detail).mend("close a page of the console, or ask another node")
    })?;
    // One that is no number of ours is of another cluster or nothing: whoever sends it has seen nothing.
    let seen = request.headers().get("last-event-id").and_then(|value| value.to_str().ok()?.parse().ok());
    let events = stream(admin.get_ref().clone(), caller, seen, place);
    // A proxy that gathers answers would hold the events back.
    Ok(HttpResponse::Ok().content_type(EVENTS).insert_header(("X-Accel-Buffering", "no")).streaming(events))
}
