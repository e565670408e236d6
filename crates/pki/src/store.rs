//! The folder of a node's trust, `<data>/pki/`:
//!
//! ```text
//! taeh, taeh.previous        cluster secret, and the one before it while both are accepted
//! taeh.retired               the one before it, when it is accepted no longer: opens what is sealed under it
//! ca.pem, ca.key             internal CA
//! local/<alias>.pem, .key    local certificates
//! trust/<fingerprint>.pem    exchanged CA certificates
//! ```
//! Every write is whole and synced. Private keys are sealed under the cluster secret when one is there.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use rustls_pki_types::CertificateDer;

use crate::alias::Alias;
use crate::atomic::{self, Visibility};
use crate::authority::{Authority, AuthorityError};
use crate::certificate::{CertificateError, parse_chain_pem, to_pem};
use crate::fingerprint::Fingerprint;
use crate::key::{Key, Purpose};
use crate::key_file::{KeyFileError, PrivateKey};
use crate::local::LocalCertificate;
use crate::secret::ClusterSecret;
use crate::secret_file::SecretFileError;
use crate::secret_set::SecretSet;
use crate::trust::TrustStore;

/// No file in the folder is larger; one that is, is not read into memory.
const FILE_MAX_BYTES: u64 = 1024 * 1024;

/// The folder of a node's trust.
#[derive(Clone, Debug)]
pub struct Store {
    folder: PathBuf,
}

/// What went wrong with which file.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The file or folder cannot be read.
    #[error("{path:?} cannot be read: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file or folder cannot be written; what was there before is unharmed.
    #[error("{path:?} cannot be written: {source}; check the free space and the owner of the folder")]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The secret file.
    #[error(transparent)]
    Secret(#[from] SecretFileError),
    /// A certificate file.
    #[error("{path:?}: {source}")]
    Certificate {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: CertificateError,
    },
    /// A key file.
    #[error("{path:?}: {source}")]
    Key {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: KeyFileError,
    },
    /// The CA's certificate and key.
    #[error("{path:?}: {source}")]
    Authority {
        /// The CA's certificate.
        path: PathBuf,
        /// What is wrong with it.
        source: AuthorityError,
    },
}

impl Store {
    /// Opens the folder and creates it when it is missing.
    pub fn open(folder: impl Into<PathBuf>) -> Result<Self, StoreError> {
        let folder = folder.into();
        for path in [folder.clone(), folder.join("local"), folder.join("trust")] {
            atomic::create_folder(&path).map_err(|source| StoreError::Write { path, source })?;
        }
        Ok(Self { folder })
    }

    /// Where the cluster secret is.
    pub fn secret_path(&self) -> PathBuf {
        self.folder.join("taeh")
    }

    pub(crate) fn previous_secret_path(&self) -> PathBuf {
        self.folder.join("taeh.previous")
    }

