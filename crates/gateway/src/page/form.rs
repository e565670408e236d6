//! A form that was sent.

use actix_web::web::{Payload, Query};
use futures::StreamExt;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::access::Session;
use crate::codes;
use crate::context::Context;
use crate::events::check_media_type;
use crate::problem::Problem;
use crate::request::body::{Body, BodyError};
use crate::request::head::Head;

/// Two paths of files, each encoded, and something around them.
const BYTES_MAX: usize = 32 << 10;

/// What every form of somebody who is logged in has.
#[derive(Deserialize)]
struct Signature {
    csrf: String,
}

/// The fields of a form, whoever has sent it.
pub(super) async fn read<T: DeserializeOwned>(
    context: &Context,
    head: Head<'_>,
    payload: Payload,
) -> Result<T, Problem> {
    parse(&text(context, head, payload).await?)
}

/// The fields of a form that a page of the session has sent.
pub(super) async fn read_signed<T: DeserializeOwned>(
    context: &Context,
    head: Head<'_>,
    session: &Session,
    payload: Payload,
) -> Result<T, Problem> {
    let text = text(context, head, payload).await?;
    let Signature { csrf } = parse(&text)?;
    session.check_token(csrf.as_bytes())?;
    parse(&text)
}

pub(super) fn bad(detail: impl std::fmt::Display) -> Problem {
    Problem::new(&codes::BAD_FORM, detail)
}

fn parse<T: DeserializeOwned>(text: &str) -> Result<T, Problem> {
    Query::<T>::from_query(text).map(Query::into_inner).map_err(bad)
}

async fn text(context: &Context, head: Head<'_>, payload: Payload) -> Result<String, Problem> {
    check_media_type(head, "application/x-www-form-urlencoded")?;
    let config = &context.config;
    let mut body = Body::new(payload, context.metrics.clone(), config.body_timeout, config.body_progress_bytes);
    let mut bytes = Vec::new();
    while let Some(piece) = body.next().await {
        bytes.extend_from_slice(&piece.map_err(|error| match error {
            BodyError::Stalled { .. } => Problem::new(&codes::BODY_STALLED, error),
            BodyError::CutOff { .. } => Problem::new(&codes::BODY_CUT_OFF, error),
        })?);
        if bytes.len() > BYTES_MAX {
            return Err(bad(format!("it has more than {BYTES_MAX} bytes")));
        }
    }
    String::from_utf8(bytes).map_err(bad)
}
