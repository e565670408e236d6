//! A client certificate, instead of a header.

use actix_web::HttpRequest;
use actix_web::http::header::{HOST, ORIGIN};
use flotilla_model::{AccountName, Sha256, State};

use super::{Caller, Credential, remote_address};
use crate::error::ApiError;
use crate::problems::Code;
use crate::server::shown_certificate::ShownCertificate;
use crate::server::{Admin, now_ms};

/// `None`: none was shown. The console is for sessions, which end by themselves and have tokens against other sites.
pub(super) fn by_certificate(admin: &Admin, request: &HttpRequest) -> Option<Result<Caller, ApiError>> {
    let ShownCertificate(fingerprint) = request.conn_data::<ShownCertificate>()?;
    if request.path().starts_with("/console") {
        return None;
    }
    let state = admin.view().state;
    let row = state.administrator_certificates.get(fingerprint);
    let owner = row.and_then(|row| Some((row, state.administrators.get(&row.owner)?)));
    let Some((row, owner)) = owner else {
        return Some(Err(refused("the certificate that was shown is registered for no administrator")));
    };
    if !owner.is_enabled() {
        return Some(Err(refused("the administrator of the certificate that was shown is disabled")));
    }
    if !row.is_valid_at(now_ms()) {
        return Some(Err(refused("the certificate that was shown is not valid at this time")));
    }
    Some(require_own_site(request).map(|()| Caller {
        name: owner.name.to_string(),
        remote: remote_address(request),
        role: owner.role,
        credential: Credential::Certificate(*fingerprint),
        must_change_password: false,
        row_version: None,
    }))
}

fn refused(detail: &str) -> ApiError {
    ApiError::new(Code::BadCredentials, detail).mend(
        "have an administrator register it: flotilla admin certificate add NAME; or show none and log in otherwise",
    )
}

/// A browser shows the certificate with whatever request, like a cookie, but says whose page has made one that may change something. One
/// that does not say how a request came about (Fetch Metadata) names at least its origin; programs name none.
fn require_own_site(request: &HttpRequest) -> Result<(), ApiError> {
    if request.method().is_safe() {
        return Ok(());
    }
    let Some(origin) = request.headers().get(ORIGIN) else { return Ok(()) };
    let host = request.headers().get(HOST).and_then(|host| host.to_str().ok());
    let host = host.or_else(|| request.uri().authority().map(|authority| authority.as_str()));
    let own = host.map(|host| format!("https://{host}"));
    if own.is_some_and(|own| origin.as_bytes().eq_ignore_ascii_case(own.as_bytes())) {
        return Ok(());
    }
    Err(ApiError::new(Code::CrossSite, "a page of another site has made this request"))
}

/// As rows of the audit log and errors call it: the first half of the fingerprint tells all certificates apart.
pub(super) fn short(fingerprint: &Sha256) -> String {
    fingerprint.to_string()[..32].to_owned()
}

/// Of whom a certificate is, if it is still theirs.
pub(super) fn is_of(state: &State, fingerprint: &Sha256, owner: &AccountName) -> bool {
    let row = state.administrator_certificates.get(fingerprint);
    row.is_some_and(|row| row.owner == *owner && row.is_valid_at(now_ms()))
}