    pub(crate) fn retired_secret_path(&self) -> PathBuf {
        self.folder.join("taeh.retired")
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Writes the current secret and, during a rotation, the previous one.
    pub fn save_secrets(&self, current: &ClusterSecret, previous: Option<&ClusterSecret>) -> Result<(), StoreError> {
        // The previous one first: a crash between the two leaves both at hand.
        if let Some(previous) = previous {
            previous.save(&self.previous_secret_path())?;
        }
        current.save(&self.secret_path())?;
        if previous.is_none() {
            remove_if_present(&self.previous_secret_path())?;
        }
        Ok(())
    }

    /// Reads the secrets in force.
    pub fn load_secrets(&self) -> Result<SecretSet, StoreError> {
        let mut set = SecretSet::new(ClusterSecret::load(&self.secret_path())?);
        if let Some(previous) = secret_if_present(&self.previous_secret_path())? {
            set = set.accepting(previous);
        }
        if let Some(retired) = secret_if_present(&self.retired_secret_path())? {
            set = set.opening(retired);
        }
        Ok(set)
    }

    fn sealing_keys(&self) -> Result<Vec<Key>, StoreError> {
        match self.load_secrets() {
            Ok(set) => Ok(set.keys(Purpose::KeyFiles)),
            Err(StoreError::Secret(SecretFileError::Read { source, .. }))
                if source.kind() == io::ErrorKind::NotFound =>
            {
                Ok(Vec::new())
            }
            Err(error) => Err(error),
        }
    }

    /// Writes the internal CA.
    pub fn save_authority(&self, authority: &Authority) -> Result<(), StoreError> {
        self.write_key("ca.key", authority.key())?;
        self.write_public("ca.pem", &authority.certificate_pem())
    }

    /// Reads the internal CA; `None` when the node has none.
    pub fn load_authority(&self) -> Result<Option<Authority>, StoreError> {
        let path = self.folder.join("ca.pem");
        let Some(chain) = self.read_chain("ca.pem")? else { return Ok(None) };
        let Some(key) = self.read_key("ca.key")? else {
            let source = io::Error::from(io::ErrorKind::NotFound);
            return Err(StoreError::Read { path: self.folder.join("ca.key"), source });
        };
        let certificate = chain.into_iter().next();
        let certificate = certificate
            .ok_or_else(|| StoreError::Certificate { path: path.clone(), source: CertificateError::NoCertificate })?;
        Authority::from_parts(certificate, key).map(Some).map_err(|source| StoreError::Authority { path, source })
    }

    /// Writes a local certificate under its alias.
    pub fn save_local(&self, local: &LocalCertificate) -> Result<(), StoreError> {
        self.write_key(&format!("local/{}.key", local.alias), &local.key)?;
        self.write_public(&format!("local/{}.pem", local.alias), &local.chain_pem())
    }

    /// Reads a local certificate; `None` when there is none of this alias. Whether key and certificate are a pair is
    /// judged when credentials are made of them.
    pub fn load_local(&self, alias: &Alias) -> Result<Option<LocalCertificate>, StoreError> {
        let Some(chain) = self.read_chain(&format!("local/{alias}.pem"))? else { return Ok(None) };
        let name = format!("local/{alias}.key");
        let Some(key) = self.read_key(&name)? else {
            let source = io::Error::from(io::ErrorKind::NotFound);
            return Err(StoreError::Read { path: self.folder.join(name), source });
        };
        Ok(Some(LocalCertificate { alias: alias.clone(), chain, key }))
    }

    /// The aliases of all local certificates, sorted.
    pub fn list_local(&self) -> Result<Vec<Alias>, StoreError> {
        let mut aliases: Vec<Alias> = self.stems("local")?.iter().filter_map(|stem| stem.parse().ok()).collect();
        aliases.sort();
        Ok(aliases)
    }

    /// Writes the trusted CAs: adds what is new and removes what is no longer there.
    pub fn save_trust(&self, trust: &TrustStore) -> Result<(), StoreError> {
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
        let mut trust = TrustStore::new();
        let mut names: Vec<String> = self.stems("trust")?.iter().map(|stem| format!("trust/{stem}.pem")).collect();
        names.push("ca.pem".to_owned());
        for name in names {
            for certificate in self.read_chain(&name)?.unwrap_or_default() {
                trust
                    .add(certificate)
                    .map_err(|source| StoreError::Certificate { path: self.folder.join(&name), source })?;
            }
        }
        Ok(trust)
    }

    fn stems(&self, folder: &str) -> Result<Vec<String>, StoreError> {
        let path = self.folder.join(folder);
        let read = |source| StoreError::Read { path: path.clone(), source };
        let mut stems = Vec::new();
        for entry in fs::read_dir(&path).map_err(read)? {
            let name = entry.map_err(read)?.file_name();
            let Some(name) = name.to_str() else { continue };
            if let Some(stem) = name.strip_suffix(".pem").filter(|stem| !stem.starts_with('.')) {
                stems.push(stem.to_owned());
            }
        }
        Ok(stems)
    }

    fn write_public(&self, name: &str, text: &str) -> Result<(), StoreError> {
        let path = self.folder.join(name);
        atomic::write(&path, text.as_bytes(), Visibility::Everyone).map_err(|source| StoreError::Write { path, source })
    }

    pub(crate) fn write_key(&self, name: &str, key: &PrivateKey) -> Result<(), StoreError> {
        let path = self.folder.join(name);
        let text = key
            .to_file_text(name, self.sealing_keys()?.first())
            .map_err(|source| StoreError::Key { path: path.clone(), source })?;
        atomic::write(&path, text.as_bytes(), Visibility::Owner).map_err(|source| StoreError::Write { path, source })
    }

    fn read_chain(&self, name: &str) -> Result<Option<Vec<CertificateDer<'static>>>, StoreError> {
        let path = self.folder.join(name);
        let Some(text) = read_limited(&path)? else { return Ok(None) };
        parse_chain_pem(text.as_bytes()).map(Some).map_err(|source| StoreError::Certificate { path, source })
    }

    pub(crate) fn read_key(&self, name: &str) -> Result<Option<PrivateKey>, StoreError> {
        let path = self.folder.join(name);
        let Some(text) = read_limited(&path)? else { return Ok(None) };
        PrivateKey::from_file_text(&text, name, &self.sealing_keys()?)
            .map(Some)
            .map_err(|source| StoreError::Key { path, source })
    }
}

fn read_limited(path: &Path) -> Result<Option<zeroize::Zeroizing<String>>, StoreError> {
    let read = |source: io::Error| StoreError::Read { path: path.to_owned(), source };
    match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(read(error)),
        Ok(metadata) if metadata.len() > FILE_MAX_BYTES => {
            return Err(read(io::Error::new(io::ErrorKind::FileTooLarge, "larger than 1 MiB")));
        }
        Ok(_) => {}
    }
    fs::read_to_string(path).map(|text| Some(zeroize::Zeroizing::new(text))).map_err(read)
}

fn secret_if_present(path: &Path) -> Result<Option<ClusterSecret>, StoreError> {
    match ClusterSecret::load(path) {
        Ok(secret) => Ok(Some(secret)),
        Err(SecretFileError::Read { source, .. }) if source.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}

pub(crate) fn remove_if_present(path: &Path) -> Result<(), StoreError> {
    match fs::remove_file(path) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => {
            Err(StoreError::Write { path: path.to_owned(), source })
        }
        _ => Ok(()),
    }
}
