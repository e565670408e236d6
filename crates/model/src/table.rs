//! A table of the state: persistent (a clone is a consistent view and costs nothing) and with a running digest.
//!
//! The digest of a table is the wrapping sum of its rows' hashes, so it does not depend on the order of changes
//! and each change costs the hash of one row. It is meant to catch two nodes that drift apart, not an attacker.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use rustc_hash::FxHasher;

/// Rows by key, ordered. A change to a row goes through [`Table::insert`], [`Table::remove`] or [`Table::update`].
#[derive(Clone)]
pub struct Table<K, V> {
    rows: imbl::OrdMap<K, Arc<V>>,
    digest: u64,
}

impl<K: Ord + Clone, V> Default for Table<K, V> {
    fn default() -> Self {
        Self { rows: imbl::OrdMap::new(), digest: 0 }
    }
}

/// The hash of a row as it goes into a digest.
pub(crate) fn row_digest<K: Hash, V: Hash>(key: &K, row: &V) -> u64 {
    let mut hasher = FxHasher::default();
    key.hash(&mut hasher);
    row.hash(&mut hasher);
    // FxHasher is weak in its low bits and rows are added up: spread them (the finaliser of splitmix64).
    let mut hash = hasher.finish();
    hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    hash ^ (hash >> 31)
}

impl<K: Ord + Clone + Hash, V: Clone + Hash> Table<K, V> {
    /// Puts a row, replacing the one of the same key.
    pub(crate) fn insert(&mut self, key: K, row: V) {
        self.digest = self.digest.wrapping_add(row_digest(&key, &row));
        if let Some(old) = self.rows.insert(key.clone(), Arc::new(row)) {
            self.digest = self.digest.wrapping_sub(row_digest(&key, &*old));
        }
    }

    /// Takes a row out.
    pub(crate) fn remove(&mut self, key: &K) -> Option<Arc<V>> {
        let old = self.rows.remove(key)?;
        self.digest = self.digest.wrapping_sub(row_digest(key, &*old));
        Some(old)
    }

    /// Changes a row in place; `None` if there is none.
    pub(crate) fn update<R>(&mut self, key: &K, change: impl FnOnce(&mut V) -> R) -> Option<R> {
        let row = self.rows.get_mut(key)?;
        self.digest = self.digest.wrapping_sub(row_digest(key, &**row));
        let answer = change(Arc::make_mut(row));
        self.digest = self.digest.wrapping_add(row_digest(key, &**row));
        Some(answer)
    }

    /// Lets rows share what is equal in them; what they are must not change by it.
    pub(crate) fn share(&mut self, mut change: impl FnMut(&mut V)) {
        let rows = std::mem::take(&mut self.rows);
        self.rows = rows
            .into_iter()
            .map(|(key, mut row)| {
                change(Arc::make_mut(&mut row));
                (key, row)
            })
            .collect();
    }

    /// Sum of the rows' hashes computed anew: what [`Table::digest`] must be.
    pub(crate) fn recomputed_digest(&self) -> u64 {
        self.rows.iter().fold(0, |sum, (key, row)| sum.wrapping_add(row_digest(key, &**row)))
    }
}

impl<K: Ord + Clone, V> Table<K, V> {
    pub fn get(&self, key: &K) -> Option<&V> {
        self.rows.get(key).map(|row| &**row)
    }

    /// The row itself, shared.
    pub fn shared(&self, key: &K) -> Option<&Arc<V>> {
        self.rows.get(key)
    }

    pub fn contains(&self, key: &K) -> bool {
        self.rows.contains_key(key)
    }

    pub fn len(&self) -> usize {
        self.rows.len()
    }

    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    pub fn digest(&self) -> u64 {
        self.digest
    }

    /// All rows in the order of their keys.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&K, &V)> {
        self.rows.iter().map(|(key, row)| (key, &**row))
    }

    pub fn values(&self) -> impl DoubleEndedIterator<Item = &V> {
        self.rows.values().map(|row| &**row)
    }

    /// The rows of a range of keys.
    pub fn range<R: std::ops::RangeBounds<K>>(&self, range: R) -> impl DoubleEndedIterator<Item = (&K, &V)> {
        self.rows.range(range).map(|(key, row)| (key, &**row))
    }

    pub fn first(&self) -> Option<(&K, &V)> {
        self.rows.get_min().map(|(key, row)| (key, &**row))
    }

    pub fn last(&self) -> Option<(&K, &V)> {
        self.rows.get_max().map(|(key, row)| (key, &**row))
    }
}
