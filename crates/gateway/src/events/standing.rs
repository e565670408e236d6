//! Whether a stream's account is still as it was when its password was checked.

use flotilla_model::{AccountName, State};
use tokio::sync::watch;

use crate::codes;
use crate::context::Context;
use crate::problem::Problem;

pub(crate) struct Standing {
    account: AccountName,
    version: u64,
    accounts: watch::Receiver<u64>,
}

impl Standing {
    /// `state` is the one in which the password was right.
    pub(crate) fn new(context: &Context, state: &State, account: &AccountName) -> Self {
        let mut accounts = context.observed.accounts.clone();
        accounts.mark_changed();
        let version = state.accounts.get(account).map_or(0, |row| row.version);
        Self { account: account.clone(), version, accounts }
    }

    /// Waits until the account is not as it was.
    pub(crate) async fn lost(&mut self, context: &Context) -> Problem {
        while self.accounts.changed().await.is_ok() {
            if let Err(problem) = self.check(&context.log.state()) {
                return problem;
            }
        }
        // The gateway stops, and tells its streams so.
        std::future::pending().await
    }

    fn check(&self, state: &State) -> Result<(), Problem> {
        match state.accounts.get(&self.account) {
            Some(row) if row.enabled && row.version == self.version => Ok(()),
            Some(row) if row.enabled => Err(Problem::new(&codes::ACCOUNT_CHANGED, "the account was changed meanwhile")),
            _ => Err(Problem::new(&codes::ACCOUNT_DISABLED, "the account was disabled or removed meanwhile")),
        }
    }
}
