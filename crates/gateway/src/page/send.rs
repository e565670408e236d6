//! Files from a form, for browsers without our script: each is stored as by a PUT.

use actix_web::HttpResponse;
use actix_web::http::header;
use actix_web::web::Payload;
use bytes::Bytes;
use flotilla_model::PutCondition;
use futures::{Stream, StreamExt, stream};
use multer::{Field, Multipart, parse_boundary};
use tokio::sync::mpsc;

use crate::access::Session;
use crate::context::{Context, now_ms};
use crate::intake::{Arrival, Copies, NewFile, Room, Source, check_target, slot, store};
use crate::page::change::{back, parse};
use crate::page::form::bad;
use crate::pressure;
use crate::problem::Problem;
use crate::request::body::{Body, BodyError};
use crate::request::conditions::Conditions;
use crate::request::head::{Head, text};

/// Fields before the first file. A folder's path is the longest.
const FIELD_BYTES_MAX: usize = 8 << 10;
/// Pieces of the body on their way to the reader of the form; what comes beyond waits with the client.
const PIECES_MAX: usize = 4;

pub(super) async fn send(
    context: &Context,
    head: Head<'_>,
    session: Session,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    let content_type = text(head.headers, header::CONTENT_TYPE.as_str())?.unwrap_or_default();
    let boundary = parse_boundary(content_type).map_err(bad)?;
    let config = &context.config;
    let body = Body::new(payload, context.metrics.clone(), config.body_timeout, config.body_progress_bytes);
    let mut parts = Multipart::new(forwarded(body), boundary);
    let (mut folder, mut into, mut is_signed, mut count) = (String::new(), String::new(), false, 0);
    while let Some(field) = parts.next_field().await.map_err(bad)? {
        match field.name().unwrap_or_default() {
            "csrf" => {
                session.check_token(short(field).await?.as_bytes())?;
                is_signed = true;
            }
            "folder" => folder = short(field).await?,
            "into" => into = short(field).await?,
            // The token stands before the first file: nobody else's bytes are read.
            "file" if is_signed => {
                let name = field.file_name().unwrap_or_default().to_owned();
                if name.is_empty() {
                    continue;
                }
                let path = [folder.as_str(), into.trim().trim_matches('/'), &name];
                let path = path.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("/");
                one(context, head, &session, &path, field).await?;
                count += 1;
            }
            _ => return Err(bad("a field is unknown, or stands in the wrong place")),
        }
    }
    if count == 0 {
        return Err(bad("no file was chosen"));
    }
    let shown = if into.trim().is_empty() { folder } else { format!("{folder}/{}", into.trim()) };
    Ok(back(context, &session, shown.trim_matches('/'), "sent"))
}

async fn one(
    context: &Context,
    head: Head<'_>,
    session: &Session,
    path: &str,
    field: Field<'_>,
) -> Result<(), Problem> {
    let (path, account) = (parse(path)?, &session.account);
    let mut state = context.log.state();
    let target = (account, &path);
    let (old, _) = check_target(context, &mut state, target, 0, &Conditions::default()).await?;
    pressure::check_upload(&state, account)?;
    let room = Room::check(context, &state, account, None, old.as_ref().map_or(0, |old| old.length))?;
    let copies = Copies::plan(&state, context.node)?;
    let file = NewFile { length: None, sha256: None, room, copies };
    pressure::slow_upload(context, account).await;
    let _slot = slot(context, &state)?;
    let mut arrival = Arrival::new(context, &Source::of(head), target, PutCondition::Any, now_ms(), None);
    let result = store(context, &file, &mut arrival, field, |command| command).await.map(drop);
    arrival.span.end_with(&result);
    result
}

async fn short(mut field: Field<'_>) -> Result<String, Problem> {
    let mut bytes = Vec::new();
    while let Some(piece) = field.chunk().await.map_err(bad)? {
        bytes.extend_from_slice(&piece);
        if bytes.len() > FIELD_BYTES_MAX {
            return Err(bad(format!("a field has more than {FIELD_BYTES_MAX} bytes")));
        }
    }
    String::from_utf8(bytes).map_err(bad)
}

/// The body through a channel: the reader of forms takes only what may go from thread to thread. It ends with either end.
fn forwarded(
    mut body: impl Stream<Item = Result<Bytes, BodyError>> + Unpin + 'static,
) -> impl Stream<Item = Result<Bytes, BodyError>> + Send {
    let (sender, receiver) = mpsc::channel(PIECES_MAX);
    actix_web::rt::spawn(async move {
        while let Some(piece) = body.next().await {
            if sender.send(piece).await.is_err() {
                return;
            }
        }
    });
    stream::unfold(receiver, |mut receiver| async move { receiver.recv().await.map(|piece| (piece, receiver)) })
}
