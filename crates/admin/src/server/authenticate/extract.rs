//! The guards of the handlers: who takes one cannot be reached without. What a guard does not name is not allowed.
//!
//! [`Read`], [`Operate`] and [`Administer`] are of the whole cluster, and no delegate passes them. [`ReadOf`], [`OperateOf`] and
//! [`AdministerOf`] let delegates pass as well, with the [`Scope`] that the handler has to keep to. [`Anybody`] is for what people do with
//! what is their own.

use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, web};
use flotilla_model::{AdministratorRole, State};

use super::{Caller, Scope, identify};
use crate::Admin;
use crate::error::ApiError;
use crate::interface::{Access, Input, Operation};
use crate::problems::Code;

/// May look at everything: all but delegates.
pub(crate) struct Read(pub(crate) Caller);
/// May steer work: administrators and operators.
pub(crate) struct Operate(pub(crate) Caller);
/// May change everything: administrators.
pub(crate) struct Administer(pub(crate) Caller);

/// May look at what belongs to the accounts of the scope.
pub(crate) struct ReadOf(pub(crate) Scope);
/// May steer the work for the accounts of the scope.
pub(crate) struct OperateOf(pub(crate) Caller, pub(crate) Scope);
/// May change the accounts of the scope: a delegate only what the handler leaves to delegates.
pub(crate) struct AdministerOf(pub(crate) Caller, pub(crate) Scope);

/// Any administrator; the handler sees to it that they do nothing but what everybody may do with what is their own.
pub(crate) struct Anybody(pub(crate) Caller);

type Extracted<T> = Pin<Box<dyn Future<Output = Result<T, ApiError>>>>;

fn extract<T: 'static>(request: &HttpRequest, make: fn(Caller, &State) -> Result<T, ApiError>) -> Extracted<T> {
    let request = request.clone();
    Box::pin(async move {
        let caller = identify(&request).await?;
        let admin = request.app_data::<web::Data<Admin>>();
        let admin = admin.ok_or_else(|| ApiError::internal("the server has no context"))?;
        make(caller, &admin.view().state)
    })
}

macro_rules! guard {
    ($($guard:ident takes $access:expr, made by $make:expr;)*) => {$(
        impl $guard {
            /// For who was identified in another way than by the request's headers.
            pub(crate) fn of(caller: Caller, state: &State) -> Result<Self, ApiError> {
                let make: fn(Caller, &State) -> Result<Self, ApiError> = $make;
                make(caller, state)
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
                describe_guard(operation, $access);
            }
        }
    )*};
}

/// What a guard may answer instead of letting a request pass.
fn describe_guard(operation: &mut Operation, access: Access) {
    operation.open_to(access).refuses(&[
        Code::NoCredentials,
        Code::BadCredentials,
        Code::SecondFactorRequired,
        Code::SessionOver,
        Code::CrossSite,
        Code::PasswordChangeRequired,
        Code::TooManyRequests,
        Code::Unavailable,
    ]);
    if access != Access::Anybody {
        operation.refuses(&[Code::Forbidden]);
    }
    if operation.changes() {
        operation.refuses(&[Code::CsrfTokenWrong]);
    }
}

/// Who has the role, with all accounts; and delegates, with theirs.
fn within(caller: &Caller, least: AdministratorRole, state: &State) -> Result<Scope, ApiError> {
    let scope = Scope::of(caller, state);
    if !scope.is_of_delegate() {
        caller.require(least)?;
    }
    Ok(scope)
}

guard! {
    Read takes Access::Role(AdministratorRole::Auditor), made by |caller, _| {
        caller.require(AdministratorRole::Auditor)?;
        Ok(Self(caller))
    };
    Operate takes Access::Role(AdministratorRole::Operator), made by |caller, _| {
        caller.require(AdministratorRole::Operator)?;
        Ok(Self(caller))
    };
    Administer takes Access::Role(AdministratorRole::Administrator), made by |caller, _| {
        caller.require(AdministratorRole::Administrator)?;
        Ok(Self(caller))
    };
    ReadOf takes Access::RoleOrDelegate(AdministratorRole::Auditor), made by |caller, state| {
        within(&caller, AdministratorRole::Auditor, state).map(Self)
    };
    OperateOf takes Access::RoleOrDelegate(AdministratorRole::Operator), made by |caller, state| {
        let scope = within(&caller, AdministratorRole::Operator, state)?;
        Ok(Self(caller, scope))
    };
    AdministerOf takes Access::RoleOrDelegate(AdministratorRole::Administrator), made by |caller, state| {
        let scope = within(&caller, AdministratorRole::Administrator, state)?;
        Ok(Self(caller, scope))
    };
    Anybody takes Access::Anybody, made by |caller, _| Ok(Self(caller));
}
