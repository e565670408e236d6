//! Name and password, in whatever form they come.

use std::time::Instant;

use flotilla_credentials::parse_basic;
use flotilla_model::{AccountName, Administrator};

use super::{Caller, bad_credentials};
use crate::error::ApiError;
use crate::problems::Code;
use crate::server::{Admin, now_ms};

/// The administrator of this name and password, if the log-in is open to them.
///
/// Whoever is refused learns nothing: that a name is locked, or that nobody has it, is answered like a wrong password and takes
/// as long.
pub(crate) async fn check_password(
    admin: &Admin,
    name: &str,
    password: &str,
    remote: &str,
) -> Result<Administrator, ApiError> {
    let guard = admin.login_guard();
    guard.admit(name, remote, Instant::now())?;
    let state = admin.view().state;
    let row = AccountName::parse(name).ok().and_then(|name| state.administrators.get(&name));
    let open = row.filter(|row| row.is_enabled() && state.locked_until(&row.name, now_ms()).is_none());
    let stored = open.map(|row| row.password_hash.as_str());
    let verified = admin.parts().passwords.verify(name, stored, password).await?;
    match open {
        Some(row) if verified => Ok(row.clone()),
        _ => {
            guard.refused(name, open.map(|row| &row.name), remote, Instant::now());
            Err(bad_credentials())
        }
    }
}

pub(super) async fn basic(admin: &Admin, header: &str, remote: String) -> Result<Caller, ApiError> {
    let credentials = parse_basic(header).ok_or_else(bad_credentials)?;
    let row = check_password(admin, &credentials.name, &credentials.password, &remote).await?;
    if admin.view().state.second_factor(&row.name).is_some() {
        let detail = format!("{} has a second factor, and HTTP Basic has no place for its code", row.name);
        let error = ApiError::new(Code::SecondFactorRequired, detail);
        return Err(error.mend("open a session with POST sessions, or use an API token"));
    }
    Ok(Caller::with_password(&row, None, remote))
}
