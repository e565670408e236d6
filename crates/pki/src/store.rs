//! The folder of a node's trust, `<data>/pki/`:
//!
//! ```text
//! taeh, taeh.previous        cluster secret, and the one before it while both are accepted
//! taeh.retired               the one before it, when it is accepted no longer: opens what is sealed under it
//! ca.pem, ca.key             internal CA
//! local/<alias>.pem, .key    local certificates
//! trust/<fingerprint>.pem    exchanged CA certificates
//! trust/ca-old-<serial>.pem  former internal CAs
//! requests/<alias>.csr, .key certificate requests that wait for their reply
//! ```
//! Every write is whole and synced. Private keys are sealed under the cluster secret when one is there.

mod authorities;
mod locals;
mod pair;
mod requests;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parking_lot::{ReentrantMutex, ReentrantMutexGuard};
use rustls_pki_types::CertificateDer;

use crate::alias::Alias;
use crate::atomic::{self, Visibility};
use crate::authority::AuthorityError;
use crate::certificate::{CertificateError, parse_chain_pem};
use crate::fingerprint::Fingerprint;
use crate::key::{Key, Purpose};
use crate::key_file::{KeyFileError, PrivateKey};
use crate::secret::ClusterSecret;
use crate::secret_file::SecretFileError;
use crate::secret_set::SecretSet;
use crate::usable::UnusableCertificate;

pub use authorities::StoredAuthority;
pub use locals::Replace;

/// No file in the folder is larger; one that is, is not read into memory.
const FILE_MAX_BYTES: u64 = 1024 * 1024;

/// The folder of a node's trust.
/// Clones share it: what is read and written together is read and written under one lock. Another process is kept out by the
/// lock of the node's folder.
#[derive(Clone, Debug)]
pub struct Store {
    folder: PathBuf,
    turn: Arc<ReentrantMutex<()>>,
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
    /// There is an internal CA already.
    #[error(
        "this node has an internal CA (SHA-256 {fingerprint}); `flotilla ca renew` replaces it and keeps it trusted"
    )]
    AuthorityPresent {
        /// Which.
        fingerprint: Fingerprint,
    },
    /// There is no internal CA.
    #[error("this node has no internal CA; make one with `flotilla ca generate`")]
    NoAuthority,
    /// No CA of this name.
    #[error("there is no CA {name:?} here; `flotilla ca list` shows names and fingerprints")]
    UnknownAuthority {
        /// Name or fingerprint.
        name: String,
    },
    /// What was to be imported is no certificate, or no CA.
    #[error("what was to be imported is not usable: {0}")]
    Import(#[source] CertificateError),
    /// The alias has a certificate.
    #[error("there is a certificate with the alias {alias}; choose another alias, delete it, or import with --replace")]
    AliasTaken {
        /// Which.
        alias: Alias,
    },
    /// The alias has no certificate.
    #[error("there is no local certificate with the alias {alias}; `flotilla cert list` shows those that are here")]
    UnknownAlias {
        /// Which.
        alias: Alias,
    },
    /// A request waits for its reply.
    #[error("a request for the alias {alias} waits for its reply; import the reply, or delete the request")]
    RequestPending {
        /// Which.
        alias: Alias,
    },
    /// No request waits.
    #[error("no request for the alias {alias} waits for a reply; make one with `flotilla cert csr`")]
    NoRequest {
        /// Which.
        alias: Alias,
    },
    /// The certificate cannot be a local one.
    #[error(transparent)]
    Unusable(#[from] UnusableCertificate),
}

impl Store {
    /// Opens the folder and creates it when it is missing.
    pub fn open(folder: impl Into<PathBuf>) -> Result<Self, StoreError> {
        let folder = folder.into();
        for path in [folder.clone(), folder.join("local"), folder.join("trust"), folder.join("requests")] {
            atomic::create_folder(&path).map_err(|source| StoreError::Write { path, source })?;
        }
        Ok(Self { folder, turn: Arc::default() })
    }

    /// Held while several files are read or written as one. Whoever looks before a change holds it from the look to the change.
    pub fn turn(&self) -> ReentrantMutexGuard<'_, ()> {
        self.turn.lock()
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
        let _turn = self.turn();
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
        let _turn = self.turn();
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

    fn stems(&self, folder: &str) -> Result<Vec<String>, StoreError> {
        self.stems_with(folder, ".pem")
    }

    fn stems_with(&self, folder: &str, ending: &str) -> Result<Vec<String>, StoreError> {
        let path = self.folder.join(folder);
        let read = |source| StoreError::Read { path: path.clone(), source };
        let mut stems = Vec::new();
        for entry in fs::read_dir(&path).map_err(read)? {
            let name = entry.map_err(read)?.file_name();
            let Some(name) = name.to_str() else { continue };
            if let Some(stem) = name.strip_suffix(ending).filter(|stem| !stem.starts_with('.')) {
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
        self.write_key_as(name, name, key)
    }

    /// Writes a key that belongs into the file `name` to `file`, which will be renamed: the sealing is bound to `name`.
    fn write_key_as(&self, name: &str, file: &str, key: &PrivateKey) -> Result<(), StoreError> {
        let path = self.folder.join(file);
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

    fn read_text(&self, name: &str) -> Result<Option<zeroize::Zeroizing<String>>, StoreError> {
        read_limited(&self.folder.join(name))
    }

    pub(crate) fn read_key(&self, name: &str) -> Result<Option<PrivateKey>, StoreError> {
        self.read_key_as(name, name)
    }

    fn read_key_as(&self, name: &str, file: &str) -> Result<Option<PrivateKey>, StoreError> {
        let path = self.folder.join(file);
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
