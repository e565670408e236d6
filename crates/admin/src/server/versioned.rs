//! Documents of rows that have a version: the `ETag` says which, for conditions of later requests (RFC 9110).

use actix_web::body::BoxBody;
use actix_web::http::StatusCode;
use actix_web::http::header::{ETAG, IF_NONE_MATCH};
use actix_web::{HttpRequest, HttpResponse, Responder};
use serde::Serialize;
use utoipa::ToSchema;

use crate::interface::{Answer, Operation};

/// Version 0: there is no row of its own, such as of a parameter that was never set.
pub(crate) struct Versioned<T> {
    pub(crate) version: Option<u64>,
    pub(crate) document: T,
}

impl<T: Serialize> Responder for Versioned<T> {
    type Body = BoxBody;

    fn respond_to(self, request: &HttpRequest) -> HttpResponse {
        let Some(version) = self.version else { return HttpResponse::Ok().json(self.document) };
        let tag = format!("\"{version}\"");
        let known = request.headers().get(IF_NONE_MATCH).filter(|_| request.method().is_safe());
        let is_known = known.and_then(|value| value.to_str().ok()).is_some_and(|known| names(known, &tag));
        let mut answer = if is_known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
        answer.insert_header((ETAG, tag));
        if is_known { answer.finish() } else { answer.json(self.document) }
    }
}

/// Whether a list of tags has this one; weak ones count as well (RFC 9110, 13.1.2).
fn names(list: &str, tag: &str) -> bool {
    list.split(',').map(str::trim).any(|one| one == "*" || one.strip_prefix("W/").unwrap_or(one) == tag)
}

impl<T: ToSchema> Answer for Versioned<T> {
    fn describe(operation: &mut Operation) {
        operation.answers_json::<T>(StatusCode::OK, "What was asked for, or what was done").answers_header(
            StatusCode::OK,
            "ETag",
            "The version, for `If-Match`",
        );
        if !operation.changes() {
            operation
                .takes_header("If-None-Match", "The version that is known already, as in `\"12\"`")
                .answers_nothing(StatusCode::NOT_MODIFIED, "It has the version that is known already")
                .answers_header(StatusCode::NOT_MODIFIED, "ETag", "The version");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_found_in_lists() {
        for (list, is_named) in [
            ("\"12\"", true),
            ("W/\"12\"", true),
            ("\"1\", \"12\"", true),
            ("*", true),
            ("\"1\"", false),
            ("12", false),
        ] {
            assert_eq!(names(list, "\"12\""), is_named, "{list}");
        }
    }
}
