//! Sessions open and end; failures lock a name for a while.

use crate::audit::{Origin, shortened, shortened_to};
use crate::command::Command;
use crate::login::{
    FactorProof, FailedLogins, LoginFailures, LoginSession, LoginSessionId, SESSIONS_MAX, USER_AGENT_MAX_BYTES,
};
use crate::names::AccountName;
use crate::outcome::{Outcome, Rejection};
use crate::state::{State, parameter_names};

use super::audit::deed;
use super::parties::check_version;

/// What stands in the audit log for what nobody's request has done.
const SYSTEM: &str = "system";

impl State {
    pub(super) fn open_login_session(&mut self, command: &Command) -> Result<Outcome, Rejection> {
        let Command::OpenLoginSession {
            id,
            administrator,
            administrator_version,
            expires_ms,
            remote,
            user_agent,
            proof,
            now_ms,
        } = command
        else {
            unreachable!("dispatched by variant");
        };
        let no_such = || Rejection::NoSuchAdministrator { name: administrator.clone() };
        let row = self.administrators.get(administrator).ok_or_else(no_such)?;
        // The password was compared with a row that is no more.
        check_version(Some(*administrator_version), row.version)?;
        if self.locked_until(administrator, (*now_ms).max(self.header.clock_ms)).is_some() {
            return Err(Rejection::LoginLocked { name: administrator.clone() });
        }
        let has_second_factor = self.check_proof(administrator, *proof)?;
        self.advance_clock(*now_ms);
        self.spend_proof(administrator, *proof);
        self.login_failures.remove(administrator);
        let own = self.login_sessions.iter().filter(|(_, session)| session.administrator == *administrator);
        let own: Vec<LoginSessionId> = own.map(|(id, _)| *id).collect();
        // Ids begin with the time at which they were drawn.
        for oldest in own.iter().take((own.len() + 1).saturating_sub(SESSIONS_MAX)) {
            self.login_sessions.remove(oldest);
        }
        let session = LoginSession {
            administrator: administrator.clone(),
            created_ms: *now_ms,
            expires_ms: *expires_ms,
            remote: shortened(remote.clone()),
            user_agent: shortened_to(user_agent.clone(), USER_AGENT_MAX_BYTES),
            has_second_factor,
        };
        self.login_sessions.insert(*id, session);
        Ok(Outcome::Done)
    }

    pub(super) fn end_login_session(&mut self, id: LoginSessionId) -> Result<Outcome, Rejection> {
        self.login_sessions.remove(&id).map(|_| Outcome::Done).ok_or(Rejection::NoSuchLoginSession { id })
    }

    pub(super) fn end_login_sessions(&mut self, administrator: &AccountName) {
        self.remove_login_sessions(|session| session.administrator == *administrator);
    }

    fn remove_login_sessions(&mut self, is_meant: impl Fn(&LoginSession) -> bool) {
        let gone: Vec<_> = self.login_sessions.iter().filter(|(_, row)| is_meant(row)).map(|(id, _)| *id).collect();
        for id in gone {
            self.login_sessions.remove(&id);
        }
    }

    /// Whether the proof, if one is needed, is of the second factor and was not used before.
    fn check_proof(&self, administrator: &AccountName, proof: Option<FactorProof>) -> Result<bool, Rejection> {
        let Some(factor) = self.second_factor(administrator) else { return Ok(false) };
        match proof {
            None => Err(Rejection::SecondFactorMissing { name: administrator.clone() }),
            Some(FactorProof::Code { step }) if step <= factor.last_step => Err(Rejection::CodeUsed),
            Some(FactorProof::RecoveryCode { hash }) if !factor.recovery_codes.contains(&hash) => {
                Err(Rejection::CodeUsed)
            }
            Some(_) => Ok(true),
        }
    }

    fn spend_proof(&mut self, administrator: &AccountName, proof: Option<FactorProof>) {
        self.second_factors.update(administrator, |factor| match proof {
            Some(FactorProof::Code { step }) => factor.last_step = factor.last_step.max(step),
            Some(FactorProof::RecoveryCode { hash }) => factor.recovery_codes.retain(|code| *code != hash),
            None => {}
        });
    }

    /// Failures of one node. Names that nobody has are not counted: there would be no end to them.
    pub(super) fn record_failed_logins(&mut self, failed: &[FailedLogins], now_ms: u64) -> Result<Outcome, Rejection> {
        self.advance_clock(now_ms);
        for failures in failed {
            if self.administrators.contains(&failures.name) {
                self.count_failed_logins(failures);
            }
        }
        Ok(Outcome::Done)
    }

    fn count_failed_logins(&mut self, failures: &FailedLogins) {
        let clock_ms = self.header.clock_ms;
        let limit = self.number(parameter_names::MAX_LOGIN_FAILURES, 10);
        let lock_ms = self.number(parameter_names::LOCKOUT_DURATION, 900).saturating_mul(1000);
        let old = self.login_failures.get(&failures.name).copied().filter(|row| !self.is_over(row));
        let mut row = old.unwrap_or(LoginFailures { count: 0, first_ms: clock_ms, locked_until_ms: None });
        row.count = row.count.saturating_add(failures.count);
        let locks = limit > 0 && row.locked_until_ms.is_none() && u64::from(row.count) >= limit;
        if locks {
            row.locked_until_ms = Some(clock_ms.saturating_add(lock_ms));
        }
        self.login_failures.insert(failures.name.clone(), row);
        if locks {
            let origin = Origin { who: SYSTEM.to_owned(), remote: failures.remote.clone() };
            let after = format!("{} failures, locked for {} s", row.count, lock_ms / 1000);
            if let Some(deed) = deed("administrator.lock", &failures.name) {
                self.write_audit(&origin, Some(&"none".to_owned()), deed, [None, Some(after)]);
            }
        }
    }

    /// Whether neither the lock nor the window of a row goes on.
    fn is_over(&self, row: &LoginFailures) -> bool {
        let window_ms = self.number(parameter_names::LOCKOUT_WINDOW, 600).saturating_mul(1000);
        let end_ms = row.locked_until_ms.unwrap_or_else(|| row.first_ms.saturating_add(window_ms));
        end_ms <= self.header.clock_ms
    }

    pub(super) fn unlock_administrator(&mut self, name: &AccountName) -> Result<Outcome, Rejection> {
        if !self.administrators.contains(name) {
            return Err(Rejection::NoSuchAdministrator { name: name.clone() });
        }
        self.login_failures.remove(name);
        Ok(Outcome::Done)
    }

    pub(super) fn forget_logins(&mut self) {
        let clock_ms = self.header.clock_ms;
        self.remove_login_sessions(|session| session.expires_ms <= clock_ms);
        let over: Vec<_> =
            self.login_failures.iter().filter(|(_, row)| self.is_over(row)).map(|(name, _)| name.clone()).collect();
        for name in over {
            self.login_failures.remove(&name);
        }
    }

    /// Until when nobody logs in under this name, if it is locked at `now_ms`.
    pub fn locked_until(&self, name: &AccountName, now_ms: u64) -> Option<u64> {
        self.login_failures.get(name).and_then(|row| row.locked_until_ms).filter(|end_ms| *end_ms > now_ms)
    }
}
