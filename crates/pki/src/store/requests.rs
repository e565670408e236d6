//! Certificate requests that wait for their reply: `requests/<alias>.csr` and the key beside it, which stays here.

use super::{Store, StoreError, remove_if_present};
use crate::alias::Alias;
use crate::certificate::{CertificateInfo, parse_certificates};
use crate::credentials::key_matches;
use crate::local::LocalCertificate;
use crate::request::CertificateRequest;
use crate::usable::UnusableCertificate;

impl Store {
    /// Keeps a request until its reply comes. One for an alias that has a certificate renews it.
    pub fn add_request(&self, alias: &Alias, request: &CertificateRequest) -> Result<(), StoreError> {
        let _turn = self.turn();
        if self.load_request(alias)?.is_some() {
            return Err(StoreError::RequestPending { alias: alias.clone() });
        }
        // The key first: a request without a key would be sent, paid for and useless.
        self.write_key(&format!("requests/{alias}.key"), &request.key)?;
        self.write_public(&format!("requests/{alias}.csr"), &request.request_pem)
    }

    /// A request that waits.
    pub fn load_request(&self, alias: &Alias) -> Result<Option<CertificateRequest>, StoreError> {
        let _turn = self.turn();
        let Some(request_pem) = self.read_text(&format!("requests/{alias}.csr"))? else { return Ok(None) };
        let key = self.read_key(&format!("requests/{alias}.key"))?;
        let key = key.ok_or_else(|| StoreError::NoRequest { alias: alias.clone() })?;
        Ok(Some(CertificateRequest { key, request_pem: request_pem.as_str().to_owned() }))
    }

    /// The aliases of all requests that wait, sorted.
    pub fn list_requests(&self) -> Result<Vec<Alias>, StoreError> {
        let stems = self.stems_with("requests", ".csr")?;
        let mut aliases: Vec<Alias> = stems.iter().filter_map(|stem| stem.parse().ok()).collect();
        aliases.sort();
        Ok(aliases)
    }

    /// Gives a request up, with its key.
    pub fn delete_request(&self, alias: &Alias) -> Result<(), StoreError> {
        let _turn = self.turn();
        if !self.list_requests()?.contains(alias) {
            return Err(StoreError::NoRequest { alias: alias.clone() });
        }
        self.remove_request(alias)
    }

    /// Reads the CA's reply to a request (PEM with the chain in any order, or one certificate in DER): the certificate that it
    /// makes, which is not stored yet.
    pub fn read_reply(&self, alias: &Alias, reply: &[u8]) -> Result<LocalCertificate, StoreError> {
        let request = self.load_request(alias)?.ok_or_else(|| StoreError::NoRequest { alias: alias.clone() })?;
        let certificates = parse_certificates(reply).map_err(StoreError::Import)?;
        let own = certificates.iter().find(|certificate| key_matches(vec![(*certificate).clone()], &request.key));
        let Some(own) = own else {
            let subject = certificates.first().and_then(|first| CertificateInfo::read(first).ok());
            let subject = subject.map(|info| info.subject).unwrap_or_default();
            return Err(UnusableCertificate::KeyMismatch { subject }.into());
        };
        let chain = crate::bundle::chain_of(own.clone(), &certificates).map_err(StoreError::Import)?;
        Ok(LocalCertificate { alias: alias.clone(), chain, key: request.key })
    }

    /// Takes the CA's reply and makes it the local certificate of the request's alias. The request is done with then.
    pub fn import_reply(&self, alias: &Alias, reply: &[u8], now_ms: u64) -> Result<LocalCertificate, StoreError> {
        let _turn = self.turn();
        let local = self.read_reply(alias, reply)?;
        self.add_local(&local, super::Replace::Yes, now_ms)?;
        self.remove_request(alias)?;
        Ok(local)
    }

    fn remove_request(&self, alias: &Alias) -> Result<(), StoreError> {
        for ending in ["csr", "key"] {
            remove_if_present(&self.folder.join(format!("requests/{alias}.{ending}")))?;
        }
        Ok(())
    }
}
