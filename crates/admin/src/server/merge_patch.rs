//! A JSON merge patch (RFC 7396): what is absent stays, `null` takes away.

use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use serde::de::DeserializeOwned;
use serde_json::Value;
use utoipa::ToSchema;

use super::body;
use crate::error::ApiError;
use crate::interface::{Input, Operation};
use crate::problems::Code;

pub(crate) const MERGE_PATCH: &str = "application/merge-patch+json";

/// A document that a merge patch changes.
pub(crate) trait Patch: DeserializeOwned + ToSchema + 'static {
    /// Members that can be taken away; the others always have a value.
    const REMOVABLE: &'static [&'static str];
}

pub(crate) struct MergePatch<T>(pub(crate) T);

impl<T: Patch> FromRequest for MergePatch<T> {
    type Error = ApiError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, ApiError>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let body = body::read(request, payload, MERGE_PATCH);
        Box::pin(async move { parse(&body.await?).map(Self) })
    }
}

impl<T: Patch> Input for MergePatch<T> {
    fn describe(operation: &mut Operation) {
        operation.takes_body::<T>(MERGE_PATCH).refuses(body::REFUSALS).refuses(&[Code::InvalidValue]);
    }
}

fn parse<T: Patch>(body: &[u8]) -> Result<T, ApiError> {
    let patch: serde_json::Map<String, Value> = body::parse(body)?;
    let kept = patch.iter().find(|(name, value)| value.is_null() && !T::REMOVABLE.contains(&name.as_str()));
    if let Some((name, _)) = kept {
        let detail = format!("{name} cannot be taken away");
        return Err(ApiError::invalid(name, detail).mend("leave it out to keep it as it is"));
    }
    body::parse(body)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::AccountChange;

    #[test]
    fn only_what_may_be_absent_is_taken_away() {
        let patch: AccountChange = parse(br#"{"quota_bytes": null, "is_enabled": false}"#).unwrap();
        assert_eq!((patch.quota_bytes, patch.quota_files, patch.is_enabled), (Some(None), None, Some(false)));
        for (body, field) in [
            (&br#"{"password": null}"#[..], Some("password")),
            (br#"{"nonsense": null}"#, Some("nonsense")),
            (br#"{"is_enabled": 5}"#, Some("is_enabled")),
            (b"[]", None),
            (b"null", None),
        ] {
            assert_eq!(parse::<AccountChange>(body).unwrap_err().field.as_deref(), field);
        }
    }
}
