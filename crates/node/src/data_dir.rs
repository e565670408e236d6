//! The folder of a node: where everything that it keeps is.
//!
//! ```text
//! flotilla.toml   the node file        pki/    secret, CA, certificates
//! identity.json   who this node is     raft/   log and snapshots
//! bootstrap.json  a new cluster's      blobs/  contents of files
//!                 first commands       admin.token  lets who can read it in
//! removed         the node is a member no more
//! ```

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use serde::{Serialize, de::DeserializeOwned};

/// What went wrong with which file.
#[derive(Debug, thiserror::Error)]
pub enum DataDirError {
    #[error("{path:?} cannot be read: {source}")]
    Read { path: PathBuf, source: io::Error },
    #[error("{path:?} cannot be written: {source}; check the free space and the owner of the folder")]
    Write { path: PathBuf, source: io::Error },
    #[error("{path:?} is damaged: {source}")]
    Damaged { path: PathBuf, source: serde_json::Error },
    #[error("{path:?} is the folder of a node already: choose another --dir, or remove it")]
    InUse { path: PathBuf },
    #[error("another process runs on {path:?}: stop it first")]
    Locked { path: PathBuf },
}

/// Paths of a node's folder, and the small files in it.
#[derive(Clone, Debug)]
pub struct DataDir {
    root: PathBuf,
}

impl DataDir {
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// Makes the folder, for the owner alone; refuses one that a node has.
    pub fn create(root: &Path) -> Result<Self, DataDirError> {
        let this = Self::new(root);
        if this.identity_file().exists() || this.config_file().exists() {
            return Err(DataDirError::InUse { path: root.to_owned() });
        }
        this.make()
    }

    /// Opens the folder, and makes one that is missing.
    pub fn open_or_create(root: &Path) -> Result<Self, DataDirError> {
        let this = Self::new(root);
        if this.identity_file().exists() { Ok(this) } else { this.make() }
    }

    fn make(self) -> Result<Self, DataDirError> {
        let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.root);
        made.map_err(|source| DataDirError::Write { path: self.root.clone(), source })?;
        Ok(self)
    }

    pub fn root(&self) -> &Path {
        &self.root
    }

    pub fn config_file(&self) -> PathBuf {
        self.root.join("flotilla.toml")
    }

    pub fn pki(&self) -> PathBuf {
        self.root.join("pki")
    }

    pub fn raft(&self) -> PathBuf {
        self.root.join("raft")
    }

    pub fn blobs(&self) -> PathBuf {
        self.root.join("blobs")
    }

    pub fn identity_file(&self) -> PathBuf {
        self.root.join("identity.json")
    }

    /// Says that the node was taken out of its cluster.
    pub fn removed_file(&self) -> PathBuf {
        self.root.join("removed")
    }

    pub fn bootstrap_file(&self) -> PathBuf {
        self.root.join("bootstrap.json")
    }

    /// Keeps a second process off the folder for as long as the file is open.
    pub fn lock(&self) -> Result<File, DataDirError> {
        let path = self.root.join("lock");
        let wrong = |source| DataDirError::Write { path: path.clone(), source };
        let file = File::options().create(true).truncate(false).write(true).mode(0o600).open(&path).map_err(wrong)?;
        match file.try_lock() {
            Ok(()) => Ok(file),
            Err(fs::TryLockError::WouldBlock) => Err(DataDirError::Locked { path: self.root.clone() }),
            Err(fs::TryLockError::Error(source)) => Err(wrong(source)),
        }
    }

    /// Writes a small file whole: temporary file, sync, rename, sync of the folder. Readable by the owner alone.
    pub fn write(&self, path: &Path, bytes: &[u8]) -> Result<(), DataDirError> {
        let wrong = |source| DataDirError::Write { path: path.to_owned(), source };
        let temporary = path.with_extension("new");
        let mut options = File::options();
        let mut file = options.create(true).truncate(true).write(true).mode(0o600).open(&temporary).map_err(wrong)?;
        file.write_all(bytes).and_then(|()| file.sync_all()).map_err(wrong)?;
        fs::rename(&temporary, path).map_err(wrong)?;
        File::open(&self.root).and_then(|folder| folder.sync_all()).map_err(wrong)
    }

    pub fn write_json(&self, path: &Path, value: &impl Serialize) -> Result<(), DataDirError> {
        let wrong = |source| DataDirError::Damaged { path: path.to_owned(), source };
        self.write(path, &serde_json::to_vec_pretty(value).map_err(wrong)?)
    }

    /// The file's contents; `None` when there is no such file.
    pub fn read(&self, path: &Path) -> Result<Option<Vec<u8>>, DataDirError> {
        match fs::read(path) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(DataDirError::Read { path: path.to_owned(), source }),
        }
    }

    pub fn read_json<T: DeserializeOwned>(&self, path: &Path) -> Result<Option<T>, DataDirError> {
        let Some(bytes) = self.read(path)? else { return Ok(None) };
        let wrong = |source| DataDirError::Damaged { path: path.to_owned(), source };
        serde_json::from_slice(&bytes).map(Some).map_err(wrong)
    }

    pub fn remove(&self, path: &Path) -> Result<(), DataDirError> {
        match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(DataDirError::Write { path: path.to_owned(), source: error })
            }
            _ => Ok(()),
        }
    }
}
