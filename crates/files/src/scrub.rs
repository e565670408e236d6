//! Background care of the local disk: re-reading what is stored, and deleting what nothing names.

use flotilla_model::BlobId;

use crate::{BlobStore, Files, StoreError};

/// Blobs listed at a time.
const PAGE_BLOBS: usize = 512;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScrubReport {
    pub checked_blobs: u64,
    pub checked_bytes: u64,
    /// Blobs to be repaired from other nodes.
    pub corrupt: Vec<BlobId>,
    /// Where the next scrub goes on; nothing when the end was reached.
    pub next_after: Option<BlobId>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SweepReport {
    pub examined_blobs: u64,
    pub removed_blobs: u64,
    pub removed_bytes: u64,
}

pub(crate) async fn scrub(files: &Files, mut after: Option<BlobId>, limit_bytes: u64) -> ScrubReport {
    let mut report = ScrubReport::default();
    loop {
        let page = files.store.list(after, PAGE_BLOBS);
        if page.is_empty() {
            return report;
        }
        for (blob, stat) in page {
            match files.store.verify_at(blob, Some(&files.background)).await {
                // Deleted since it was listed.
                Ok(_) | Err(StoreError::NotFound(_)) => {}
                Err(error) => {
                    tracing::error!(%blob, %error, "a stored blob is damaged");
                    report.corrupt.push(blob);
                }
            }
            report.checked_blobs += 1;
            report.checked_bytes += stat.length;
            after = Some(blob);
            if report.checked_bytes >= limit_bytes {
                report.next_after = after;
                return report;
            }
        }
    }
}

pub(crate) async fn sweep(
    store: &BlobStore,
    known: impl Fn(BlobId) -> bool,
    grace_ms: u64,
    now_ms: u64,
) -> Result<SweepReport, StoreError> {
    let mut report = SweepReport::default();
    let mut after = None;
    loop {
        let page = store.list(after, PAGE_BLOBS);
        let Some(last) = page.last() else { return Ok(report) };
        after = Some(last.0);
        for (blob, stat) in page {
            report.examined_blobs += 1;
            if stat.created_ms.saturating_add(grace_ms) > now_ms || known(blob) {
                continue;
            }
            if store.delete(blob).await? {
                report.removed_blobs += 1;
                report.removed_bytes += stat.length;
            }
        }
        tokio::task::yield_now().await;
    }
}
