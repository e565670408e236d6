//! A form that was sent: by whom, and what is in it.

use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, web};
use flotilla_credentials::random_bytes;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::Visitor;
use super::refusal::Refusal;
use crate::error::ApiError;
use crate::problems::Code;
use crate::server::{Credential, identify_with, read_body};

/// The fields of a form whose hidden field `csrf` is right.
pub(super) struct Form<T> {
    pub(super) visitor: Visitor,
    pub(super) fields: T,
}

/// What every form of ours has.
#[derive(Deserialize)]
struct Signature {
    csrf: String,
}

impl<T: DeserializeOwned + 'static> FromRequest for Form<T> {
    type Error = Refusal;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Refusal>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, body) = (request.clone(), fields_of(request, payload));
        Box::pin(async move {
            let text = body.await?;
            Ok(Self { visitor: visitor_of(&request, &text).await?, fields: read(&text)? })
        })
    }
}

/// Who sent fields that have the right token.
pub(super) async fn visitor_of(request: &HttpRequest, fields: &str) -> Result<Visitor, Refusal> {
    let Signature { csrf } = read(fields)?;
    let caller = identify_with(request, csrf.as_bytes()).await;
    let caller = caller.map_err(|error| Refusal::of_page(request, error))?;
    // A browser adds a name and password by itself, to a form of whatever site; only a session has a token that is checked.
    if !matches!(caller.credential, Credential::Session(_)) {
        return Err(ApiError::new(Code::CsrfTokenWrong, "forms of the console are for sessions").into());
    }
    Ok(Visitor::new(request, caller)?)
}

/// The body as text; bounded in size and time as any other.
pub(super) fn fields_of(
    request: &HttpRequest,
    payload: &mut Payload,
) -> impl Future<Output = Result<String, Refusal>> + use<> {
    let body = read_body(request, payload, "application/x-www-form-urlencoded");
    async move { String::from_utf8(body.await?.into()).map_err(|error| invalid(&error).into()) }
}

/// Fields that are not asked for are left out: each reader takes its own.
pub(super) fn read<T: DeserializeOwned>(text: &str) -> Result<T, ApiError> {
    web::Query::<T>::from_query(text).map(web::Query::into_inner).map_err(|error| invalid(&error))
}

pub(super) fn invalid(error: &dyn std::fmt::Display) -> ApiError {
    ApiError::new(Code::InvalidBody, format!("the form cannot be read: {error}"))
}

/// A key for a form that must not do its thing twice.
pub(super) fn draw_key() -> Result<String, ApiError> {
    let drawn = random_bytes::<16>().map_err(|error| ApiError::internal(error.to_string()))?;
    Ok(drawn.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// A field that was left empty is absent.
pub(super) fn filled(text: &str) -> Option<String> {
    Some(text.trim()).filter(|text| !text.is_empty()).map(ToOwned::to_owned)
}
