//! Frees the space of deleted small blobs: what is left of a wasteful segment moves to the end of another, then the file goes.

use std::{fs::File, sync::Arc};

use bytes::Bytes;
use flotilla_model::BlobId;

use super::{
    appender::Entering,
    blob_store::StoreParts,
    index::Place,
    load::remove_segment,
    record::RecordHeader,
    segment::{read_index, read_payload},
    shared::Shared,
};
use crate::{Counters, StoreError};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CompactionReport {
    pub segments_removed: usize,
    pub blobs_moved: usize,
    /// Segments kept because a blob in them is damaged: its repair frees them.
    pub segments_kept: usize,
}

pub(crate) async fn compact(parts: &Arc<StoreParts>, limit: usize) -> Result<CompactionReport, StoreError> {
    let mut report = CompactionReport::default();
    for number in parts.shared.index.wasteful_segments().into_iter().take(limit) {
        report.blobs_moved += empty_segment(parts, number).await?;
        if parts.shared.index.segment(number).is_some_and(|segment| segment.live_blobs > 0) {
            report.segments_kept += 1;
            continue;
        }
        let shared = Arc::clone(&parts.shared);
        parts
            .blocking(move || remove_segment(&shared.layout, number).map_err(StoreError::io("remove a segment")))
            .await?;
        parts.shared.index.segment_removed(number);
        Counters::add(&parts.shared.counters.segments_compacted, 1);
        report.segments_removed += 1;
    }
    Ok(report)
}

async fn empty_segment(parts: &Arc<StoreParts>, number: u32) -> Result<usize, StoreError> {
    let shared = Arc::clone(&parts.shared);
    let live = parts.blocking(move || Ok(live_rows(&shared, number))).await?;
    let mut moved = 0;
    for (blob, offset) in live {
        let shared = Arc::clone(&parts.shared);
        let Some((header, payload)) = parts.blocking(move || read_live(&shared, number, offset, blob)).await? else {
            tracing::warn!(segment = number, %blob, "a damaged blob keeps its segment");
            continue;
        };
        let from = Place::Segment { number, offset };
        parts.appenders.append(header, vec![payload], Entering::Moved(from)).await?;
        moved += 1;
    }
    Ok(moved)
}

/// The blobs that are still in the segment.
fn live_rows(shared: &Shared, number: u32) -> Vec<(BlobId, u32)> {
    let rows = read_index(&shared.layout, number).map(|contents| contents.rows).unwrap_or_default();
    rows.into_iter()
        .filter(|row| {
            let place = Place::Segment { number, offset: row.offset };
            shared.index.get(row.blob).is_some_and(|entry| entry.place == place)
        })
        .map(|row| (row.blob, row.offset))
        .collect()
}

/// A record with its contents, or nothing if it is damaged.
fn read_live(
    shared: &Shared,
    number: u32,
    offset: u32,
    blob: BlobId,
) -> Result<Option<(RecordHeader, Bytes)>, StoreError> {
    let file = File::open(shared.layout.segment(number)).map_err(StoreError::io("open a segment"))?;
    let header = match shared.record_at(&file, number, offset, blob) {
        Err(StoreError::Corrupt { .. }) => return Ok(None),
        result => result?,
    };
    let payload = read_payload(&file, offset.into(), &header).map_err(StoreError::io("read a segment"))?;
    Ok(payload.map(|payload| (header, payload)))
}
