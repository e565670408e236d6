//! Puts the pieces of a snapshot together that a leader sends.
//!
//! The sender names an offset with each piece; the answer says which one is wanted next. So a lost piece is sent again, and
//! a new leader that sends another snapshot begins anew.

use std::io;
use std::sync::Arc;

use bytes::Bytes;

use super::SnapshotFile;
use super::store::INCOMING_NAME;
use crate::disk::{Disk, DiskFile};

/// No snapshot comes near this; a longer one is refused.
const SNAPSHOT_BYTES_MAX: u64 = 1 << 40;

/// What is being received.
struct Transfer {
    id: u64,
    length: u64,
    received: u64,
    file: Arc<dyn DiskFile>,
}

/// The receiving end; at most one snapshot at a time.
#[derive(Default)]
pub(crate) struct Incoming {
    transfer: Option<Transfer>,
}

/// What came of a piece.
pub(crate) enum Received {
    /// The sender goes on at this offset.
    Wanted(u64),
    /// All is there.
    Complete(SnapshotFile),
}

impl Incoming {
    /// Takes a piece. `id` tells snapshots apart, `length` is that of the whole one. Blocks.
    pub(crate) fn take(
        &mut self,
        disk: &dyn Disk,
        id: u64,
        length: u64,
        offset: u64,
        bytes: &Bytes,
    ) -> io::Result<Received> {
        if length > SNAPSHOT_BYTES_MAX {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "the snapshot is longer than any may be"));
        }
        let known = self.transfer.as_ref().is_some_and(|transfer| transfer.id == id && transfer.length == length);
        if !known {
            let file = disk.create(INCOMING_NAME)?;
            self.transfer = Some(Transfer { id, length, received: 0, file });
        }
        let Some(transfer) = &mut self.transfer else { return Ok(Received::Wanted(0)) };
        if offset == transfer.received && offset + bytes.len() as u64 <= length {
            transfer.file.write_at(offset, bytes)?;
            transfer.received += bytes.len() as u64;
        }
        if transfer.received < length {
            return Ok(Received::Wanted(transfer.received));
        }
        let file = Arc::clone(&transfer.file);
        self.transfer = None;
        Ok(Received::Complete(SnapshotFile { name: INCOMING_NAME.to_owned(), file }))
    }
}
