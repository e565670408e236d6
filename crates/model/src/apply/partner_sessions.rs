//! Partners log in with a browser, and out.

use crate::audit::{shortened, shortened_to};
use crate::command::Command;
use crate::login::{LoginSessionId, SESSIONS_MAX, USER_AGENT_MAX_BYTES};
use crate::names::AccountName;
use crate::outcome::{Outcome, Rejection};
use crate::partner_session::PartnerSession;
use crate::state::State;

use super::parties::check_version;

impl State {
    pub(super) fn open_partner_session(&mut self, command: &Command) -> Result<Outcome, Rejection> {
        let Command::OpenPartnerSession { id, account, account_version, expires_ms, remote, user_agent, now_ms } =
            command
        else {
            unreachable!("dispatched by variant");
        };
        let row = self.accounts.get(account).ok_or_else(|| Rejection::NoSuchAccount { name: account.clone() })?;
        if !row.enabled {
            return Err(Rejection::AccountDisabled { name: account.clone() });
        }
        // The password was compared with a row that is no more.
        check_version(Some(*account_version), row.version)?;
        self.advance_clock(*now_ms);
        // Ids begin with the time at which they were drawn.
        let own = self.partner_sessions.iter().filter(|(_, session)| session.account == *account);
        let own: Vec<LoginSessionId> = own.map(|(id, _)| *id).collect();
        for oldest in own.iter().take((own.len() + 1).saturating_sub(SESSIONS_MAX)) {
            self.partner_sessions.remove(oldest);
        }
        let session = PartnerSession {
            account: account.clone(),
            created_ms: *now_ms,
            expires_ms: *expires_ms,
            remote: shortened(remote.clone()),
            user_agent: shortened_to(user_agent.clone(), USER_AGENT_MAX_BYTES),
        };
        self.partner_sessions.insert(*id, session);
        Ok(Outcome::Done)
    }

    pub(super) fn end_partner_session(&mut self, id: LoginSessionId) -> Result<Outcome, Rejection> {
        self.partner_sessions.remove(&id).map(|_| Outcome::Done).ok_or(Rejection::NoSuchLoginSession { id })
    }

    pub(super) fn end_partner_sessions(&mut self, account: &AccountName) {
        self.remove_partner_sessions(|session| session.account == *account);
    }

    pub(super) fn forget_partner_sessions(&mut self) {
        let clock_ms = self.header.clock_ms;
        self.remove_partner_sessions(|session| session.expires_ms <= clock_ms);
    }

    fn remove_partner_sessions(&mut self, is_meant: impl Fn(&PartnerSession) -> bool) {
        let gone: Vec<_> = self.partner_sessions.iter().filter(|(_, row)| is_meant(row)).map(|(id, _)| *id).collect();
        for id in gone {
            self.partner_sessions.remove(&id);
        }
    }
}
