//! Who is asking, and whether they may. A handler that takes [`Read`], [`Operate`] or [`Administer`] cannot be reached without.

use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::http::{Method, StatusCode, header};
use actix_web::{FromRequest, HttpRequest, web};
use flotilla_credentials::parse_basic;
use flotilla_model::{AccountName, Administrator, AdministratorRole};

use super::Admin;
use crate::error::ApiError;

/// Someone who may administer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Caller {
    pub(crate) name: String,
    /// Address from which the request comes.
    pub(crate) remote: String,
    pub(crate) role: AdministratorRole,
    must_change_password: bool,
}

/// May look at everything: any administrator.
pub(crate) struct Read(pub(crate) Caller);
/// May steer work: administrators and operators.
pub(crate) struct Operate(pub(crate) Caller);
/// May change everything: administrators.
pub(crate) struct Administer(pub(crate) Caller);

/// The address at the other end of the request's connection.
pub(crate) fn remote_address(request: &HttpRequest) -> String {
    request.peer_addr().map_or_else(String::new, |address| address.ip().to_string())
}

impl Caller {
    /// A node that joins: its token speaks for it.
    pub(crate) fn joining(token: &str, remote: String) -> Self {
        let name = format!("join token {token}");
        Self { name, remote, role: AdministratorRole::Auditor, must_change_password: false }
    }

    /// For what depends on more than the role.
    pub(crate) fn require_administrator(&self) -> Result<(), ApiError> {
        self.require(&[AdministratorRole::Administrator])
    }

    fn require(&self, allowed: &[AdministratorRole]) -> Result<(), ApiError> {
        if allowed.contains(&self.role) {
            return Ok(());
        }
        let detail = format!("{} has the role {:?}, which does not allow this", self.name, self.role);
        Err(ApiError::new(StatusCode::FORBIDDEN, "forbidden", detail).mend("ask an administrator"))
    }
}

async fn identify(request: &HttpRequest) -> Result<Caller, ApiError> {
    refuse_other_sites(request)?;
    let admin =
        request.app_data::<web::Data<Admin>>().ok_or_else(|| ApiError::internal("the server has no context"))?;
    let Some(value) = request.headers().get(header::AUTHORIZATION) else {
        let error =
            ApiError::new(StatusCode::UNAUTHORIZED, "no-credentials", "the request has no Authorization header");
        return Err(error.mend("send the name and password of an administrator (HTTP Basic)"));
    };
    let value = value.to_str().map_err(|_| bad_credentials())?;
    let remote = remote_address(request);
    let caller = match value.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => {
            bearer(admin, token.trim(), remote).ok_or_else(bad_credentials)?
        }
        _ => basic(admin, value, remote).await?,
    };
    if caller.must_change_password && !changes_own_password(request, &caller.name) {
        let detail = format!("the password of {} was given out by the system", caller.name);
        return Err(ApiError::new(StatusCode::FORBIDDEN, "password-change-required", detail).mend(format!(
            "set a new one: PUT {}/administrators/{}",
            crate::api::BASE_PATH,
            caller.name
        )));
    }
    Ok(caller)
}

/// The token of this node's data folder.
fn bearer(admin: &Admin, token: &str, remote: String) -> Option<Caller> {
    admin.parts().local_token.matches(token).then(|| Caller {
        name: "local".to_owned(),
        remote,
        role: AdministratorRole::Administrator,
        must_change_password: false,
    })
}

async fn basic(admin: &Admin, header: &str, remote: String) -> Result<Caller, ApiError> {
    let credentials = parse_basic(header).ok_or_else(bad_credentials)?;
    let view = admin.view();
    let row = AccountName::parse(&credentials.name).ok().and_then(|name| view.state.administrators.get(&name));
    let stored = row.map(|row| row.password_hash.as_str());
    let verified = admin.parts().passwords.verify(&credentials.name, stored, &credentials.password).await?;
    match row {
        Some(row) if verified => {
            let Administrator { name, role, must_change_password, .. } = row;
            Ok(Caller { name: name.to_string(), remote, role: *role, must_change_password: *must_change_password })
        }
        _ => {
            tracing::warn!(name = %credentials.name.escape_debug(), "administrator log-in refused");
            Err(bad_credentials())
        }
    }
}

fn bad_credentials() -> ApiError {
    ApiError::new(StatusCode::UNAUTHORIZED, "bad-credentials", "the credentials are not accepted")
        .mend("check name and password; a local token is only good for its own node")
}

/// The one thing that a given-out password is good for.
fn changes_own_password(request: &HttpRequest, name: &str) -> bool {
    request.method() == Method::PUT && request.path() == format!("{}/administrators/{name}", crate::api::BASE_PATH)
}

/// A browser adds stored credentials to a request that another site's page makes; it also says that it does.
fn refuse_other_sites(request: &HttpRequest) -> Result<(), ApiError> {
    let site = request.headers().get("sec-fetch-site").map(|value| value.as_bytes());
    match site {
        None | Some(b"same-origin" | b"none") => Ok(()),
        Some(_) => {
            Err(ApiError::new(StatusCode::FORBIDDEN, "cross-site", "a page of another site has made this request"))
        }
    }
}

type Extracted<T> = Pin<Box<dyn Future<Output = Result<T, ApiError>>>>;

fn extract<T: 'static>(
    request: &HttpRequest,
    allowed: &'static [AdministratorRole],
    make: fn(Caller) -> T,
) -> Extracted<T> {
    let request = request.clone();
    Box::pin(async move {
        let caller = identify(&request).await?;
        caller.require(allowed)?;
        Ok(make(caller))
    })
}

impl FromRequest for Read {
    type Error = ApiError;
    type Future = Extracted<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        use AdministratorRole::{Administrator, Auditor, Operator};
        extract(request, &[Administrator, Operator, Auditor], Self)
    }
}

impl FromRequest for Operate {
    type Error = ApiError;
    type Future = Extracted<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        extract(request, &[AdministratorRole::Administrator, AdministratorRole::Operator], Self)
    }
}

impl FromRequest for Administer {
    type Error = ApiError;
    type Future = Extracted<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        extract(request, &[AdministratorRole::Administrator], Self)
    }
}
