//! What a handler's types say of the operation.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use flotilla_model::NodeId;
use utoipa::openapi::path::{ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, SchemaFormat, Type};
use utoipa::openapi::{RefOr, Required, Schema};
use utoipa::{IntoParams, ToSchema};

use super::Operation;
use crate::Admin;
use crate::error::ApiError;
use crate::problems::Code;

/// What an argument of a handler asks of a request.
pub(crate) trait Input {
    fn describe(operation: &mut Operation);
}

/// What a handler answers.
pub(crate) trait Answer {
    fn describe(operation: &mut Operation);
}

impl Input for web::Data<Admin> {
    fn describe(_: &mut Operation) {}
}

impl Input for HttpRequest {
    fn describe(_: &mut Operation) {}
}

impl<T: IntoParams> Input for web::Query<T> {
    fn describe(operation: &mut Operation) {
        for parameter in T::into_params(|| Some(ParameterIn::Query)) {
            operation.takes(parameter);
        }
        operation.refuses(&[Code::InvalidValue]);
    }
}

impl<T: PathParts> Input for web::Path<T> {
    fn describe(operation: &mut Operation) {
        let path = operation.path.clone();
        for (name, schema) in names_in(&path).zip(T::parts()) {
            let parameter = ParameterBuilder::new()
                .name(name)
                .parameter_in(ParameterIn::Path)
                .required(Required::True)
                .description(Some(meaning(name)))
                .schema(Some(RefOr::T(schema)));
            operation.takes(parameter.build());
        }
        operation.refuses(&[Code::InvalidValue, Code::NotFound]);
    }
}

/// `name` of `/accounts/{name}`.
fn names_in(path: &str) -> impl Iterator<Item = &str> {
    path.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name)
}

fn meaning(name: &str) -> &'static str {
    match name {
        "node" => "The id of a node",
        "alias" => "The alias of a certificate",
        "account" => "The name of an account",
        "id" => "Its id",
        "code" => "The code of a problem",
        "fingerprint" => "The SHA-256 of a certificate",
        _ => "Its name",
    }
}

/// The types of what stands in a path, in their order.
pub(crate) trait PathParts {
    fn parts() -> Vec<Schema>;
}

impl PathParts for String {
    fn parts() -> Vec<Schema> {
        vec![ObjectBuilder::new().schema_type(Type::String).min_length(Some(1)).build().into()]
    }
}

impl PathParts for u64 {
    fn parts() -> Vec<Schema> {
        let format = SchemaFormat::KnownFormat(KnownFormat::Int64);
        vec![ObjectBuilder::new().schema_type(Type::Integer).format(Some(format)).minimum(Some(0)).build().into()]
    }
}

impl PathParts for NodeId {
    fn parts() -> Vec<Schema> {
        u64::parts()
    }
}

impl<A: PathParts, B: PathParts> PathParts for (A, B) {
    fn parts() -> Vec<Schema> {
        [A::parts(), B::parts()].concat()
    }
}

impl<T: ToSchema> Answer for web::Json<T> {
    fn describe(operation: &mut Operation) {
        operation.answers_json::<T>(StatusCode::OK, "What was asked for, or what was done");
    }
}

impl<T: Answer> Answer for Result<T, ApiError> {
    fn describe(operation: &mut Operation) {
        T::describe(operation);
    }
}

/// Says nothing: what it holds is told where it is routed.
impl Answer for HttpResponse {
    fn describe(_: &mut Operation) {}
}

impl Answer for &'static str {
    fn describe(operation: &mut Operation) {
        operation.answers_as(StatusCode::OK, "text/plain; charset=utf-8", "Text");
    }
}

macro_rules! tuples {
    ($(($($input:ident)*))*) => {$(
        impl<$($input: Input),*> Input for ($($input,)*) {
            fn describe(operation: &mut Operation) {
                let _ = &operation;
                $($input::describe(operation);)*
            }
        }
    )*};
}
tuples! { () (A) (A B) (A B C) (A B C D) (A B C D E) (A B C D E F) (A B C D E F G) }
