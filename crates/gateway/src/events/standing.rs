//! Whether a stream may go on: its account is as it was when its password was checked, and this node serves partners.

use flotilla_model::{AccountName, State};
use tokio::sync::watch;

use crate::codes;
use crate::context::Context;
use crate::problem::Problem;
use crate::standby;

pub(crate) struct Standing {
    account: AccountName,
    version: u64,
    accounts: watch::Receiver<u64>,
    standby: watch::Receiver<bool>,
}

impl Standing {
    /// `state` is the one in which the password was right.
    pub(crate) fn new(context: &Context, state: &State, account: &AccountName) -> Self {
        let mut accounts = context.observed.accounts.clone();
        accounts.mark_changed();
        let version = state.accounts.get(account).map_or(0, |row| row.version);
        let mut standby = context.observed.standby.clone();
        standby.mark_changed();
        Self { account: account.clone(), version, accounts, standby }
    }

    /// Waits until it may not go on.
    pub(crate) async fn lost(&mut self, context: &Context) -> Problem {
        loop {
            let changed = tokio::select! {
                changed = self.accounts.changed() => changed,
                changed = self.standby.changed() => changed,
            };
            if changed.is_err() {
                // The gateway stops, and tells its streams so.
                return std::future::pending().await;
            }
            if let Err(problem) = standby::check(context).and_then(|()| self.check(&context.log.state())) {
                return problem;
            }
        }
    }

    fn check(&self, state: &State) -> Result<(), Problem> {
        match state.accounts.get(&self.account) {
            Some(row) if row.enabled && row.version == self.version => Ok(()),
            Some(row) if row.enabled => Err(Problem::new(&codes::ACCOUNT_CHANGED, "the account was changed meanwhile")),
            _ => Err(Problem::new(&codes::ACCOUNT_DISABLED, "the account was disabled or removed meanwhile")),
        }
    }
}
