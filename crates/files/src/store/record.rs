//! The binary forms in a segment: its header, and the header of each record.
//!
//! Every segment draws a random salt, and each record repeats it: contents that a partner uploads can never pass for a record
//! when a torn segment is scanned. Version 1 of both forms is named by its magic.

use flotilla_model::{BlobId, Sha256};

use crate::BlobDigest;

pub(crate) const SEGMENT_HEADER_BYTES: usize = 4096;
pub(crate) const RECORD_HEADER_BYTES: usize = 80;
/// Records start at multiples of this.
pub(crate) const RECORD_ALIGNMENT: usize = 8;

const SEGMENT_MAGIC: &[u8; 8] = b"FLSEGM01";
const RECORD_MAGIC: &[u8; 4] = b"FLR1";

/// The head of one stored blob; its contents follow at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RecordHeader {
    pub(crate) blob: BlobId,
    pub(crate) sha256: Sha256,
    pub(crate) length: u32,
    pub(crate) created_ms: u64,
    /// 0 for a new blob. A repaired copy, or one moved by compaction, has a higher number than all such copies before it: of
    /// several records of a blob, the highest counts, wherever they are.
    pub(crate) generation: u32,
}

impl RecordHeader {
    pub(crate) fn digest(&self) -> BlobDigest {
        BlobDigest { sha256: self.sha256, length: u64::from(self.length) }
    }

    pub(crate) fn encode(&self, salt: u64) -> [u8; RECORD_HEADER_BYTES] {
        let mut bytes = [0; RECORD_HEADER_BYTES];
        bytes[0..4].copy_from_slice(RECORD_MAGIC);
        bytes[4..8].copy_from_slice(&self.length.to_le_bytes());
        bytes[8..24].copy_from_slice(&self.blob.0.to_le_bytes());
        bytes[24..56].copy_from_slice(&self.sha256.0);
        bytes[56..64].copy_from_slice(&self.created_ms.to_le_bytes());
        bytes[64..72].copy_from_slice(&salt.to_le_bytes());
        bytes[72..76].copy_from_slice(&self.generation.to_le_bytes());
        let checksum = crc32fast::hash(&bytes[..76]);
        bytes[76..80].copy_from_slice(&checksum.to_le_bytes());
        bytes
    }

    /// The record, if these bytes are one of the segment with this salt.
    pub(crate) fn decode(bytes: &[u8; RECORD_HEADER_BYTES], salt: u64) -> Option<Self> {
        if &bytes[0..4] != RECORD_MAGIC
            || bytes[64..72] != salt.to_le_bytes()
            || bytes[76..80] != crc32fast::hash(&bytes[..76]).to_le_bytes()
        {
            return None;
        }
        let mut sha256 = [0; 32];
        sha256.copy_from_slice(&bytes[24..56]);
        Some(Self {
            blob: BlobId(u128::from_le_bytes(bytes[8..24].try_into().ok()?)),
            sha256: Sha256(sha256),
            length: u32::from_le_bytes(bytes[4..8].try_into().ok()?),
            created_ms: u64::from_le_bytes(bytes[56..64].try_into().ok()?),
            generation: u32::from_le_bytes(bytes[72..76].try_into().ok()?),
        })
    }
}

/// Bytes that a record takes, up to where the next may start.
pub(crate) fn record_span(length: u64) -> u64 {
    (RECORD_HEADER_BYTES as u64 + length).next_multiple_of(RECORD_ALIGNMENT as u64)
}

pub(crate) fn encode_segment_header(number: u32, salt: u64) -> Vec<u8> {
    let mut bytes = vec![0; SEGMENT_HEADER_BYTES];
    bytes[0..8].copy_from_slice(SEGMENT_MAGIC);
    bytes[8..12].copy_from_slice(&number.to_le_bytes());
    bytes[12..20].copy_from_slice(&salt.to_le_bytes());
    let checksum = crc32fast::hash(&bytes[..20]);
    bytes[20..24].copy_from_slice(&checksum.to_le_bytes());
    bytes
}

/// The salt, if these bytes are the header of that segment.
pub(crate) fn decode_segment_header(bytes: &[u8], number: u32) -> Option<u64> {
    let bytes = bytes.get(..24)?;
    if &bytes[0..8] != SEGMENT_MAGIC
        || bytes[8..12] != number.to_le_bytes()
        || bytes[20..24] != crc32fast::hash(&bytes[..20]).to_le_bytes()
    {
        return None;
    }
    Some(u64::from_le_bytes(bytes[12..20].try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stream::Hasher;

    const HEADER: RecordHeader = RecordHeader {
        blob: BlobId(9),
        sha256: Sha256([3; 32]),
        length: 5,
        created_ms: 1_700_000_000_000,
        generation: 0,
    };

    #[test]
    fn any_flipped_bit_is_noticed() {
        let bytes = HEADER.encode(11);
        assert_eq!(RecordHeader::decode(&bytes, 11), Some(HEADER));
        let later = RecordHeader { generation: 70_000, ..HEADER };
        assert_eq!(RecordHeader::decode(&later.encode(11), 11), Some(later));
        assert_eq!(RecordHeader::decode(&bytes, 12), None, "another segment's record");
        for bit in 0..bytes.len() * 8 {
            let mut flipped = bytes;
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(RecordHeader::decode(&flipped, 11), None, "bit {bit}");
        }
    }

    #[test]
    fn version_one_stays_readable() {
        let bytes = HEADER.encode(11);
        let fingerprint = |bytes: &[u8]| Hasher::digest_of(bytes).sha256.to_string()[..16].to_owned();
        assert_eq!(fingerprint(&bytes), "460feed153732c81", "the stored form of a record changed");
        assert_eq!(
            fingerprint(&encode_segment_header(3, 11)),
            "ddf53775f5324300",
            "the stored form of a segment changed"
        );
    }

    #[test]
    fn segment_headers_name_their_segment() {
        let bytes = encode_segment_header(3, 11);
        assert_eq!(decode_segment_header(&bytes, 3), Some(11));
        assert_eq!(decode_segment_header(&bytes, 4), None);
        assert_eq!(decode_segment_header(&bytes[..10], 3), None);
    }
}
