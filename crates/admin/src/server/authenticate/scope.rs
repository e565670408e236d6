//! Of which accounts somebody may see and steer what belongs to them.

use std::collections::BTreeSet;

use flotilla_model::{AccountName, AdministratorRole, State};

use super::Caller;
use crate::error::ApiError;
use crate::problems::Code;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Scope {
    /// Of all: whoever has another role than a delegate's.
    All,
    /// A delegate's.
    Accounts(BTreeSet<AccountName>),
}

impl Scope {
    /// As the state has it now: accounts that are taken away are so at once.
    pub(super) fn of(caller: &Caller, state: &State) -> Self {
        if caller.role != AdministratorRole::Delegate {
            return Self::All;
        }
        let accounts = AccountName::parse(&caller.name).map(|name| state.delegated_accounts(&name));
        Self::Accounts(accounts.unwrap_or_default())
    }

    pub(crate) fn covers(&self, account: &AccountName) -> bool {
        match self {
            Self::All => true,
            Self::Accounts(accounts) => accounts.contains(account),
        }
    }

    /// For what is asked for by the name of an account: also whether it is there is nobody else's business.
    pub(crate) fn require(&self, account: &AccountName) -> Result<(), ApiError> {
        if self.covers(account) {
            return Ok(());
        }
        let detail = format!("the account {account} is not among those that you look after");
        Err(ApiError::new(Code::Forbidden, detail).mend("ask an administrator"))
    }

    /// Whether it has bounds.
    pub(crate) fn is_of_delegate(&self) -> bool {
        matches!(self, Self::Accounts(_))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_covers_what_it_names() {
        let name = |text: &str| AccountName::parse(text).unwrap();
        let of_alice = Scope::Accounts([name("alice")].into());
        assert!(Scope::All.covers(&name("bob")) && Scope::All.require(&name("bob")).is_ok());
        assert!(of_alice.covers(&name("alice")) && !of_alice.covers(&name("bob")));
        assert_eq!(of_alice.require(&name("bob")).unwrap_err().code, Code::Forbidden);
    }
}
