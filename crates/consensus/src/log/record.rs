//! Records: what the log says, one statement each.
//!
//! The log is only ever appended to. Removing the tail (`TruncatedAfter`) and dropping the head (`Purged`) are records too,
//! and so are the vote and the commit position, so that replaying the records in order gives the state of the log.
//!
//! Layout, little endian: length u32 (of what follows the checksum), crc32 u32, kind u8, term u64, index u64, payload.

use bytes::Bytes;
use openraft::vote::RaftLeaderId;

use crate::types::{LeaderId, LogId, Vote, log_id, term_of};

pub(super) const RECORD_HEADER_BYTES: usize = 8 + FIXED_BYTES;
const FIXED_BYTES: usize = 17;

const KIND_VOTE: u8 = 16;
const KIND_COMMITTED_VOTE: u8 = 17;
const KIND_COMMITTED: u8 = 18;
const KIND_TRUNCATED_AFTER: u8 = 19;
const KIND_PURGED: u8 = 20;
const KIND_LAST_BEFORE: u8 = 21;
const KIND_SEAL: u8 = 22;

/// Stands for "no log id" where one may be missing.
const NONE: u64 = u64::MAX;

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Record {
    /// An entry, its payload still encoded.
    Entry {
        id: LogId,
        kind: u8,
        payload: Bytes,
    },
    Vote(Vote),
    Committed(Option<LogId>),
    TruncatedAfter(Option<LogId>),
    Purged(LogId),
    /// At the head of a segment: the last entry before it.
    LastBefore(Option<LogId>),
    /// At the end of a segment: it is complete.
    Seal,
}

/// A record cannot be read: it is damaged, or was never written in full.
#[derive(Debug, PartialEq)]
pub(super) struct BadRecord;

impl Record {
    pub(super) fn encode(&self, buffer: &mut Vec<u8>) {
        let id = |id: &Option<LogId>| id.as_ref().map_or((NONE, NONE), |id| (term_of(id), id.index));
        let empty = &Bytes::new();
        let (kind, (term, index), payload) = match self {
            Self::Entry { id, kind, payload } => (*kind, (term_of(id), id.index), payload),
            Self::Vote(vote) => {
                let kind = if vote.committed { KIND_COMMITTED_VOTE } else { KIND_VOTE };
                (kind, (vote.leader_id.term, vote.leader_id.voted_for), empty)
            }
            Self::Committed(committed) => (KIND_COMMITTED, id(committed), empty),
            Self::TruncatedAfter(last) => (KIND_TRUNCATED_AFTER, id(last), empty),
            Self::Purged(purged) => (KIND_PURGED, id(&Some(*purged)), empty),
            Self::LastBefore(last) => (KIND_LAST_BEFORE, id(last), empty),
            Self::Seal => (KIND_SEAL, (NONE, NONE), empty),
        };
        let start = buffer.len();
        buffer.extend_from_slice(&((FIXED_BYTES + payload.len()) as u32).to_le_bytes());
        buffer.extend_from_slice(&[0; 4]);
        buffer.push(kind);
        buffer.extend_from_slice(&term.to_le_bytes());
        buffer.extend_from_slice(&index.to_le_bytes());
        buffer.extend_from_slice(payload);
        let checksum = crc32fast::hash(&buffer[start + 8..]);
        buffer[start + 4..start + 8].copy_from_slice(&checksum.to_le_bytes());
    }

    /// Reads the record at the head of `bytes`; returns it and its length.
    pub(super) fn decode(bytes: &Bytes) -> Result<(Self, usize), BadRecord> {
        let header = bytes.get(..RECORD_HEADER_BYTES).ok_or(BadRecord)?;
        let length = read_u32(header, 0) as usize;
        if length < FIXED_BYTES || length > bytes.len() - 8 {
            return Err(BadRecord);
        }
        if crc32fast::hash(&bytes[8..8 + length]) != read_u32(header, 4) {
            return Err(BadRecord);
        }
        let (kind, term, index) = (header[8], read_u64(header, 9), read_u64(header, 17));
        let id = log_id(term, index);
        let optional_id = if index == NONE { None } else { Some(id) };
        let vote = |committed| Vote { leader_id: LeaderId::new(term, index), committed };
        let record = match kind {
            KIND_VOTE => Self::Vote(vote(false)),
            KIND_COMMITTED_VOTE => Self::Vote(vote(true)),
            KIND_COMMITTED => Self::Committed(optional_id),
            KIND_TRUNCATED_AFTER => Self::TruncatedAfter(optional_id),
            KIND_PURGED => Self::Purged(id),
            KIND_LAST_BEFORE => Self::LastBefore(optional_id),
            KIND_SEAL => Self::Seal,
            kind => Self::Entry { id, kind, payload: bytes.slice(RECORD_HEADER_BYTES..8 + length) },
        };
        Ok((record, 8 + length))
    }
}

pub(super) fn read_u32(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..at + 4).and_then(|part| part.try_into().ok()).map_or(0, u32::from_le_bytes)
}

pub(super) fn read_u64(bytes: &[u8], at: usize) -> u64 {
    bytes.get(at..at + 8).and_then(|part| part.try_into().ok()).map_or(0, u64::from_le_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples() -> Vec<Record> {
        let vote = Vote { leader_id: LeaderId::new(7, 3), committed: true };
        vec![
            Record::Entry { id: log_id(1, 2), kind: 2, payload: Bytes::from_static(b"payload") },
            Record::Vote(vote),
            Record::Vote(Vote { committed: false, ..vote }),
            Record::Committed(None),
            Record::Committed(Some(log_id(3, 4))),
            Record::TruncatedAfter(None),
            Record::Purged(log_id(5, 6)),
            Record::LastBefore(Some(log_id(1, 1))),
            Record::Seal,
        ]
    }

    #[test]
    fn every_kind_comes_back() {
        for record in samples() {
            let mut buffer = Vec::new();
            record.encode(&mut buffer);
            let length = buffer.len();
            buffer.extend_from_slice(b"what follows");
            assert_eq!(Record::decode(&buffer.into()), Ok((record, length)));
        }
    }

    #[test]
    fn any_flipped_bit_is_seen() {
        for record in samples() {
            let mut buffer = Vec::new();
            record.encode(&mut buffer);
            for bit in 0..buffer.len() * 8 {
                let mut damaged = buffer.clone();
                damaged[bit / 8] ^= 1 << (bit % 8);
                assert_eq!(Record::decode(&damaged.into()), Err(BadRecord), "{record:?}, bit {bit}");
            }
        }
    }
}
