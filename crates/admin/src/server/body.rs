//! A JSON body: bounded, declared as JSON, strict, and told about by field when it is wrong.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::web::{Bytes, BytesMut};
use actix_web::{FromRequest, HttpRequest};
use futures::StreamExt;
use serde::de::DeserializeOwned;
use utoipa::ToSchema;

use crate::error::ApiError;
use crate::interface::{Input, Operation};
use crate::problems::Code;

const JSON: &str = "application/json";
/// The largest body is a route with 32 steps, or a CA certificate.
const BODY_BYTES_MAX: usize = 256 * 1024;
/// For the whole of it, so that a dribbling client does not keep its place.
const BODY_TIMEOUT: Duration = Duration::from_secs(15);

pub(crate) struct Body<T>(pub(crate) T);

impl<T: DeserializeOwned + 'static> FromRequest for Body<T> {
    type Error = ApiError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, ApiError>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let body = read(request, payload, JSON);
        Box::pin(async move { parse(&body.await?).map(Self) })
    }
}

/// What any body may be refused for.
pub(super) const REFUSALS: &[Code] = &[Code::InvalidBody, Code::BodyTooLarge, Code::BodyTooSlow];

impl<T: ToSchema> Input for Body<T> {
    fn describe(operation: &mut Operation) {
        operation.takes_body::<T>(JSON).refuses(REFUSALS).refuses(&[Code::InvalidValue]);
    }
}

/// The bytes of a body that is declared to be of a type.
pub(crate) fn read(
    request: &HttpRequest,
    payload: &mut Payload,
    content_type: &'static str,
) -> impl Future<Output = Result<Bytes, ApiError>> + use<> {
    let declared = check_content_type(request, content_type);
    let payload = payload.take();
    async move {
        declared?;
        let collected = tokio::time::timeout(BODY_TIMEOUT, collect(payload)).await;
        collected.map_err(|_| {
            let detail = format!("the body took longer than {} s", BODY_TIMEOUT.as_secs());
            ApiError::new(Code::BodyTooSlow, detail)
        })?
    }
}

/// A form of another site can be sent without asking, JSON cannot: a resource takes JSON only.
fn check_content_type(request: &HttpRequest, wanted: &str) -> Result<(), ApiError> {
    let value = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = value.split(';').next().unwrap_or_default().trim();
    if essence.eq_ignore_ascii_case(wanted) {
        return Ok(());
    }
    Err(ApiError::new(Code::InvalidBody, format!("the body is not declared as {wanted}"))
        .with_status(StatusCode::UNSUPPORTED_MEDIA_TYPE)
        .at("Content-Type")
        .mend(format!("send Content-Type: {wanted}")))
}

async fn collect(mut payload: Payload) -> Result<Bytes, ApiError> {
    let mut body = BytesMut::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|error| invalid(format!("the body cannot be read: {error}")))?;
        if body.len() + chunk.len() > BODY_BYTES_MAX {
            let detail = format!("the body has more than {BODY_BYTES_MAX} bytes");
            return Err(ApiError::new(Code::BodyTooLarge, detail));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

pub(super) fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, ApiError> {
    // A list of the fields' values would do for serde, but is not what is described.
    if !body.trim_ascii_start().starts_with(b"{") {
        return Err(invalid("a JSON object is expected".to_owned()));
    }
    let mut reader = serde_json::Deserializer::from_slice(body);
    let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let path = error.path().to_string();
        let error = invalid(error.inner().to_string());
        if path == "." { error } else { error.at(path) }
    })?;
    reader.end().map_err(|error| invalid(error.to_string()))?;
    Ok(value)
}

fn invalid(detail: String) -> ApiError {
    ApiError::new(Code::InvalidBody, detail)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{ParameterChange, RouteChange};

    #[test]
    fn errors_name_the_field() {
        let error = parse::<RouteChange>(br#"{"steps": [{"type": "checksum"}, {"type": "webhok", "url": 5}]}"#);
        let error = error.unwrap_err();
        assert_eq!(error.field.as_deref(), Some("steps[1].type"));
        assert!(error.detail.contains("webhok"), "{error:?}");
        let error = parse::<ParameterChange>(br#"{"valu": "5"}"#).unwrap_err();
        assert!(error.detail.contains("unknown field `valu`"), "{error:?}");
    }

    #[test]
    fn rubbish_is_refused() {
        for body in ["", "{", "5", "null", "[]", r#"["5"]"#, r#"{"value": "5"} more"#, "\u{0}"] {
            let error = parse::<ParameterChange>(body.as_bytes()).unwrap_err();
            assert_eq!(error.code, Code::InvalidBody, "{body}");
        }
        let deep = "[".repeat(100_000);
        assert!(parse::<ParameterChange>(deep.as_bytes()).is_err());
    }
}
