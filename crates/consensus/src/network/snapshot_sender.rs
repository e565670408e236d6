//! Sends a snapshot piece by piece; the receiver says which one it wants next, so an interrupted one is gone on with.

use std::future::Future;
use std::time::Duration;

use bytes::Bytes;
use flotilla_model::NodeId;
use openraft::StorageError;
use openraft::errors::{NetworkError, RPCError, StreamingError, Unreachable};
use openraft::raft::SnapshotResponse;

use crate::disk::read_exact_at;
use crate::snapshot::SnapshotFile;
use crate::types::{TypeConfig, Vote};
use crate::wire::{self, SnapshotPiece, SnapshotPieceAnswer};

/// A lost piece is sent again after this,
const PIECE_TIMEOUT: Duration = Duration::from_secs(3);
/// and after the time for a follower that reads, checks and installs the whole at this slow rate: the answer to the last
/// piece comes after that.
const INSTALL_BYTES_PER_SECOND: u64 = 8 << 20;
/// The receiver asks for the same piece again when another transfer came between; not for ever.
const REPEATS_MAX: u32 = 8;

pub(super) async fn send<C, F>(
    vote: Vote,
    snapshot: SnapshotFile,
    node: NodeId,
    piece_bytes: u64,
    call: C,
) -> Result<SnapshotResponse<TypeConfig>, StreamingError<TypeConfig>>
where
    C: Fn(Bytes, Duration) -> F,
    F: Future<Output = Result<Bytes, RPCError<TypeConfig>>>,
{
    let unreadable = |error: std::io::Error| {
        let error = openraft::AnyError::new(&error);
        StreamingError::StorageError(StorageError::read_snapshot(
            None,
            openraft::errors::ErrorSource::from_error(&error),
        ))
    };
    let length = snapshot.file.length().map_err(unreadable)?;
    let id = (node.0 << 32) | u64::from(crc32fast::hash(snapshot.name.as_bytes()));
    let timeout = PIECE_TIMEOUT + Duration::from_secs(length / INSTALL_BYTES_PER_SECOND);
    let mut offset = 0;
    let mut repeats = 0;
    while repeats < REPEATS_MAX {
        let size = piece_bytes.min(length - offset) as usize;
        let bytes = read_exact_at(snapshot.file.as_ref(), offset, size).map_err(unreadable)?.into();
        let piece = SnapshotPiece { vote, id, length, offset, bytes };
        let answer = call(piece.encode(), timeout).await?;
        match wire::accept_answer(&answer).map_err(|error| Unreachable::new(&error))? {
            SnapshotPieceAnswer::Finished(vote) => return Ok(SnapshotResponse::new(vote)),
            SnapshotPieceAnswer::Wanted(wanted) if wanted < length => {
                repeats += u32::from(wanted <= offset);
                offset = wanted;
            }
            SnapshotPieceAnswer::Wanted(_) => break,
        }
    }
    Err(NetworkError::from_string("the receiver does not get on with the snapshot").into())
}
