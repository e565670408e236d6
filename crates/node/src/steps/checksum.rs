//! The `checksum` step: reads the whole file and compares it with what was recorded when it came in.

use flotilla_files::{BlobDigest, ByteRange, ReadRequest};
use flotilla_model::EventRecord;
use futures::StreamExt;
use ring::digest::{Context, SHA256};

use super::{StepFailure, Steps};

impl Steps {
    pub(super) async fn checksum(&self, event: &EventRecord) -> Result<String, StepFailure> {
        let file = event.file().ok_or_else(|| StepFailure::permanent("the event is about no file"))?;
        let digest = BlobDigest { sha256: file.sha256, length: file.length };
        let holders = self.holders(file.blob);
        let request = ReadRequest { blob: file.blob, digest, range: ByteRange::ALL, holders };
        let mut download = self.files.read(request).await.map_err(StepFailure::retryable)?;
        let mut context = Context::new(&SHA256);
        let mut length = 0;
        while let Some(chunk) = download.chunks.next().await {
            let chunk = chunk.map_err(StepFailure::retryable)?;
            length += chunk.len() as u64;
            context.update(&chunk);
        }
        if length != file.length || context.finish().as_ref() != file.sha256.0.as_slice() {
            return Err(StepFailure::retryable("the bytes differ from those that came in"));
        }
        Ok(format!("SHA-256 of {length} bytes is right"))
    }
}
