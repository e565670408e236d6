//! Uploads that come in parts: what has come so far outlives connections and nodes, and becomes a file with the last byte.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::command::PutCondition;
use crate::ids::{BlobId, Sha256, TransferId};
use crate::names::{AccountName, FilePath};
use crate::state::State;

/// Most parts of one upload. Each costs the state some 250 bytes until the file is whole.
pub const UPLOAD_PARTS_MAX: usize = 10_000;
/// Most finished uploads of one account that are remembered, for clients that did not hear of the end.
pub(crate) const FINISHED_UPLOADS_MAX: usize = 100;

/// An upload in parts: a ULID drawn by the node that began it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UploadId(pub u128);

impl fmt::Display for UploadId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        ulid::Ulid(self.0).fmt(formatter)
    }
}

impl UploadId {
    /// `None`: no id of an upload.
    pub fn parse(text: &str) -> Option<Self> {
        ulid::Ulid::from_string(text).ok().map(|id| Self(id.0))
    }
}

/// A piece that has come whole, as contents of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct UploadPart {
    pub blob: BlobId,
    pub length: u64,
}

/// A file of which not all has come, or that has appeared a while ago.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct PartialUpload {
    pub path: FilePath,
    /// Of the whole file.
    pub length: u64,
    /// What the whole file must have, if its sender has said so.
    pub sha256: Option<Sha256>,
    /// What must hold of the file that has the name when this one takes it.
    pub condition: PutCondition,
    pub created_ms: u64,
    /// By the log's time. Each part puts it off.
    pub expires_ms: u64,
    /// In the order of the file, without gaps.
    pub parts: Vec<UploadPart>,
    /// Of the file, since it has appeared; then there are no parts.
    pub transfer: Option<TransferId>,
}

impl PartialUpload {
    /// Bytes from the beginning of the file that are here: where the next part begins.
    pub fn offset(&self) -> u64 {
        if self.transfer.is_some() { self.length } else { self.parts_bytes() }
    }

    /// What the parts take up now.
    pub fn parts_bytes(&self) -> u64 {
        self.parts.iter().map(|part| part.length).sum()
    }
}

impl State {
    pub fn upload(&self, account: &AccountName, id: UploadId) -> Option<&PartialUpload> {
        self.uploads.get(&(account.clone(), id))
    }

    /// An account's uploads, oldest first, finished ones among them.
    pub fn uploads_of<'a>(
        &'a self,
        account: &'a AccountName,
    ) -> impl Iterator<Item = (UploadId, &'a PartialUpload)> + 'a {
        let first = (account.clone(), UploadId(0));
        self.uploads.range(first..).take_while(move |((owner, _), _)| owner == account).map(|((_, id), row)| (*id, row))
    }

    /// Bytes of an account's parts: they count for its quota.
    pub fn partial_bytes(&self, account: &AccountName) -> u64 {
        self.partial_bytes.get(account).copied().unwrap_or_default()
    }
}
