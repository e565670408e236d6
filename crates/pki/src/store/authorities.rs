//! The CAs of a node: its own, its own former ones (`trust/ca-old-<serial>.pem`), and those of others.
//!
//! A renewed CA has a new key, and the old one is wiped: verifying the certificates that it signed needs the certificate of the
//! CA only, which stays trusted until someone removes it.

use std::path::PathBuf;

use rustls_pki_types::CertificateDer;

use super::{Store, StoreError, remove_if_present};
use crate::authority::{Authority, AuthorityParameters};
use crate::certificate::{CertificateError, CertificateInfo, to_pem};
use crate::fingerprint::Fingerprint;
use crate::revocation::SerialNumber;
use crate::trust::TrustStore;

/// The name of the node's own CA.
const OWN: &str = "ca";
const FORMER_PREFIX: &str = "ca-old-";

/// A CA that the store trusts.
#[derive(Clone, Debug)]
pub struct StoredAuthority {
    /// `ca`, `ca-old-<serial>`, or the name of its file below `trust/`.
    pub name: String,
    /// Its certificate.
    pub certificate: CertificateDer<'static>,
    /// The facts of it.
    pub info: CertificateInfo,
    /// It is this node's own, whose key is here.
    pub is_own: bool,
}

impl StoredAuthority {
    /// The name of a former CA with this serial number.
    pub fn former_name(serial: &SerialNumber) -> String {
        format!("{FORMER_PREFIX}{serial}")
    }

    /// Whether it was this node's own before a renewal.
    pub fn is_former(&self) -> bool {
        self.name.starts_with(FORMER_PREFIX)
    }

    /// Its certificate as PEM.
    pub fn to_pem(&self) -> String {
        to_pem(&self.certificate)
    }
}

impl Store {
    /// Writes the internal CA. What was there before is lost; [`Store::renew_authority`] keeps its certificate.
    pub fn save_authority(&self, authority: &Authority) -> Result<(), StoreError> {
        self.write_pair(OWN, &authority.certificate_pem(), authority.key())
    }

    /// Reads the internal CA; `None` when the node has none.
    pub fn load_authority(&self) -> Result<Option<Authority>, StoreError> {
        let path = self.folder.join("ca.pem");
        let Some((chain, key)) = self.read_pair(OWN)? else { return Ok(None) };
        let certificate = chain.into_iter().next();
        let certificate = certificate
            .ok_or_else(|| StoreError::Certificate { path: path.clone(), source: CertificateError::NoCertificate })?;
        Authority::from_parts(certificate, key).map(Some).map_err(|source| StoreError::Authority { path, source })
    }

    /// Makes the first internal CA of a node.
    pub fn create_authority(&self, parameters: &AuthorityParameters) -> Result<Authority, StoreError> {
        let refused = |present: Authority| StoreError::AuthorityPresent { fingerprint: present.fingerprint() };
        if let Some(present) = self.load_authority()? {
            return Err(refused(present));
        }
        let authority = self.make_authority(parameters)?;
        let _turn = self.turn();
        if let Some(present) = self.load_authority()? {
            return Err(refused(present));
        }
        self.save_authority(&authority)?;
        Ok(authority)
    }

    /// Replaces the internal CA by a new one with a new key; the old one stays trusted as `ca-old-<serial>`.
    pub fn renew_authority(&self, parameters: &AuthorityParameters) -> Result<Authority, StoreError> {
        // An RSA key takes seconds: made before others have to wait.
        let renewed = self.make_authority(parameters)?;
        let _turn = self.turn();
        let old = self.load_authority()?.ok_or(StoreError::NoAuthority)?;
        let path = self.folder.join("ca.pem");
        let info =
            CertificateInfo::read(old.certificate()).map_err(|source| StoreError::Certificate { path, source })?;
        // First the trust in the old one: a crash must not leave certificates that nobody vouches for.
        let name = StoredAuthority::former_name(&info.serial);
        self.write_public(&format!("trust/{name}.pem"), &old.certificate_pem())?;
        self.save_authority(&renewed)?;
        Ok(renewed)
    }

    fn make_authority(&self, parameters: &AuthorityParameters) -> Result<Authority, StoreError> {
        Authority::generate(parameters)
            .map_err(|source| StoreError::Authority { path: self.folder.join("ca.pem"), source })
    }

