//! `AppendEntries`: vote, entry before, commit position, entries.

use bytes::{BufMut, Bytes};
use flotilla_model::NodeId;
use openraft::raft::AppendEntriesRequest;

use super::envelope::Kind;
use super::reader::{Reader, put_log_id, put_optional_log_id, put_vote};
use super::{VERSION, WireError};
use crate::entry_codec;
use crate::types::{Entry, TypeConfig, term_of};

/// More entries than openraft puts into one message.
const ENTRIES_MAX: u32 = 4096;

type Request = AppendEntriesRequest<TypeConfig>;

pub(crate) fn encode_append(request: &Request) -> Result<Bytes, WireError> {
    let encoded: Vec<_> =
        request.entries.iter().map(|entry| entry_codec::encode(&entry.payload)).collect::<Result<_, _>>()?;
    let size = encoded.iter().map(|(_, payload)| payload.len() + 21).sum::<usize>() + 64;
    let mut buffer = Vec::with_capacity(size);
    buffer.put_u8(VERSION);
    buffer.put_u8(Kind::AppendEntries as u8);
    put_vote(&mut buffer, &request.vote);
    put_optional_log_id(&mut buffer, request.prev_log_id.as_ref());
    put_optional_log_id(&mut buffer, request.leader_commit.as_ref());
    buffer.put_u32_le(request.entries.len() as u32);
    for (entry, (kind, payload)) in request.entries.iter().zip(encoded) {
        buffer.put_u8(kind);
        put_log_id(&mut buffer, &entry.log_id);
        buffer.put_u32_le(payload.len() as u32);
        buffer.put_slice(&payload);
    }
    Ok(buffer.into())
}

/// Reads and checks the body. openraft trusts that entries follow each other and that the vote is a leader's; a peer that
/// breaks this is refused here.
pub(crate) fn decode_append(from: NodeId, body: Bytes) -> Result<Request, WireError> {
    let mut reader = Reader(body);
    let vote = reader.vote()?;
    if !vote.committed || vote.leader_id.voted_for != from.0 {
        return Err(WireError::InvalidField { field: "vote" });
    }
    let prev_log_id = reader.optional_log_id("previous entry")?;
    let leader_commit = reader.optional_log_id("commit position")?;
    let count = reader.u32()?;
    if count > ENTRIES_MAX {
        return Err(WireError::InvalidField { field: "count of entries" });
    }
    let mut entries: Vec<Entry> = Vec::new();
    let mut before = prev_log_id;
    for _ in 0..count {
        let kind = reader.u8()?;
        let id = reader.log_id()?;
        let follows = id.index == before.map_or(0, |id| id.index.saturating_add(1)) && before <= Some(id);
        if !follows || term_of(&id) > vote.leader_id.term {
            return Err(WireError::InvalidField { field: "log id" });
        }
        let length = reader.u32()? as usize;
        let payload = entry_codec::decode(kind, reader.bytes(length)?)?;
        entries.push(Entry { log_id: id, payload });
        before = Some(id);
    }
    reader.end()?;
    Ok(Request { vote, prev_log_id, entries, leader_commit })
}
