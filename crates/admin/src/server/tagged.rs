//! Documents with figures that change all the time, of which people change a part: the `ETag` is of that part, for `If-Match` alone.

use std::fmt::Display;

use actix_web::body::BoxBody;
use actix_web::http::StatusCode;
use actix_web::http::header::ETAG;
use actix_web::{HttpRequest, HttpResponse, Responder};
use serde::Serialize;
use utoipa::ToSchema;

use crate::interface::{Answer, Operation};

/// The version is a number, or a fingerprint.
pub(crate) struct Tagged<T, V = u64> {
    pub(crate) version: V,
    pub(crate) document: T,
}

pub(crate) fn tag(version: impl Display) -> (actix_web::http::header::HeaderName, String) {
    (ETAG, format!("\"{version}\""))
}

impl<T: Serialize, V: Display> Responder for Tagged<T, V> {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        HttpResponse::Ok().insert_header(tag(self.version)).json(self.document)
    }
}

impl<T: ToSchema, V> Answer for Tagged<T, V> {
    fn describe(operation: &mut Operation) {
        operation.answers_json::<T>(StatusCode::OK, "What was asked for, or what was done").answers_header(
            StatusCode::OK,
            "ETag",
            "Of what can be changed of it, for `If-Match`",
        );
    }
}
