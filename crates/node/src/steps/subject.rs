//! What an event is about, as steps need it.

use bytes::Bytes;
use flotilla_files::{BlobDigest, ByteRange, ReadRequest};
use flotilla_model::{BlobId, EventRecord, FileSubject, NodeId, Payload};

use super::{StepFailure, Steps};

impl Steps {
    /// The file, for a step that makes no sense without one.
    pub(super) fn need_file<'a>(&self, event: &'a EventRecord) -> Result<&'a FileSubject, StepFailure> {
        event.file().ok_or_else(|| StepFailure::permanent("the event is about no file"))
    }

    /// The same for each try of one step of one event, and different for every other one.
    pub(super) fn idempotency_key(&self, event: &EventRecord, step: u32) -> String {
        format!("{:032x}-{}-{step}", self.cluster_id, event.id)
    }

    /// The whole contents, verified as they come.
    pub(super) async fn read(&self, file: &FileSubject) -> Result<flotilla_files::Download, StepFailure> {
        let digest = BlobDigest { sha256: file.sha256, length: file.length };
        let request = ReadRequest { blob: file.blob, digest, range: ByteRange::ALL, holders: self.holders(file.blob) };
        self.files.read(request).await.map_err(StepFailure::internal)
    }

    /// The data of an application's event.
    pub(super) async fn data(&self, data: &Payload) -> Result<Bytes, StepFailure> {
        let read = |data: &Payload| data.read().map(|bytes| Bytes::copy_from_slice(&bytes));
        let bytes = if data.is_in_memory() {
            read(data)
        } else {
            let data = data.clone();
            tokio::task::spawn_blocking(move || read(&data)).await.map_err(StepFailure::internal)?
        };
        bytes.map_err(|error| StepFailure::internal(format!("the data of the event cannot be read: {error}")))
    }

    /// Nodes that hold the contents, this one first.
    fn holders(&self, blob: BlobId) -> Vec<NodeId> {
        let view = self.log.view();
        let mut holders = view.state.blobs.get(&blob).map_or_else(Vec::new, |blob| blob.holders.clone());
        holders.sort_by_key(|node| *node != self.node);
        holders
    }
}
