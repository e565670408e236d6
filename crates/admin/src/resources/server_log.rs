//! `serverLog`: the last lines of all nodes' logs, as one.

use actix_web::{HttpRequest, HttpResponse, web};
use flotilla_model::NodeId;

use super::page_size;
use crate::Admin;
use crate::api::{LogLevel, LogLineView, LogSourceView, ServerLog, ServerLogQuery, ServerLogStreamQuery, to_us};
use crate::changes::STREAMS_MAX;
use crate::error::ApiError;
use crate::interface::{Routes, Tag};
use crate::problems::Code;
use crate::server::Read;
use crate::server_log::{Cursor, Position, Wanted, page, since, stream};

const EVENTS: &str = "text/event-stream";
/// Lines of one node between two questions of a stream.
const STREAMED_LINES_MAX: usize = 1000;
const CONTAINS_BYTES_MAX: usize = 256;

pub(super) fn add(routes: &mut Routes) {
    routes.chapter(Tag::Logs);
    routes
        .get("/serverLog", list)
        .named("listServerLog", "The last lines of all nodes' logs, newest first")
        .explained(
            "Each node's process keeps its last lines in memory: 10,000 of them, 4 MiB at most. A node that does not answer is named \
             in `nodes` with its `failure`. Order is by the nodes' own clocks.",
        )
        .refuses(&[Code::NotFound]);
    let operation = routes.get("/serverLog/stream", follow);
    operation
        .named("followServerLog", "The nodes' logs, as they are written")
        .explained(
            "Server-sent events. The data of each `line` is a `LogLineView`; `nodes` tells first, and when it changes, which nodes \
             answer, as a list of `LogSourceView`. The id is a `position`: with `Last-Event-ID`, on whichever node, the stream goes on \
             behind it. It ends after five minutes, when the credential is not good any more, and when the node stops: clients come \
             again by themselves.",
        )
        .takes_header("Last-Event-ID", "The id of the last event that was seen")
        .answers_stream(EVENTS, "Events, until the stream ends")
        .refuses(&[Code::NotFound, Code::TooManyRequests]);
    operation.schema_of::<LogLineView>();
    operation.schema_of::<LogSourceView>();
}

pub(crate) async fn list(
    admin: web::Data<Admin>,
    _: Read,
    query: web::Query<ServerLogQuery>,
) -> Result<web::Json<ServerLog>, ApiError> {
    let query = query.into_inner();
    let limit = page_size(query.limit)?;
    let wanted = wanted(&admin, query.node, query.level.as_deref(), query.contains.as_deref(), limit)?;
    let wanted = Wanted { since_us: query.since.map(to_us), ..wanted };
    if let Some(after) = &query.after {
        let position = Position::parse(after);
        let position = position.ok_or_else(|| ApiError::invalid("after", "this is the position of no answer"))?;
        return Ok(web::Json(since(&admin, &wanted, position).await.0));
    }
    let cursor = query.cursor.as_deref().map(|text| {
        Cursor::parse(text).ok_or_else(|| ApiError::invalid("cursor", "this is the next_cursor of no page"))
    });
    Ok(web::Json(page(&admin, &wanted, cursor.transpose()?).await))
}

async fn follow(
    admin: web::Data<Admin>,
    request: HttpRequest,
    Read(caller): Read,
    query: web::Query<ServerLogStreamQuery>,
) -> Result<HttpResponse, ApiError> {
    let (level, contains) = (query.level.as_deref(), query.contains.as_deref());
    let wanted = wanted(&admin, query.node, level, contains, STREAMED_LINES_MAX)?;
    let place = admin.changes_place().ok_or_else(|| {
        let detail = format!("{STREAMS_MAX} clients follow changes and logs at this node");
        ApiError::new(Code::TooManyRequests, detail).mend("close one, or ask another node")
    })?;
    // One that is no position of ours is of another cluster or nothing: whoever sends it begins now.
    let seen = request.headers().get("last-event-id").and_then(|value| Position::parse(value.to_str().ok()?));
    let events = stream(admin.get_ref().clone(), caller, wanted, seen, place);
    // A proxy that gathers answers would hold the events back.
    Ok(HttpResponse::Ok().content_type(EVENTS).insert_header(("X-Accel-Buffering", "no")).streaming(events))
}

fn wanted(
    admin: &Admin,
    node: Option<NodeId>,
    level: Option<&str>,
    contains: Option<&str>,
    limit: usize,
) -> Result<Wanted, ApiError> {
    if let Some(node) = node.filter(|node| !admin.view().state.members.contains(node)) {
        return Err(ApiError::not_found(format!("there is no member {node}")));
    }
    let level = level.map(|text| {
        let names = LogLevel::ALL.map(LogLevel::name).join(", ");
        LogLevel::parse(text)
            .ok_or_else(|| ApiError::invalid("level", "there is no such level").mend(format!("write one of {names}")))
    });
    if contains.is_some_and(|text| text.len() > CONTAINS_BYTES_MAX) {
        return Err(ApiError::invalid("contains", format!("at most {CONTAINS_BYTES_MAX} bytes are looked for")));
    }
    let contains = contains.filter(|text| !text.is_empty()).map(str::to_lowercase);
    Ok(Wanted { node, level: level.transpose()?.unwrap_or_default(), since_us: None, contains, limit })
}
