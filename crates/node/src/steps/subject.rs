//! What an event is about, as steps need it. The one place that looks into the event's record for that.

use flotilla_files::{BlobDigest, ByteRange, ReadRequest};
use flotilla_model::{BlobId, EventRecord, FilePath, NodeId, Sha256, TransferId};

use super::{StepFailure, Steps};

/// The file of an event.
#[derive(Debug, Clone, Copy)]
pub(super) struct FileFacts<'a> {
    pub(super) path: &'a FilePath,
    pub(super) blob: BlobId,
    pub(super) length: u64,
    pub(super) sha256: Sha256,
    pub(super) transfer: TransferId,
}

/// Nothing for an event that is about no file.
pub(super) fn file_of(event: &EventRecord) -> Option<FileFacts<'_>> {
    Some(FileFacts {
        path: &event.path,
        blob: event.blob,
        length: event.length,
        sha256: event.sha256,
        transfer: event.transfer,
    })
}

impl Steps {
    /// The file, for a step that makes no sense without one.
    pub(super) fn need_file<'a>(&self, event: &'a EventRecord) -> Result<FileFacts<'a>, StepFailure> {
        file_of(event).ok_or_else(|| StepFailure::permanent("the event is about no file"))
    }

    /// The same for each try of one step of one event, and different for every other one.
    pub(super) fn idempotency_key(&self, event: &EventRecord, step: u32) -> String {
        format!("{:032x}-{}-{step}", self.cluster_id, event.id)
    }

    /// The whole contents, verified as they come.
    pub(super) async fn read(&self, file: FileFacts<'_>) -> Result<flotilla_files::Download, StepFailure> {
        let digest = BlobDigest { sha256: file.sha256, length: file.length };
        let request = ReadRequest { blob: file.blob, digest, range: ByteRange::ALL, holders: self.holders(file.blob) };
        self.files.read(request).await.map_err(StepFailure::internal)
    }

    /// Nodes that hold the contents, this one first.
    fn holders(&self, blob: BlobId) -> Vec<NodeId> {
        let view = self.log.view();
        let mut holders = view.state.blobs.get(&blob).map_or_else(Vec::new, |blob| blob.holders.clone());
        holders.sort_by_key(|node| *node != self.node);
        holders
    }
}
