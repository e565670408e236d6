//! Who is a delegate, and of which accounts.

use std::collections::BTreeSet;

use crate::command::Command;
use crate::delegation::{DELEGATED_ACCOUNTS_MAX, Delegation};
use crate::names::AccountName;
use crate::outcome::{Outcome, Rejection};
use crate::party::AdministratorRole;
use crate::state::State;

impl State {
    /// Makes or changes a delegate. Accounts that are not named are theirs no longer.
    pub(super) fn put_delegate(&mut self, command: &Command) -> Result<Outcome, Rejection> {
        let Command::PutDelegate { name, password_hash, must_change_password, accounts, now_ms } = command else {
            unreachable!("dispatched by variant");
        };
        if accounts.len() > DELEGATED_ACCOUNTS_MAX {
            return Err(Rejection::TooManyDelegatedAccounts { limit: DELEGATED_ACCOUNTS_MAX as u64 });
        }
        if let Some(unknown) = accounts.iter().find(|account| !self.accounts.contains(account)) {
            return Err(Rejection::NoSuchAccount { name: unknown.clone() });
        }
        let row = self.administrators.get(name);
        if row.is_some_and(|row| self.is_last_administrator(row)) {
            return Err(Rejection::LastAdministrator);
        }
        let outcome = self.put_administrator(
            name,
            password_hash.as_deref(),
            Some(AdministratorRole::Delegate),
            *must_change_password,
            *now_ms,
        )?;
        let accounts: BTreeSet<AccountName> = accounts.iter().cloned().collect();
        self.delegations.insert(name.clone(), Delegation { accounts });
        Ok(outcome)
    }

    /// Who has another role is a delegate no longer.
    pub(super) fn keep_delegation_of(&mut self, name: &AccountName, role: Option<AdministratorRole>) {
        if role != Some(AdministratorRole::Delegate) {
            self.delegations.remove(name);
        }
    }

    pub(super) fn take_from_delegates(&mut self, account: &AccountName) {
        let had = self.delegations.iter().filter(|(_, row)| row.accounts.contains(account));
        let had: Vec<_> = had.map(|(name, _)| name.clone()).collect();
        for name in had {
            self.delegations.update(&name, |row| {
                row.accounts.remove(account);
            });
        }
    }

    /// The accounts of a delegate.
    pub fn delegated_accounts(&self, name: &AccountName) -> BTreeSet<AccountName> {
        self.delegations.get(name).map(|row| row.accounts.clone()).unwrap_or_default()
    }
}
