//! Documents with figures that change all the time, of which people change a part: the `ETag` is of that part, for `If-Match` alone.

use actix_web::body::BoxBody;
use actix_web::http::StatusCode;
use actix_web::http::header::ETAG;
use actix_web::{HttpRequest, HttpResponse, Responder};
use serde::Serialize;
use utoipa::ToSchema;

use crate::interface::{Answer, Operation};

pub(crate) struct Tagged<T> {
    pub(crate) version: u64,
    pub(crate) document: T,
}

pub(crate) fn tag(version: u64) -> (actix_web::http::header::HeaderName, String) {
    (ETAG, format!("\"{version}\""))
}

impl<T: Serialize> Responder for Tagged<T> {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        HttpResponse::Ok().insert_header(tag(self.version)).json(self.document)
    }
}

impl<T: ToSchema> Answer for Tagged<T> {
    fn describe(operation: &mut Operation) {
        operation.answers_json::<T>(StatusCode::OK, "What was asked for, or what was done").answers_header(
            StatusCode::OK,
            "ETag",
            "Of what can be changed of it, for `If-Match`",
        );
    }
}
