//! The cluster secret in the folder of a node that does not run: the step by hand before `join`, and the mend of a node
//! that missed a change of the secret.

use std::path::Path;

use flotilla_pki::{ClusterSecret, SecretFileError, Store, StoreError};
use zeroize::Zeroizing;

use crate::data_dir::{DataDir, DataDirError};

/// Why the secret of a folder was not read or changed.
#[derive(Debug, thiserror::Error)]
pub enum FolderSecretError {
    #[error(transparent)]
    DataDir(#[from] DataDirError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("what is to be imported: {0}")]
    Text(SecretFileError),
    #[error(
        "{folder:?} has the secret {theirs} already, and this one is {new}: add --replace if the other nodes have this one"
    )]
    Another { folder: std::path::PathBuf, theirs: String, new: String },
}

/// The secret of a node's folder.
pub fn folder_secret(folder: &Path) -> Result<ClusterSecret, FolderSecretError> {
    let store = Store::open(DataDir::new(folder).pki())?;
    Ok(store.load_secrets()?.current().clone())
}

/// The text of its file.
pub fn export_secret(folder: &Path) -> Result<Zeroizing<String>, FolderSecretError> {
    Ok(folder_secret(folder)?.to_text())
}

/// Puts a secret into the folder, which is made if it is missing; gives its fingerprint. Another one in its place is
/// kept for what is sealed under it.
pub fn import_secret(folder: &Path, text: &str, replace: bool) -> Result<String, FolderSecretError> {
    let new = ClusterSecret::from_text(text).map_err(FolderSecretError::Text)?;
    let dir = DataDir::open_or_create(folder)?;
    let _lock = dir.lock()?;
    let store = Store::open(dir.pki())?;
    match store.load_secrets() {
        Ok(set) if set.current() == &new => {}
        Ok(set) if !replace => {
            let (theirs, new) = (set.current().fingerprint(), new.fingerprint());
            return Err(FolderSecretError::Another { folder: folder.to_owned(), theirs, new });
        }
        Ok(_) => {
            store.adopt_secret(&new)?;
            store.retire_secret()?;
        }
        Err(StoreError::Secret(SecretFileError::Read { source, .. }))
            if source.kind() == std::io::ErrorKind::NotFound =>
        {
            // Keys that are here already, of a CA made before the secret came, are sealed from now on.
            store.save_secrets(&new, None)?;
            store.adopt_secret(&new)?;
        }
        Err(error) => return Err(error.into()),
    }
    Ok(new.fingerprint())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_takes_a_secret_and_another_only_if_told_so() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("node");
        let [first, second] = [(); 2].map(|()| ClusterSecret::generate().unwrap());
        assert!(matches!(folder_secret(&path), Err(FolderSecretError::Store(_))), "there is none yet");
        for _ in 0..2 {
            assert_eq!(import_secret(&path, &first.to_text(), false).unwrap(), first.fingerprint());
        }
        let refused = import_secret(&path, &second.to_text(), false).unwrap_err().to_string();
        assert!(refused.contains(&first.fingerprint()) && refused.contains(&second.fingerprint()), "{refused}");
        import_secret(&path, &second.to_text(), true).unwrap();
        assert_eq!(*export_secret(&path).unwrap(), *second.to_text());
        assert!(matches!(import_secret(&path, "rubbish", true), Err(FolderSecretError::Text(_))));
        assert_eq!(folder_secret(&path).unwrap(), second);
    }

    #[test]
    fn a_running_nodes_folder_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let lock = DataDir::new(folder.path()).lock().unwrap();
        let secret = ClusterSecret::generate().unwrap();
        let refused = import_secret(folder.path(), &secret.to_text(), true);
        assert!(matches!(refused, Err(FolderSecretError::DataDir(DataDirError::Locked { .. }))), "{refused:?}");
        drop(lock);
    }
}
