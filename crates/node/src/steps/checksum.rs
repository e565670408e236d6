//! The `checksum` step: reads the whole file and compares it with what was recorded when it came in.

use flotilla_model::EventRecord;
use futures::StreamExt;
use ring::digest::{Context, SHA256};

use super::{StepFailure, Steps};

/// Hashed where it was read: handing it to another thread would take longer than the hash, which takes less than 50 µs.
const SMALL_BYTES: u64 = 16 << 10;

impl Steps {
    pub(super) async fn checksum(&self, event: &EventRecord) -> Result<String, StepFailure> {
        let file = self.need_file(event)?;
        let mut download = self.read(file).await?;
        let mut context = Context::new(&SHA256);
        let mut length = 0;
        while let Some(chunk) = download.chunks.next().await {
            let chunk = chunk.map_err(StepFailure::internal)?;
            length += chunk.len() as u64;
            if file.length <= SMALL_BYTES {
                context.update(&chunk);
                continue;
            }
            context = self
                .cpu
                .run(move || {
                    context.update(&chunk);
                    context
                })
                .await;
        }
        if length != file.length || context.finish().as_ref() != file.sha256.0.as_slice() {
            return Err(StepFailure::internal("the bytes differ from those that came in"));
        }
        Ok(format!("SHA-256 of {length} bytes is right"))
    }
}
