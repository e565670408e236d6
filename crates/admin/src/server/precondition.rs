//! `If-Match` and `If-None-Match` (RFC 9110) as the expected version of a row.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::header::{HeaderMap, IF_MATCH, IF_NONE_MATCH};
use actix_web::{FromRequest, HttpRequest};
use flotilla_pki::{Fingerprint, FingerprintError};

use crate::error::ApiError;
use crate::interface::{Input, Operation};
use crate::problems::Code;

/// The version that a row must have; 0: there must be none; absent: whatever it has.
pub(crate) struct Precondition(pub(crate) Option<u64>);

impl FromRequest for Precondition {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(read(request.headers()).map(Self))
    }
}

impl Input for Precondition {
    fn describe(operation: &mut Operation) {
        operation
            .takes_header("If-Match", "Only if it has this version, as in `\"12\"`")
            .takes_header("If-None-Match", "`*`: only if there is none")
            .refuses(&[Code::InvalidValue, Code::VersionConflict]);
    }
}

/// `If-Match` alone: of what changes only what is there.
pub(crate) struct IfMatch(pub(crate) Option<u64>);

impl FromRequest for IfMatch {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(if_match(request.headers()).map(Self))
    }
}

impl Input for IfMatch {
    fn describe(operation: &mut Operation) {
        operation
            .takes_header("If-Match", "Only if it has this version, as in `\"12\"`")
            .refuses(&[Code::InvalidValue, Code::VersionConflict]);
    }
}

/// `If-Match` of a certificate, whose version is its fingerprint.
pub(crate) struct IfFingerprint(pub(crate) Option<Fingerprint>);

impl FromRequest for IfFingerprint {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(if_fingerprint(request.headers()).map(Self))
    }
}

impl Input for IfFingerprint {
    fn describe(operation: &mut Operation) {
        operation
            .takes_header("If-Match", "Only if it has this fingerprint, in quotes")
            .refuses(&[Code::InvalidValue, Code::VersionConflict]);
    }
}

fn read(headers: &HeaderMap) -> Result<Option<u64>, ApiError> {
    if let Some(value) = headers.get(IF_NONE_MATCH) {
        if value.as_bytes().trim_ascii() == b"*" {
            return Ok(Some(0));
        }
        return Err(ApiError::invalid("If-None-Match", "only * is understood here").mend("send If-None-Match: *"));
    }
    if_match(headers)
}

fn if_match(headers: &HeaderMap) -> Result<Option<u64>, ApiError> {
    let Some(tag) = expected_tag(headers) else { return Ok(None) };
    tag.parse().map(Some).map_err(|_| {
        ApiError::invalid("If-Match", "this is not a version")
            .mend("send the version of the resource, as in If-Match: \"12\"")
    })
}

fn if_fingerprint(headers: &HeaderMap) -> Result<Option<Fingerprint>, ApiError> {
    let Some(tag) = expected_tag(headers) else { return Ok(None) };
    tag.parse().map(Some).map_err(|error: FingerprintError| {
        ApiError::invalid("If-Match", error.to_string()).mend("send the ETag of the certificate")
    })
}

/// What is between the quotes, which may be missing.
fn expected_tag(headers: &HeaderMap) -> Option<&str> {
    let text = headers.get(IF_MATCH)?.to_str().unwrap_or_default().trim();
    Some(text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(text))
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderName, HeaderValue};

    use super::*;

    #[test]
    fn headers_become_versions() {
        let cases: [(&HeaderName, &str, Option<Option<u64>>); 6] = [
            (&IF_MATCH, "\"12\"", Some(Some(12))),
            (&IF_MATCH, "12", Some(Some(12))),
            (&IF_NONE_MATCH, "*", Some(Some(0))),
            (&IF_MATCH, "*", None),
            (&IF_MATCH, "\"abc\"", None),
            (&IF_NONE_MATCH, "\"12\"", None),
        ];
        assert_eq!(read(&HeaderMap::new()), Ok(None));
        for (name, value, expected) in cases {
            let mut headers = HeaderMap::new();
            headers.insert(name.clone(), HeaderValue::from_str(value).unwrap());
            assert_eq!(read(&headers).ok(), expected, "{name}: {value}");
        }
    }

    #[test]
    fn a_certificate_is_meant_by_its_fingerprint() {
        let fingerprint = Fingerprint::of(b"certificate");
        let mut headers = HeaderMap::new();
        assert_eq!(if_fingerprint(&headers), Ok(None));
        for (value, is_understood) in
            [(format!("\"{fingerprint}\""), true), (fingerprint.to_string(), true), ("\"12\"".to_owned(), false)]
        {
            headers.insert(IF_MATCH, HeaderValue::from_str(&value).unwrap());
            let expected = is_understood.then_some(Some(fingerprint));
            assert_eq!(if_fingerprint(&headers).ok(), expected, "{value}");
        }
    }
}
