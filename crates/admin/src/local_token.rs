//! The bearer token of one node: whoever can read its data folder may administer through it.
//!
//! It lets the command line work on the node's own host without a password, and is what the demo uses.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use flotilla_credentials::{CredentialError, random_bytes};
use subtle::ConstantTimeEq;
use thiserror::Error;
use zeroize::Zeroizing;

/// Of what is made here.
const LENGTH_RANDOM: usize = 32;
/// Of the text.
const LENGTH_MIN: usize = 32;
const LENGTH_MAX: usize = 256;

#[derive(Debug, Error)]
pub enum LocalTokenError {
    #[error("the admin token {path} cannot be read or written: {source}; the node makes it when it starts", path = .path.display())]
    File { path: PathBuf, source: io::Error },
    #[error("the admin token {path} may be read by others (mode {mode:o}); run chmod 600 on it", path = .path.display())]
    Permissions { path: PathBuf, mode: u32 },
    #[error("the admin token {path} is damaged; remove it and start the node again", path = .path.display())]
    Damaged { path: PathBuf },
    #[error(transparent)]
    Random(#[from] CredentialError),
}

#[derive(Clone)]
pub struct LocalToken(Zeroizing<String>);

impl LocalToken {
    pub const FILE_NAME: &str = "admin.token";

    /// Where it lies in a data folder.
    pub fn path(data_dir: &Path) -> PathBuf {
        data_dir.join(Self::FILE_NAME)
    }

    /// Reads the token of a data folder.
    pub fn load(data_dir: &Path) -> Result<Self, LocalTokenError> {
        let path = Self::path(data_dir);
        let failed = |source| LocalTokenError::File { path: path.clone(), source };
        let file = File::open(&path).map_err(failed)?;
        let mode = file.metadata().map_err(failed)?.permissions().mode() & 0o777;
        if mode & 0o077 != 0 {
            return Err(LocalTokenError::Permissions { path, mode });
        }
        let mut text = Zeroizing::new(String::new());
        file.take(LENGTH_MAX as u64 + 1).read_to_string(&mut text).map_err(failed)?;
        let token = Zeroizing::new(text.trim().to_owned());
        if !(LENGTH_MIN..=LENGTH_MAX).contains(&token.len()) || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(LocalTokenError::Damaged { path });
        }
        Ok(Self(token))
    }

    /// Reads the token of a data folder, or makes one.
    pub fn load_or_create(data_dir: &Path) -> Result<Self, LocalTokenError> {
        match Self::load(data_dir) {
            Err(LocalTokenError::File { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
                Self::create(data_dir)
            }
            other => other,
        }
    }

    fn create(data_dir: &Path) -> Result<Self, LocalTokenError> {
        let bytes = Zeroizing::new(random_bytes::<LENGTH_RANDOM>()?);
        let token = Self(Zeroizing::new(URL_SAFE_NO_PAD.encode(bytes.as_ref())));
        let path = Self::path(data_dir);
        let failed = |source| LocalTokenError::File { path: path.clone(), source };
        // By way of another name, so that a crash leaves no half-written token.
        let draft = data_dir.join("admin.token.draft");
        let write = || {
            let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
            file.write_all(token.0.as_bytes())?;
            file.write_all(b"\n")?;
            file.sync_all()?;
            std::fs::rename(&draft, &path)
        };
        write().map_err(failed)?;
        Ok(token)
    }

    /// The text behind `Authorization: Bearer`.
    pub fn expose(&self) -> &str {
        &self.0
    }

    pub(crate) fn matches(&self, presented: &str) -> bool {
        self.0.as_bytes().ct_eq(presented.as_bytes()).into()
    }
}

impl std::fmt::Debug for LocalToken {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("LocalToken(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_made_once_and_kept() {
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(LocalToken::load(folder.path()), Err(LocalTokenError::File { .. })));
        let made = LocalToken::load_or_create(folder.path()).unwrap();
        let read = LocalToken::load_or_create(folder.path()).unwrap();
        assert!(made.matches(read.expose()));
        assert!(!made.matches("another") && !made.matches(""));
        assert_eq!(format!("{made:?}"), "LocalToken(..)");
    }

    #[test]
    fn open_and_damaged_files_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        LocalToken::load_or_create(folder.path()).unwrap();
        let path = LocalToken::path(folder.path());
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        assert!(matches!(LocalToken::load(folder.path()), Err(LocalTokenError::Permissions { mode: 0o640, .. })));
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        for damaged in ["", "short", &"x".repeat(400), &format!("{} {}", "x".repeat(20), "y".repeat(20))] {
            std::fs::write(&path, damaged).unwrap();
            assert!(
                matches!(LocalToken::load_or_create(folder.path()), Err(LocalTokenError::Damaged { .. })),
                "{damaged}"
            );
        }
    }
}