    /// Every CA that is trusted here, the node's own first.
    pub fn list_authorities(&self) -> Result<Vec<StoredAuthority>, StoreError> {
        let _turn = self.turn();
        let mut found: Vec<StoredAuthority> = Vec::new();
        let mut names: Vec<String> = self.stems("trust")?;
        names.sort();
        for (name, is_own) in std::iter::once((OWN.to_owned(), true)).chain(names.into_iter().map(|name| (name, false)))
        {
            for certificate in self.read_chain(&relative_path(&name, is_own))?.unwrap_or_default() {
                let path = self.folder.join(relative_path(&name, is_own));
                let info =
                    CertificateInfo::read(&certificate).map_err(|source| StoreError::Certificate { path, source })?;
                // The own CA is in `trust/` under its fingerprint as well, as the log lists it.
                if let Some(known) = found.iter_mut().find(|known| known.info.fingerprint == info.fingerprint) {
                    if !known.is_own && name.starts_with(FORMER_PREFIX) {
                        known.name.clone_from(&name);
                    }
                    continue;
                }
                found.push(StoredAuthority { name: name.clone(), certificate, info, is_own });
            }
        }
        Ok(found)
    }

    /// The CA of this name or fingerprint.
    pub fn find_authority(&self, name: &str) -> Result<StoredAuthority, StoreError> {
        let fingerprint = name.parse::<Fingerprint>().ok();
        let found = self
            .list_authorities()?
            .into_iter()
            .find(|authority| authority.name == name || Some(authority.info.fingerprint) == fingerprint);
        found.ok_or_else(|| StoreError::UnknownAuthority { name: name.to_owned() })
    }

    /// Trusts all CAs of a PEM text; none if one of them is refused.
    pub fn import_authorities(&self, pem: &[u8]) -> Result<Vec<Fingerprint>, StoreError> {
        let _turn = self.turn();
        let mut trust = TrustStore::new();
        let added = trust.add_pem(pem).map_err(StoreError::Import)?;
        for (info, certificate) in trust.list().zip(trust.certificates()) {
            self.write_public(&format!("trust/{}.pem", info.fingerprint), &to_pem(certificate))?;
        }
        Ok(added)
    }

    /// Trusts a CA no longer, whatever its files are called. For the node's own one the key goes as well.
    pub fn remove_authority(&self, fingerprint: Fingerprint) -> Result<(), StoreError> {
        let _turn = self.turn();
        let is_it = |chain: &[CertificateDer<'static>]| chain.iter().any(|one| Fingerprint::of(one) == fingerprint);
        let mut is_found = false;
        if self.read_chain("ca.pem")?.is_some_and(|chain| is_it(&chain)) {
            self.remove_pair(OWN)?;
            is_found = true;
        }
        for stem in self.stems("trust")? {
            let name = format!("trust/{stem}.pem");
            let Some(chain) = self.read_chain(&name)?.filter(|chain| is_it(chain)) else { continue };
            is_found = true;
            // Someone may have put several CAs into one file by hand: the others stay.
            let kept: String =
                chain.iter().filter(|one| Fingerprint::of(one) != fingerprint).map(|one| to_pem(one)).collect();
            if kept.is_empty() {
                remove_if_present(&self.folder.join(name))?;
            } else {
                self.write_public(&name, &kept)?;
            }
        }
        if is_found { Ok(()) } else { Err(StoreError::UnknownAuthority { name: fingerprint.to_string() }) }
    }

    /// Writes the trusted CAs: adds what is new and removes what is no longer there.
    pub fn save_trust(&self, trust: &TrustStore) -> Result<(), StoreError> {
        let _turn = self.turn();
        for (info, certificate) in trust.list().zip(trust.certificates()) {
            self.write_public(&format!("trust/{}.pem", info.fingerprint), &to_pem(certificate))?;
        }
        for stem in self.stems("trust")? {
            // A CA that an operator put here under another name is kept: it is not in `trust` by its file name.
            let Ok(fingerprint) = stem.parse::<Fingerprint>() else { continue };
            if !trust.contains(fingerprint) {
                remove_if_present(&self.folder.join(format!("trust/{stem}.pem")))?;
            }
        }
        Ok(())
    }

    /// Reads the trusted CAs: every `.pem` below `trust/`, and the node's own CA.
    pub fn load_trust(&self) -> Result<TrustStore, StoreError> {
        let _turn = self.turn();
        let mut trust = TrustStore::new();
        let mut names: Vec<String> = self.stems("trust")?.iter().map(|stem| relative_path(stem, false)).collect();
        names.push(relative_path(OWN, true));
        for name in names {
            for certificate in self.read_chain(&name)?.unwrap_or_default() {
                let path = || -> PathBuf { self.folder.join(&name) };
                trust.add(certificate).map_err(|source| StoreError::Certificate { path: path(), source })?;
            }
        }
        Ok(trust)
    }
}

fn relative_path(name: &str, is_own: bool) -> String {
    if is_own { format!("{name}.pem") } else { format!("trust/{name}.pem") }
}
