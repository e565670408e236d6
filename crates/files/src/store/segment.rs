//! Reading segments: the index of a sealed one, the scan of one that a crash left open, and single records.

use std::{fs::File, io, os::unix::fs::FileExt, path::Path};

use bytes::Bytes;
use flotilla_model::BlobId;

use super::{
    layout::Layout,
    record::{RECORD_HEADER_BYTES, RecordHeader, SEGMENT_HEADER_BYTES, decode_segment_header, record_span},
};
use crate::{buffer::ALIGNMENT, stream::Hasher};

const INDEX_MAGIC: &[u8; 8] = b"FLSEGX01";
const INDEX_ROW_BYTES: usize = 36;

/// One blob of a segment, as its index says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct IndexRow {
    pub(crate) blob: BlobId,
    pub(crate) offset: u32,
    pub(crate) length: u32,
    pub(crate) created_ms: u64,
    pub(crate) generation: u32,
}

impl IndexRow {
    pub(crate) fn of(header: &RecordHeader, offset: u32) -> Self {
        let RecordHeader { blob, length, created_ms, generation, .. } = *header;
        Self { blob, offset, length, created_ms, generation }
    }
}

/// What a segment holds.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct SegmentContents {
    pub(crate) rows: Vec<IndexRow>,
    pub(crate) written_bytes: u64,
}

/// Writes the index of a sealed segment. It saves a scan and no more, so it needs no sync: a torn one is not used.
pub(crate) fn write_index(layout: &Layout, number: u32, contents: &SegmentContents) -> io::Result<()> {
    let mut bytes = Vec::with_capacity(24 + contents.rows.len() * INDEX_ROW_BYTES);
    bytes.extend_from_slice(INDEX_MAGIC);
    bytes.extend_from_slice(&number.to_le_bytes());
    bytes.extend_from_slice(&contents.written_bytes.to_le_bytes());
    for row in &contents.rows {
        bytes.extend_from_slice(&row.blob.0.to_le_bytes());
        bytes.extend_from_slice(&row.offset.to_le_bytes());
        bytes.extend_from_slice(&row.length.to_le_bytes());
        bytes.extend_from_slice(&row.created_ms.to_le_bytes());
        bytes.extend_from_slice(&row.generation.to_le_bytes());
    }
    bytes.extend_from_slice(&crc32fast::hash(&bytes).to_le_bytes());
    std::fs::write(layout.segment_index(number), bytes)
}

/// The index of a sealed segment; nothing if there is none or it is damaged.
pub(crate) fn read_index(layout: &Layout, number: u32) -> Option<SegmentContents> {
    let bytes = std::fs::read(layout.segment_index(number)).ok()?;
    let (bytes, checksum) = bytes.split_last_chunk::<4>()?;
    if crc32fast::hash(bytes).to_le_bytes() != *checksum
        || bytes.get(..8)? != INDEX_MAGIC
        || bytes.get(8..12)? != number.to_le_bytes()
    {
        return None;
    }
    let written_bytes = u64::from_le_bytes(bytes.get(12..20)?.try_into().ok()?);
    let rows = bytes[20..].chunks_exact(INDEX_ROW_BYTES).map(decode_row).collect::<Option<_>>()?;
    Some(SegmentContents { rows, written_bytes })
}

fn decode_row(bytes: &[u8]) -> Option<IndexRow> {
    Some(IndexRow {
        blob: BlobId(u128::from_le_bytes(bytes.get(..16)?.try_into().ok()?)),
        offset: u32::from_le_bytes(bytes.get(16..20)?.try_into().ok()?),
        length: u32::from_le_bytes(bytes.get(20..24)?.try_into().ok()?),
        created_ms: u64::from_le_bytes(bytes.get(24..32)?.try_into().ok()?),
        generation: u32::from_le_bytes(bytes.get(32..36)?.try_into().ok()?),
    })
}

/// Scans a segment that was not sealed. Batches are padded to the alignment and a batch is written only after the one before it
/// was synced, so the first place at such a boundary that holds no record is the end; within the last batch, records whose
/// contents did not reach the disk are left out.
pub(crate) fn scan(path: &Path, number: u32) -> io::Result<SegmentContents> {
    let file = File::open(path)?;
    let file_bytes = file.metadata()?.len();
    let mut contents = SegmentContents { rows: Vec::new(), written_bytes: SEGMENT_HEADER_BYTES as u64 };
    let Some(salt) = read_salt(&file, number)? else {
        return Ok(contents);
    };
    let mut position = SEGMENT_HEADER_BYTES as u64;
    while position + RECORD_HEADER_BYTES as u64 <= file_bytes {
        let mut header = [0; RECORD_HEADER_BYTES];
        file.read_exact_at(&mut header, position)?;
        let found = RecordHeader::decode(&header, salt)
            .filter(|header| position + record_span(header.length.into()) <= file_bytes.next_multiple_of(8));
        let Some(header) = found else {
            if position.is_multiple_of(ALIGNMENT as u64) {
                break;
            }
            position = position.next_multiple_of(ALIGNMENT as u64);
            continue;
        };
        let end = position + record_span(header.length.into());
        if read_payload(&file, position, &header)?.is_some() {
            contents.rows.push(IndexRow::of(&header, position as u32));
            contents.written_bytes = end.next_multiple_of(ALIGNMENT as u64);
        } else {
            tracing::warn!(segment = number, blob = %header.blob, "left out a record whose contents did not reach the disk");
        }
        position = end;
    }
    Ok(contents)
}

/// The salt of a segment, if its header is whole.
pub(crate) fn read_salt(file: &File, number: u32) -> io::Result<Option<u64>> {
    let mut header = [0; 24];
    match file.read_exact_at(&mut header, 0) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
        Err(error) => Err(error),
        Ok(()) => Ok(decode_segment_header(&header, number)),
    }
}

/// The contents of a record, or nothing if they do not match its checksum.
pub(crate) fn read_payload(file: &File, offset: u64, header: &RecordHeader) -> io::Result<Option<Bytes>> {
    let mut payload = vec![0; header.length as usize];
    match file.read_exact_at(&mut payload, offset + RECORD_HEADER_BYTES as u64) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        result => result?,
    }
    Ok((Hasher::digest_of(&payload).sha256 == header.sha256).then(|| payload.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_index_comes_back_and_a_damaged_one_does_not() {
        let directory = tempfile::tempdir().unwrap();
        let layout = Layout { root: directory.path().to_path_buf() };
        std::fs::create_dir(layout.segments()).unwrap();
        let row = IndexRow { blob: BlobId(1 << 100), offset: 4096, length: 70_000, created_ms: 5, generation: 6 };
        let contents = SegmentContents { rows: vec![row, IndexRow { blob: BlobId(2), ..row }], written_bytes: 1 << 20 };
        write_index(&layout, 3, &contents).unwrap();
        assert_eq!(read_index(&layout, 3), Some(contents));
        assert_eq!(read_index(&layout, 4), None);
        let mut bytes = std::fs::read(layout.segment_index(3)).unwrap();
        bytes[30] ^= 1;
        std::fs::write(layout.segment_index(3), bytes).unwrap();
        assert_eq!(read_index(&layout, 3), None);
    }
}
