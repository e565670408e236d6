//! Reads fields off the head of a message, and writes them.

use bytes::{Buf, BufMut, Bytes};

use super::WireError;
use crate::types::{LeaderId, LogId, Vote, log_id, term_of};

pub(super) struct Reader(pub(super) Bytes);

impl Reader {
    fn need(&self, count: usize) -> Result<(), WireError> {
        if self.0.len() < count { Err(WireError::Truncated) } else { Ok(()) }
    }

    pub(super) fn u8(&mut self) -> Result<u8, WireError> {
        self.need(1)?;
        Ok(self.0.get_u8())
    }

    pub(super) fn u32(&mut self) -> Result<u32, WireError> {
        self.need(4)?;
        Ok(self.0.get_u32_le())
    }

    pub(super) fn u64(&mut self) -> Result<u64, WireError> {
        self.need(8)?;
        Ok(self.0.get_u64_le())
    }

    fn flag(&mut self, field: &'static str) -> Result<bool, WireError> {
        match self.u8()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(WireError::InvalidField { field }),
        }
    }

    pub(super) fn log_id(&mut self) -> Result<LogId, WireError> {
        Ok(log_id(self.u64()?, self.u64()?))
    }

    pub(super) fn optional_log_id(&mut self, field: &'static str) -> Result<Option<LogId>, WireError> {
        if self.flag(field)? { self.log_id().map(Some) } else { Ok(None) }
    }

    pub(super) fn vote(&mut self) -> Result<Vote, WireError> {
        let (term, voted_for) = (self.u64()?, self.u64()?);
        Ok(Vote { leader_id: LeaderId { term, voted_for }, committed: self.flag("vote")? })
    }

    /// The next `count` bytes, shared with the message.
    pub(super) fn bytes(&mut self, count: usize) -> Result<Bytes, WireError> {
        self.need(count)?;
        Ok(self.0.split_to(count))
    }

    pub(super) fn end(self) -> Result<(), WireError> {
        if self.0.is_empty() { Ok(()) } else { Err(WireError::TrailingBytes { count: self.0.len() }) }
    }
}

pub(super) fn put_log_id(buffer: &mut Vec<u8>, id: &LogId) {
    buffer.put_u64_le(term_of(id));
    buffer.put_u64_le(id.index);
}

pub(super) fn put_optional_log_id(buffer: &mut Vec<u8>, id: Option<&LogId>) {
    buffer.put_u8(u8::from(id.is_some()));
    if let Some(id) = id {
        put_log_id(buffer, id);
    }
}

pub(super) fn put_vote(buffer: &mut Vec<u8>, vote: &Vote) {
    buffer.put_u64_le(vote.leader_id.term);
    buffer.put_u64_le(vote.leader_id.voted_for);
    buffer.put_u8(u8::from(vote.committed));
}
