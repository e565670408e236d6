//! Accounts and administrators.

use crate::command::Command;
use crate::names::AccountName;
use crate::outcome::{Outcome, Rejection};
use crate::party::{Account, Administrator, AdministratorRole};
use crate::state::State;

pub(super) fn check_version(expected: Option<u64>, actual: u64) -> Result<(), Rejection> {
    match expected {
        Some(expected) if expected != actual => Err(Rejection::VersionConflict { expected, actual }),
        _ => Ok(()),
    }
}

impl State {
    pub(super) fn put_account(&mut self, command: &Command) -> Result<Outcome, Rejection> {
        let Command::PutAccount { name, password_hash, enabled, quota_bytes, quota_files, expected_version, now_ms } =
            command
        else {
            unreachable!("dispatched by variant");
        };
        let old = self.accounts.get(name).cloned();
        check_version(*expected_version, old.as_ref().map_or(0, |account| account.version))?;
        let mut account = match (old, password_hash) {
            (Some(old), _) => old,
            (None, None) => return Err(Rejection::PasswordMissing),
            (None, Some(_)) => Account {
                name: name.clone(),
                password_hash: String::new(),
                enabled: true,
                quota_bytes: None,
                quota_files: None,
                created_ms: *now_ms,
                version: 0,
            },
        };
        self.advance_clock(*now_ms);
        let former_hash = account.password_hash.clone();
        if let Some(hash) = password_hash {
            account.password_hash.clone_from(hash);
        }
        account.enabled = enabled.unwrap_or(account.enabled);
        if account.password_hash != former_hash || !account.enabled {
            self.end_partner_sessions(name);
        }
        account.quota_bytes = quota_bytes.unwrap_or(account.quota_bytes);
        account.quota_files = quota_files.unwrap_or(account.quota_files);
        account.version = self.next_version();
        let version = account.version;
        self.accounts.insert(name.clone(), account);
        Ok(Outcome::Version(version))
    }

    pub(super) fn remove_account(&mut self, name: &AccountName) -> Result<Outcome, Rejection> {
        if !self.accounts.contains(name) {
            return Err(Rejection::NoSuchAccount { name: name.clone() });
        }
        if self.usage(name).files > 0 {
            return Err(Rejection::AccountNotEmpty { name: name.clone() });
        }
        self.accounts.remove(name);
        self.drop_uploads_of(name);
        self.end_partner_sessions(name);
        self.take_from_delegates(name);
        self.routes.remove(name);
        self.remove_kind_routes(name);
        self.drop_lane_of(name);
        Ok(Outcome::Done)
    }

    pub(super) fn put_administrator(
        &mut self,
        name: &AccountName,
        password_hash: Option<&str>,
        role: Option<AdministratorRole>,
        must_change_password: bool,
        now_ms: u64,
    ) -> Result<Outcome, Rejection> {
        let old = self.administrators.get(name).cloned();
        let hash = password_hash.map(str::to_owned).or_else(|| old.as_ref().map(|row| row.password_hash.clone()));
        let password_hash = hash.ok_or(Rejection::PasswordMissing)?;
        let gives_up = role.is_some_and(|role| role != AdministratorRole::Administrator);
        if gives_up && old.as_ref().is_some_and(|old| self.is_last_administrator(old)) {
            return Err(Rejection::LastAdministrator);
        }
        self.advance_clock(now_ms);
        let version = self.next_version();
        let mut row = Administrator {
            name: name.clone(),
            password_hash,
            role: role.or(old.as_ref().map(|row| row.role)).unwrap_or(AdministratorRole::Auditor),
            must_change_password,
            created_ms: old.as_ref().map_or(now_ms, |row| row.created_ms),
            version,
        };
        if old.as_ref().is_some_and(|old| !old.is_enabled()) {
            // A new password does not let in who was shut out.
            row.set_enabled(false);
        }
        self.end_api_tokens(name, Some(row.role));
        self.keep_delegation_of(name, Some(row.role));
        let is_same = |old: &Administrator| (&old.password_hash, old.role) == (&row.password_hash, row.role);
        if !old.as_ref().is_some_and(is_same) {
            self.end_login_sessions(name);
        }
        self.administrators.insert(name.clone(), row);
        Ok(Outcome::Version(version))
    }

    pub(super) fn set_administrator_enabled(
        &mut self,
        name: &AccountName,
        is_enabled: bool,
        now_ms: u64,
    ) -> Result<Outcome, Rejection> {
        let row = self.administrators.get(name).ok_or_else(|| Rejection::NoSuchAdministrator { name: name.clone() })?;
        if !is_enabled && self.is_last_administrator(row) {
            return Err(Rejection::LastAdministrator);
        }
        let mut row = row.clone();
        self.advance_clock(now_ms);
        row.set_enabled(is_enabled);
        row.version = self.next_version();
        let version = row.version;
        self.administrators.insert(name.clone(), row);
        if !is_enabled {
            self.end_api_tokens(name, None);
            self.end_login_sessions(name);
        }
        Ok(Outcome::Version(version))
    }

    /// Whether nobody else could administer.
    pub(super) fn is_last_administrator(&self, row: &Administrator) -> bool {
        let may = |row: &Administrator| row.role == AdministratorRole::Administrator && row.is_enabled();
        may(row) && self.administrators.values().filter(|row| may(row)).count() == 1
    }

    pub(super) fn remove_administrator(&mut self, name: &AccountName) -> Result<Outcome, Rejection> {
        let row = self.administrators.get(name).ok_or_else(|| Rejection::NoSuchAdministrator { name: name.clone() })?;
        if self.is_last_administrator(row) {
            return Err(Rejection::LastAdministrator);
        }
        self.administrators.remove(name);
        self.end_api_tokens(name, None);
        self.keep_delegation_of(name, None);
        self.forget_certificates_of_administrator(name);
        self.end_login_sessions(name);
        self.login_failures.remove(name);
        self.second_factors.remove(name);
        Ok(Outcome::Done)
    }
}
