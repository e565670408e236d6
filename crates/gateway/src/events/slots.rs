//! How many streams there are: a bound for each node, and for each account, so that none takes all.

use std::collections::HashMap;
use std::sync::Arc;

use flotilla_model::AccountName;
use parking_lot::Mutex;

#[derive(Clone, Default)]
pub(crate) struct Slots(Arc<Mutex<Counts>>);

#[derive(Default)]
struct Counts {
    all: usize,
    by_account: HashMap<AccountName, usize>,
}

/// One stream's place.
pub(crate) struct Slot {
    slots: Slots,
    account: AccountName,
}

impl Slots {
    /// `None` when `limit` streams are there, or the account has half of them.
    pub(crate) fn enter(&self, account: &AccountName, limit: usize) -> Option<Slot> {
        let mut counts = self.0.lock();
        let own = counts.by_account.get(account).copied().unwrap_or(0);
        if counts.all >= limit || own >= limit.div_ceil(2) {
            return None;
        }
        counts.all += 1;
        counts.by_account.insert(account.clone(), own + 1);
        drop(counts);
        Some(Slot { slots: self.clone(), account: account.clone() })
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut counts = self.slots.0.lock();
        counts.all -= 1;
        let own = counts.by_account.get(&self.account).copied().unwrap_or(0);
        if own > 1 {
            counts.by_account.insert(self.account.clone(), own - 1);
        } else {
            counts.by_account.remove(&self.account);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_has_half_of_the_places_at_most() {
        let slots = Slots::default();
        let [ann, bob, eve] = ["ann", "bob", "eve"].map(|name| AccountName::parse(name).unwrap());
        let first = slots.enter(&ann, 3).unwrap();
        let _second = slots.enter(&ann, 3).unwrap();
        assert!(slots.enter(&ann, 3).is_none());
        let _third = slots.enter(&bob, 3).unwrap();
        assert!(slots.enter(&eve, 3).is_none());
        drop(first);
        let again = slots.enter(&ann, 3).unwrap();
        drop(again);
        assert!(slots.enter(&eve, 3).is_some());
        assert_eq!(slots.0.lock().by_account.len(), 2);
    }
}
