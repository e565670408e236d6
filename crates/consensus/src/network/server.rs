//! Answers Raft's calls from peers.

use std::sync::Arc;

use bytes::Bytes;
use flotilla_model::NodeId;
use openraft::raft::{TransferLeaderRequest, VoteRequest};
use openraft::storage::Snapshot;
use tokio::sync::Mutex;

use crate::disk::{Disk, run_blocking};
use crate::election::Contact;
use crate::payloads::PayloadStore;
use crate::snapshot::{Incoming, Received, SnapshotFile};
use crate::types::{Raft, SnapshotMeta, TypeConfig, Vote};
use crate::wire::{self, Kind, Refusal, SnapshotPiece, SnapshotPieceAnswer, WireError};

/// The answering end of Raft's network.
pub(crate) struct RaftServer {
    raft: Raft,
    disk: Arc<dyn Disk>,
    payloads: PayloadStore,
    contact: Arc<Contact>,
    /// Held while a piece is written and while a snapshot is installed: one at a time.
    incoming: Arc<Mutex<Incoming>>,
}

impl RaftServer {
    pub(crate) fn new(raft: Raft, disk: Arc<dyn Disk>, payloads: PayloadStore, contact: Arc<Contact>) -> Self {
        Self { raft, disk, payloads, contact, incoming: Arc::default() }
    }

    pub(crate) async fn handle(&self, from: NodeId, kind: Kind, body: Bytes) -> Result<Bytes, Refusal> {
        match kind {
            Kind::AppendEntries => {
                let answer = self.raft.append_entries(wire::decode_append(from, body)?).await?;
                if answer.is_success() {
                    self.contact.heard();
                }
                wire::answer(&answer)
            }
            Kind::Vote => {
                let answer = self.raft.vote(candidacy(from, &body)?).await?;
                if answer.vote_granted {
                    self.contact.heard();
                }
                wire::answer(&answer)
            }
            Kind::PreVote => wire::answer(&self.raft.pre_vote(candidacy(from, &body)?).await?),
            Kind::SnapshotPiece => {
                self.contact.heard();
                wire::answer(&self.take_piece(SnapshotPiece::decode(from, body)?).await?)
            }
            Kind::TransferLeader => {
                let request: TransferLeaderRequest<TypeConfig> = wire::body_of(&body)?;
                check_candidate(from, request.from_leader())?;
                wire::answer(&self.raft.handle_transfer_leader(request).await?)
            }
            Kind::Forward | Kind::ReadIndex => Err(Refusal("wrong lane".to_owned())),
        }
    }

    async fn take_piece(&self, piece: SnapshotPiece) -> Result<SnapshotPieceAnswer, Refusal> {
        let mut incoming = Arc::clone(&self.incoming).lock_owned().await;
        let (disk, payloads) = (Arc::clone(&self.disk), self.payloads.clone());
        let vote = piece.vote;
        let work = move || {
            let received = incoming.take(disk.as_ref(), piece.id, piece.length, piece.offset, &piece.bytes)?;
            let checked = match received {
                Received::Wanted(offset) => Checked::Wanted(offset),
                Received::Complete(file) => {
                    let (meta, _) = file.read(&payloads).map_err(std::io::Error::other)?;
                    Checked::Complete(meta, file)
                }
            };
            Ok((checked, incoming))
        };
        let (checked, _incoming) = run_blocking(self.disk.as_ref(), work).await?;
        match checked {
            Checked::Wanted(offset) => Ok(SnapshotPieceAnswer::Wanted(offset)),
            Checked::Complete(meta, snapshot) => {
                let answer = self.raft.install_full_snapshot(vote, Snapshot { meta, snapshot }).await?;
                Ok(SnapshotPieceAnswer::Finished(answer.vote))
            }
        }
    }
}

enum Checked {
    Wanted(u64),
    Complete(SnapshotMeta, SnapshotFile),
}

fn candidacy(from: NodeId, body: &Bytes) -> Result<VoteRequest<TypeConfig>, WireError> {
    let request: VoteRequest<TypeConfig> = wire::body_of(body)?;
    check_candidate(from, &request.vote)?;
    Ok(request)
}

/// Nobody stands, or hands over, in another's name.
fn check_candidate(from: NodeId, vote: &Vote) -> Result<(), WireError> {
    if vote.leader_id.voted_for == from.0 { Ok(()) } else { Err(WireError::InvalidField { field: "vote" }) }
}
