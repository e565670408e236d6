//! The file of the cluster secret: a header line, then base64.
//!
//! ```text
//! flotilla-cluster-secret v1
//! 3q2+7wAAAA…
//! ```

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use crate::atomic::{self, Visibility};
use crate::secret::{ClusterSecret, SecretError};

const HEADER: &str = "flotilla-cluster-secret v1";
const HEADER_ANY_VERSION: &str = "flotilla-cluster-secret ";
/// Room for the longest secret in base64, its header and line breaks.
const FILE_MAX_BYTES: u64 = 16 * 1024;

/// Why a secret file was not read or written.
#[derive(Debug, thiserror::Error)]
pub enum SecretFileError {
    /// The file is not there or cannot be read.
    #[error("cluster secret {path:?} cannot be read: {source}; copy the file from a member, or let the node join again", path = .path)]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Others than the owner may read it.
    #[error("cluster secret {path:?} may be read by others (mode {mode:o}); run `chmod 600` on it")]
    Permissions {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// Written by a newer version.
    #[error("cluster secret {path:?} has the unknown format {found:?}; this version reads {HEADER:?}")]
    Version {
        /// The file.
        path: PathBuf,
        /// Its first line.
        found: String,
    },
    /// No header line, or what follows is not base64.
    #[error("{path:?} is not a cluster secret file; export it again from a member")]
    Format {
        /// The file.
        path: PathBuf,
    },
    /// The secret in it is too short or too long.
    #[error("cluster secret {path:?}: {source}")]
    Secret {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: SecretError,
    },
    /// It could not be written; the old file, if any, is as it was.
    #[error("cluster secret {path:?} cannot be written: {source}")]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl ClusterSecret {
    /// Reads a secret file and refuses one that others may read.
    pub fn load(path: &Path) -> Result<Self, SecretFileError> {
        let read = |source| SecretFileError::Read { path: path.to_owned(), source };
        let metadata = fs::metadata(path).map_err(read)?;
        let mode = metadata.permissions().mode() & 0o777;
        if mode & 0o077 != 0 {
            return Err(SecretFileError::Permissions { path: path.to_owned(), mode });
        }
        if metadata.len() > FILE_MAX_BYTES {
            return Err(SecretFileError::Format { path: path.to_owned() });
        }
        let bytes = Zeroizing::new(fs::read(path).map_err(read)?);
        let text = std::str::from_utf8(&bytes).map_err(|_| SecretFileError::Format { path: path.to_owned() })?;
        Self::parse(text, path)
    }

    /// Reads the text of a secret file that came by another way than a file; `path` is for the error.
    fn parse(text: &str, path: &Path) -> Result<Self, SecretFileError> {
        let format = || SecretFileError::Format { path: path.to_owned() };
        let (header, body) = text.split_once('\n').ok_or_else(format)?;
        let header = header.trim_end();
        if header != HEADER {
            if header.starts_with(HEADER_ANY_VERSION) {
                let found = header.chars().take(64).collect();
                return Err(SecretFileError::Version { path: path.to_owned(), found });
            }
            return Err(format());
        }
        let digits: Zeroizing<Vec<u8>> =
            Zeroizing::new(body.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect());
        let bytes = Zeroizing::new(STANDARD.decode(digits.as_slice()).map_err(|_| format())?);
        Self::from_bytes(bytes).map_err(|source| SecretFileError::Secret { path: path.to_owned(), source })
    }

    /// Reads the text that [`ClusterSecret::to_text`] made (as carried by `join`).
    pub fn from_text(text: &str) -> Result<Self, SecretFileError> {
        Self::parse(text, Path::new("(text)"))
    }

    /// The file's text: to be handed only over an authenticated channel.
    pub fn to_text(&self) -> Zeroizing<String> {
        let digits = Zeroizing::new(STANDARD.encode(self.bytes()));
        Zeroizing::new(format!("{HEADER}\n{}\n", digits.as_str()))
    }

    /// Writes the secret file, readable by its owner only, atomically.
    pub fn save(&self, path: &Path) -> Result<(), SecretFileError> {
        atomic::write(path, self.to_text().as_bytes(), Visibility::Owner)
            .map_err(|source| SecretFileError::Write { path: path.to_owned(), source })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_saved_secret_is_loaded_again_and_is_private() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("taeh");
        let secret = ClusterSecret::generate().unwrap();
        secret.save(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(ClusterSecret::load(&path).unwrap(), secret);
        let other = ClusterSecret::generate().unwrap();
        other.save(&path).unwrap();
        assert_eq!(ClusterSecret::load(&path).unwrap(), other);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "no temporary file is left");
    }

    #[test]
    fn each_fault_of_the_file_has_its_error() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("taeh");
        assert!(matches!(ClusterSecret::load(&path), Err(SecretFileError::Read { .. })));
        ClusterSecret::generate().unwrap().save(&path).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        assert!(matches!(ClusterSecret::load(&path), Err(SecretFileError::Permissions { mode: 0o640, .. })));
        assert!(matches!(
            ClusterSecret::from_text("flotilla-cluster-secret v2\nAAAA\n"),
            Err(SecretFileError::Version { .. })
        ));
        for bad in ["", "hello\nAAAA", "flotilla-cluster-secret v1\n***\n"] {
            assert!(matches!(ClusterSecret::from_text(bad), Err(SecretFileError::Format { .. })), "{bad:?}");
        }
        assert!(matches!(
            ClusterSecret::from_text("flotilla-cluster-secret v1\nAAAA\n"),
            Err(SecretFileError::Secret { source: SecretError::Length { length_bytes: 3 }, .. })
        ));
    }
}
