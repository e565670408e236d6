//! `POST /events`: one event, or an array of them.

use std::fmt;

use actix_web::http::{StatusCode, header};
use actix_web::web::Payload;
use actix_web::{HttpResponse, HttpResponseBuilder};
use bytes::{Bytes, BytesMut};
use flotilla_model::{AccountName, EventKey};
use futures::StreamExt;
use serde::de::{self, DeserializeSeed, Deserializer, SeqAccess, Visitor};
use serde_json::value::RawValue;
use tokio::sync::SemaphorePermit;

use crate::access::authenticate;
use crate::codes;
use crate::context::Context;
use crate::events::answers::{write_one, write_results};
use crate::events::batch::{Answer, Answers, Batch};
use crate::events::event::{EventReader, event_key};
use crate::events::head::{check_media_type, trace_id};
use crate::events::publish::{pressure, publish, slow_down};
use crate::pressure::Pressure;
use crate::problem::Problem;
use crate::refusals::RETRY_AFTER_S;
use crate::request::body::{Body, BodyError};
use crate::request::head::{Head, text};

/// Events of one array. More go by the stream, on which each is answered at once.
const EVENTS_MAX: usize = 1000;
/// A body is held in memory as a whole.
const BODY_BYTES_MAX: usize = 8 << 20;
/// All bodies together.
pub(crate) const BODIES_BYTES_MAX: usize = 64 << 20;

const IDEMPOTENCY_KEY: &str = "idempotency-key";

pub(crate) async fn post(context: &Context, head: Head<'_>, payload: Payload) -> Result<HttpResponse, Problem> {
    let (account, _) = authenticate(context, head).await?;
    check_media_type(head, "application/json")?;
    let key = text(head.headers, IDEMPOTENCY_KEY)?.map(|key| idempotency_key(&key)).transpose()?;
    let _room = room(context, head.content_length()?)?;
    let body = read(context, payload).await?;
    let reader = EventReader::new(trace_id(head));
    if body.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'[') {
        if key.is_some() {
            let detail = "it is for one event; in an array each has its own field idempotency_key";
            return Err(Problem::header(IDEMPOTENCY_KEY, detail));
        }
        many(context, &account, reader, &body).await
    } else {
        one(context, &account, reader, &body, key).await
    }
}

async fn one(
    context: &Context,
    account: &AccountName,
    mut reader: EventReader,
    body: &[u8],
    key: Option<EventKey>,
) -> Result<HttpResponse, Problem> {
    let mut event = reader.read(body)?;
    if let Some(key) = key {
        if event.idempotency_key.as_ref().is_some_and(|own| *own != key) {
            return Err(Problem::header(IDEMPOTENCY_KEY, "it differs from the field idempotency_key"));
        }
        event.idempotency_key = Some(key);
    }
    let mut batch = Batch::default();
    batch.add(Ok(event));
    let answers = send(context, account, batch).await;
    let mut response = Err(Problem::new(&codes::INTERNAL, "the event has no answer"));
    answers.each(|answer| response = respond(&answer));
    response
}

fn respond(answer: &Answer<'_>) -> Result<HttpResponse, Problem> {
    let (status, id) = match answer {
        Answer::Published(id) => (StatusCode::CREATED, id),
        Answer::Repeated(id) => (StatusCode::OK, id),
        Answer::Refused(problem) => return Err((*problem).clone()),
    };
    let mut body = Vec::new();
    write_one(answer, &mut body);
    let mut response = HttpResponseBuilder::new(status);
    response.insert_header((header::LOCATION, format!("/events/{id}")));
    Ok(response.content_type("application/json").body(body))
}

async fn many(
    context: &Context,
    account: &AccountName,
    mut reader: EventReader,
    body: &[u8],
) -> Result<HttpResponse, Problem> {
    let mut all = Vec::new();
    let mut batch = Batch::default();
    for event in elements(body)? {
        batch.add(reader.read(event.get().as_bytes()));
        if batch.is_full() {
            all.push(send(context, account, std::mem::take(&mut batch)).await);
        }
    }
    if !batch.is_empty() {
        all.push(send(context, account, batch).await);
    }
    Ok(HttpResponse::Ok().content_type("application/json").body(write_results(&all)))
}

async fn send(context: &Context, account: &AccountName, batch: Batch) -> Answers {
    let pressure = pressure(&context.log.state(), account, &batch);
    if let Pressure::Slow(delay) = pressure {
        slow_down(context, delay).await;
    }
    publish(context, account.clone(), batch).await
}

