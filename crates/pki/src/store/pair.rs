//! A certificate and its key, replaced together.
//!
//! Two files cannot be renamed at once, and a node that dies between two writes must not come back with the key of one
//! certificate beside another: it could not even start. So the new key waits beside the old one until the certificate is
//! written: `x.key.next`, then `x.pem`, then `x.key.next` becomes `x.key`. A reader takes the key that fits.

use std::fs;
use std::io;

use rustls_pki_types::CertificateDer;

use super::{Store, StoreError, remove_if_present};
use crate::credentials::key_matches;
use crate::key_file::PrivateKey;

/// Certificates and the key of the first.
pub(super) type Pair = (Vec<CertificateDer<'static>>, PrivateKey);

impl Store {
    /// Writes `<stem>.pem` and `<stem>.key`.
    pub(super) fn write_pair(&self, stem: &str, chain_pem: &str, key: &PrivateKey) -> Result<(), StoreError> {
        let _turn = self.turn();
        let name = format!("{stem}.key");
        self.write_key_as(&name, &format!("{name}.next"), key)?;
        self.write_public(&format!("{stem}.pem"), chain_pem)?;
        let path = self.folder.join(&name);
        fs::rename(self.folder.join(format!("{name}.next")), &path)
            .and_then(|()| fs::File::open(path.parent().unwrap_or(&self.folder))?.sync_all())
            .map_err(|source| StoreError::Write { path, source })
    }

    /// Reads them; `None` when there is no certificate. Whether they are a pair is for the caller to judge, except that a key
    /// which waits in `<stem>.key.next` is taken if it is the one that fits.
    pub(super) fn read_pair(&self, stem: &str) -> Result<Option<Pair>, StoreError> {
        let _turn = self.turn();
        let Some(chain) = self.read_chain(&format!("{stem}.pem"))? else { return Ok(None) };
        let name = format!("{stem}.key");
        let key = self.read_key(&name)?;
        let fits = |key: &PrivateKey| {
            let first = chain.first().cloned().into_iter().collect();
            key_matches(first, key)
        };
        if !key.as_ref().is_some_and(fits)
            && let Some(waiting) = self.read_key_as(&name, &format!("{name}.next"))?.filter(fits)
        {
            return Ok(Some((chain, waiting)));
        }
        let missing = || StoreError::Read { path: self.folder.join(&name), source: io::ErrorKind::NotFound.into() };
        Ok(Some((chain, key.ok_or_else(missing)?)))
    }

    /// Removes both, the key first: a certificate without key says what is missing, a key without certificate says nothing.
    pub(super) fn remove_pair(&self, stem: &str) -> Result<(), StoreError> {
        let _turn = self.turn();
        for ending in ["key.next", "key", "pem"] {
            remove_if_present(&self.folder.join(format!("{stem}.{ending}")))?;
        }
        Ok(())
    }
}
