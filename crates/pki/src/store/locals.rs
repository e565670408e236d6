//! Local certificates by alias.

use super::{Store, StoreError};
use crate::alias::Alias;
use crate::local::LocalCertificate;

/// Whether a certificate may take the place of another one of its alias.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replace {
    /// Refused: the operator may not know of the other one.
    No,
    /// Asked for.
    Yes,
}

impl Store {
    /// Writes a local certificate under its alias, whatever was there. For certificates that come from people see
    /// [`Store::add_local`].
    pub fn save_local(&self, local: &LocalCertificate) -> Result<(), StoreError> {
        self.write_pair(&format!("local/{}", local.alias), &local.chain_pem(), &local.key)
    }

    /// Judges a certificate and writes it under its alias. `now_ms` are milliseconds since the Unix epoch.
    pub fn add_local(&self, local: &LocalCertificate, replace: Replace, now_ms: u64) -> Result<(), StoreError> {
        let _turn = self.turn();
        local.check(now_ms)?;
        if replace == Replace::No && self.list_local()?.contains(&local.alias) {
            return Err(StoreError::AliasTaken { alias: local.alias.clone() });
        }
        self.save_local(local)
    }

    /// Reads a local certificate; `None` when there is none of this alias. Whether key and certificate are a pair is
    /// judged when credentials are made of them.
    pub fn load_local(&self, alias: &Alias) -> Result<Option<LocalCertificate>, StoreError> {
        let pair = self.read_pair(&format!("local/{alias}"))?;
        Ok(pair.map(|(chain, key)| LocalCertificate { alias: alias.clone(), chain, key }))
    }

    /// Reads a local certificate that has to be there.
    pub fn require_local(&self, alias: &Alias) -> Result<LocalCertificate, StoreError> {
        self.load_local(alias)?.ok_or_else(|| StoreError::UnknownAlias { alias: alias.clone() })
    }

    /// Removes certificate and key.
    pub fn delete_local(&self, alias: &Alias) -> Result<(), StoreError> {
        if !self.list_local()?.contains(alias) {
            return Err(StoreError::UnknownAlias { alias: alias.clone() });
        }
        self.remove_pair(&format!("local/{alias}"))
    }

    /// The aliases of all local certificates, sorted.
    pub fn list_local(&self) -> Result<Vec<Alias>, StoreError> {
        let mut aliases: Vec<Alias> = self.stems("local")?.iter().filter_map(|stem| stem.parse().ok()).collect();
        aliases.sort();
        Ok(aliases)
    }
}