/// The header (draft-ietf-httpapi-idempotency-key-header), in quotes as it says or without as most send it.
fn idempotency_key(value: &str) -> Result<EventKey, Problem> {
    let quoted = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    event_key(quoted.unwrap_or(value), "idempotency-key")
}

/// Keeps memory for a body.
fn room(context: &Context, length: Option<u64>) -> Result<SemaphorePermit<'_>, Problem> {
    let length = length.unwrap_or(BODY_BYTES_MAX as u64);
    if length > BODY_BYTES_MAX as u64 {
        return Err(too_large(format!("{length} bytes are more than {BODY_BYTES_MAX}")));
    }
    context.bodies.try_acquire_many(length as u32).map_err(|_| {
        let detail = format!("{BODIES_BYTES_MAX} bytes of events are being published");
        Problem::new(&codes::PUBLISHING_FULL, detail).retry_after_s(RETRY_AFTER_S)
    })
}

async fn read(context: &Context, payload: Payload) -> Result<Bytes, Problem> {
    let config = &context.config;
    let mut body = Body::new(payload, context.metrics.clone(), config.body_timeout, config.body_progress_bytes);
    let mut bytes = BytesMut::new();
    while let Some(piece) = body.next().await {
        let piece = piece.map_err(|error| match error {
            BodyError::Stalled { .. } => Problem::new(&codes::BODY_STALLED, error),
            BodyError::CutOff { .. } => Problem::new(&codes::BODY_CUT_OFF, error),
        })?;
        if bytes.len() + piece.len() > BODY_BYTES_MAX {
            return Err(too_large(format!("the body has more than {BODY_BYTES_MAX} bytes")));
        }
        bytes.extend_from_slice(&piece);
    }
    Ok(bytes.freeze())
}

fn too_large(detail: String) -> Problem {
    Problem::new(&codes::BATCH_TOO_LARGE, detail)
}

/// The elements of an array of at most [`EVENTS_MAX`], each checked to be JSON.
fn elements(body: &[u8]) -> Result<Vec<&RawValue>, Problem> {
    let mut are_too_many = false;
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    let elements = Elements { are_too_many: &mut are_too_many }
        .deserialize(&mut deserializer)
        .and_then(|elements| deserializer.end().map(|()| elements));
    elements.map_err(|error| match are_too_many {
        true => too_large(format!("an array has at most {EVENTS_MAX} events; the stream takes any number")),
        false => Problem::new(&codes::BAD_EVENT, format!("{error:.200}; none was published")),
    })
}

struct Elements<'f> {
    are_too_many: &'f mut bool,
}

impl<'de> DeserializeSeed<'de> for Elements<'_> {
    type Value = Vec<&'de RawValue>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Elements<'_> {
    type Value = Vec<&'de RawValue>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an array of events")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Self::Value, A::Error> {
        let mut elements = Vec::new();
        while let Some(element) = sequence.next_element()? {
            if elements.len() == EVENTS_MAX {
                *self.are_too_many = true;
                return Err(de::Error::custom("too many"));
            }
            elements.push(element);
        }
        Ok(elements)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrays_and_what_is_none() {
        assert!(elements(b" [ ] ").unwrap().is_empty());
        let found = elements(b"[{\"a\": 1}, 2,[3]]").unwrap();
        assert_eq!(found.iter().map(|element| element.get()).collect::<Vec<_>>(), ["{\"a\": 1}", "2", "[3]"]);
        for body in ["[", "[1,]", "[1] 2", "[1 2]", "{}", ""] {
            assert_eq!(elements(body.as_bytes()).unwrap_err().code().code, "bad-event", "{body}");
        }
    }

    #[test]
    fn the_number_of_elements_is_bounded() {
        let ones = |count: usize| format!("[{}]", vec!["1"; count].join(","));
        assert_eq!(elements(ones(EVENTS_MAX).as_bytes()).unwrap().len(), EVENTS_MAX);
        assert_eq!(elements(ones(EVENTS_MAX + 1).as_bytes()).unwrap_err().code().code, "batch-too-large");
    }

    #[test]
    fn a_key_in_a_header_may_be_quoted() {
        for (value, key) in [("abc", "abc"), ("\"abc\"", "abc"), ("\"", "\"")] {
            assert_eq!(idempotency_key(value).unwrap().as_str(), key);
        }
        assert_eq!(idempotency_key("\"\"").unwrap_err().code().code, "bad-event");
    }
}
