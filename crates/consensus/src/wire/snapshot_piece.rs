//! A piece of a snapshot on its way to a follower.

use bytes::{BufMut, Bytes};
use flotilla_model::NodeId;
use serde::{Deserialize, Serialize};

use super::envelope::Kind;
use super::reader::{Reader, put_vote};
use super::{VERSION, WireError};
use crate::types::Vote;

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct SnapshotPiece {
    /// The leader that sends it.
    pub(crate) vote: Vote,
    /// Tells one snapshot from another.
    pub(crate) id: u64,
    /// Of the whole snapshot.
    pub(crate) length: u64,
    pub(crate) offset: u64,
    pub(crate) bytes: Bytes,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum SnapshotPieceAnswer {
    /// Go on at this offset.
    Wanted(u64),
    /// All is there and installed, or refused for a higher vote: this is the follower's vote.
    Finished(Vote),
}

impl SnapshotPiece {
    pub(crate) fn encode(&self) -> Bytes {
        let mut buffer = Vec::with_capacity(self.bytes.len() + 64);
        buffer.put_u8(VERSION);
        buffer.put_u8(Kind::SnapshotPiece as u8);
        put_vote(&mut buffer, &self.vote);
        buffer.put_u64_le(self.id);
        buffer.put_u64_le(self.length);
        buffer.put_u64_le(self.offset);
        buffer.put_u32_le(crc32fast::hash(&self.bytes));
        buffer.put_slice(&self.bytes);
        buffer.into()
    }

    pub(crate) fn decode(from: NodeId, body: Bytes) -> Result<Self, WireError> {
        let mut reader = Reader(body);
        let vote = reader.vote()?;
        if !vote.committed || vote.leader_id.voted_for != from.0 {
            return Err(WireError::InvalidField { field: "vote" });
        }
        let (id, length, offset) = (reader.u64()?, reader.u64()?, reader.u64()?);
        let checksum = reader.u32()?;
        let bytes = reader.0;
        if crc32fast::hash(&bytes) != checksum {
            return Err(WireError::InvalidField { field: "checksum" });
        }
        if offset.checked_add(bytes.len() as u64).is_none_or(|end| end > length) {
            return Err(WireError::InvalidField { field: "offset" });
        }
        Ok(Self { vote, id, length, offset, bytes })
    }
}
