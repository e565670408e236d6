//! The name space of files, and the contents that the names stand for.

use std::ops::Bound;

use serde::{Deserialize, Serialize};

use crate::ids::{BlobId, NodeId, Sha256, TransferId};
use crate::names::{AccountName, FilePath};
use crate::state::State;

/// A file of an account.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct FileRecord {
    pub blob: BlobId,
    pub length: u64,
    pub sha256: Sha256,
    pub modified_ms: u64,
    /// The transfer that brought it.
    pub transfer: TransferId,
}

/// Contents, and who holds a whole, synced copy of them.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct BlobRecord {
    pub length: u64,
    pub sha256: Sha256,
    /// Nodes with a copy, in ascending order.
    pub holders: Vec<NodeId>,
    /// Files, unended events and uploads in parts that name it. At 0 the row goes and the nodes sweep the bytes.
    pub references: u32,
}

/// What an account takes up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Usage {
    pub bytes: u64,
    pub files: u64,
}

/// One line of a folder's listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FolderEntry<'a> {
    /// A sub-folder: its name without a slash.
    Folder(&'a str),
    /// A file: its name in the folder.
    File(&'a str, &'a FileRecord),
}

impl FolderEntry<'_> {
    pub fn name(&self) -> &str {
        match self {
            Self::Folder(name) | Self::File(name, _) => name,
        }
    }
}

impl State {
    /// The file of that name.
    pub fn file(&self, account: &AccountName, path: &FilePath) -> Option<&FileRecord> {
        self.files.get(&(account.clone(), path.clone()))
    }

    /// Whether some file lies below `folder` (no slash at the end; empty for the top).
    pub fn folder_exists(&self, account: &AccountName, folder: &str) -> bool {
        folder.is_empty() || self.list_folder(account, folder, None, 1).next().is_some()
    }

    /// Up to `limit` entries of a folder in byte order of their keys, those after the entry named `after`.
    /// A sub-folder is one entry however many files it has; each entry costs one descent of the tree.
    pub fn list_folder<'a>(
        &'a self,
        account: &'a AccountName,
        folder: &str,
        after: Option<&str>,
        limit: usize,
    ) -> impl Iterator<Item = FolderEntry<'a>> {
        let prefix = if folder.is_empty() { String::new() } else { format!("{folder}/") };
        let mut from = match after {
            Some(name) => Bound::Excluded(format!("{prefix}{name}")),
            None => Bound::Included(prefix.clone()),
        };
        // A cursor that names a folder stands behind all that the folder has.
        if let Some(name) = after
            && self
                .file_names_from(account, &Bound::Included(format!("{prefix}{name}/")))
                .next()
                .is_some_and(|(path, _)| path.as_str().starts_with(&format!("{prefix}{name}/")))
        {
            from = Bound::Included(format!("{prefix}{name}0"));
        }
        let next = move || {
            let (path, record) = self.file_names_from(account, &from).next()?;
            let rest = path.as_str().strip_prefix(prefix.as_str())?;
            match rest.find('/') {
                Some(at) => {
                    // '0' is the byte after '/': it skips the whole sub-folder.
                    from = Bound::Included(format!("{prefix}{}0", &rest[..at]));
                    Some(FolderEntry::Folder(&rest[..at]))
                }
                None => {
                    from = Bound::Excluded(path.as_str().to_owned());
                    Some(FolderEntry::File(rest, record))
                }
            }
        };
        std::iter::from_fn(next).take(limit)
    }

    fn file_names_from<'a>(
        &'a self,
        account: &'a AccountName,
        from: &Bound<String>,
    ) -> impl Iterator<Item = (&'a FilePath, &'a FileRecord)> + use<'a> {
        let key = |text: &String| (account.clone(), FilePath::unchecked(text.clone()));
        let from = match from {
            Bound::Included(text) => Bound::Included(key(text)),
            Bound::Excluded(text) => Bound::Excluded(key(text)),
            Bound::Unbounded => Bound::Unbounded,
        };
        self.files
            .range((from, Bound::Unbounded))
            .take_while(move |((owner, _), _)| owner == account)
            .map(|((_, path), record)| (path, record))
    }
}
