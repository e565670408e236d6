//! Delegates: administrators who may see and steer what belongs to named accounts, and nothing else.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::names::AccountName;

/// Most accounts of one delegate: who looks after more looks after all.
pub(crate) const DELEGATED_ACCOUNTS_MAX: usize = 1000;

/// The accounts of a delegate.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Delegation {
    /// Each is there: one that is removed goes, so that another of its name is not theirs by accident.
    pub accounts: BTreeSet<AccountName>,
}
