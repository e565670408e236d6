//! The guards of the handlers: who takes [`Read`], [`Operate`] or [`Administer`] cannot be reached without.

use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use flotilla_model::AdministratorRole;

use super::{Caller, identify};
use crate::error::ApiError;
use crate::interface::{Access, Input, Operation};
use crate::problems::Code;

/// May look at everything: any administrator.
pub(crate) struct Read(pub(crate) Caller);
/// May steer work: administrators and operators.
pub(crate) struct Operate(pub(crate) Caller);
/// May change everything: administrators.
pub(crate) struct Administer(pub(crate) Caller);

type Extracted<T> = Pin<Box<dyn Future<Output = Result<T, ApiError>>>>;

fn extract<T: 'static>(request: &HttpRequest, make: fn(Caller) -> Result<T, ApiError>) -> Extracted<T> {
    let request = request.clone();
    Box::pin(async move {
        let caller = identify(&request).await?;
        make(caller)
    })
}

macro_rules! guard {
    ($($guard:ident takes $least:ident),*) => {$(
        impl $guard {
            /// For who was identified in another way than by the request's headers.
            pub(crate) fn of(caller: Caller) -> Result<Self, ApiError> {
                caller.require(AdministratorRole::$least)?;
                Ok(Self(caller))
            }
        }

        impl FromRequest for $guard {
            type Error = ApiError;
            type Future = Extracted<Self>;

            fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
                extract(request, Self::of)
            }
        }

        impl Input for $guard {
            fn describe(operation: &mut Operation) {
                describe_guard(operation, AdministratorRole::$least);
            }
        }
    )*};
}

/// What a guard may answer instead of letting a request pass.
fn describe_guard(operation: &mut Operation, least: AdministratorRole) {
    operation.open_to(Access::Role(least)).refuses(&[
        Code::NoCredentials,
        Code::BadCredentials,
        Code::SecondFactorRequired,
        Code::SessionOver,
        Code::CrossSite,
        Code::PasswordChangeRequired,
        Code::TooManyRequests,
        Code::Unavailable,
    ]);
    if least != AdministratorRole::Auditor {
        operation.refuses(&[Code::Forbidden]);
    }
    if operation.changes() {
        operation.refuses(&[Code::CsrfTokenWrong]);
    }
}

guard!(Read takes Auditor, Operate takes Operator, Administer takes Administrator);
