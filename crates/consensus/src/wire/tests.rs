//! Messages come back as they were; anything else is refused without a panic.

use bytes::Bytes;
use flotilla_model::NodeId;
use openraft::raft::AppendEntriesRequest;
use proptest::prelude::*;

use super::*;
use crate::types::{Entry, EntryPayload, LeaderId, Payload, TypeConfig, Vote, log_id};

const LEADER: NodeId = NodeId(3);

fn vote(term: u64) -> Vote {
    Vote { leader_id: LeaderId { term, voted_for: LEADER.0 }, committed: true }
}

fn sample() -> AppendEntriesRequest<TypeConfig> {
    let payload = |byte| EntryPayload::Normal(Payload(Bytes::from(vec![byte; 40])));
    AppendEntriesRequest {
        vote: vote(5),
        prev_log_id: Some(log_id(4, 9)),
        leader_commit: Some(log_id(4, 8)),
        entries: vec![
            Entry { log_id: log_id(4, 10), payload: payload(1) },
            Entry { log_id: log_id(5, 11), payload: EntryPayload::Blank },
            Entry { log_id: log_id(5, 12), payload: EntryPayload::Membership(Default::default()) },
        ],
    }
}

fn decode(message: &Bytes) -> Result<AppendEntriesRequest<TypeConfig>, WireError> {
    let (kind, body) = accept_request(message)?;
    assert_eq!(kind, Kind::AppendEntries);
    decode_append(LEADER, body)
}

#[test]
fn append_entries_comes_back() {
    let request = sample();
    let decoded = decode(&encode_append(&request).unwrap()).unwrap();
    assert_eq!(format!("{decoded:?}"), format!("{request:?}"));
    assert_eq!(decoded.entries, request.entries);
}

#[test]
fn payloads_are_not_copied_when_received() {
    let message = encode_append(&sample()).unwrap();
    let decoded = decode(&message).unwrap();
    let EntryPayload::Normal(payload) = &decoded.entries[0].payload else { panic!("not a batch") };
    assert!(message.as_ptr_range().contains(&payload.0.as_ptr()));
}

#[test]
fn a_cut_message_is_refused_at_any_length() {
    let message = encode_append(&sample()).unwrap();
    for length in 0..message.len() {
        assert!(decode(&message.slice(..length)).is_err(), "{length} bytes");
    }
    let longer = [&message[..], &[0]].concat().into();
    assert!(matches!(decode(&longer), Err(WireError::TrailingBytes { count: 1 })));
}

#[test]
fn what_no_leader_would_send_is_refused() {
    let refused = |change: fn(&mut AppendEntriesRequest<TypeConfig>)| {
        let mut request = sample();
        change(&mut request);
        decode(&encode_append(&request).unwrap()).is_err()
    };
    assert!(!refused(|_| ()));
    assert!(refused(|request| request.vote.committed = false), "not elected");
    assert!(refused(|request| request.vote.leader_id.voted_for = 2), "in another's name");
    assert!(refused(|request| drop(request.entries.remove(1))), "a gap");
    assert!(refused(|request| request.entries[0].log_id = log_id(3, 10)), "a term that goes back");
    assert!(refused(|request| request.entries[2].log_id = log_id(6, 12)), "a term of the future");
    assert!(refused(|request| request.prev_log_id = None), "a gap at the head");
    assert!(refused(|request| request.prev_log_id = Some(log_id(4, u64::MAX))), "an index that overflows");
}

#[test]
fn snapshot_pieces_come_back_and_bad_ones_are_refused() {
    let piece =
        SnapshotPiece { vote: vote(2), id: 7, length: 100, offset: 90, bytes: Bytes::from_static(b"0123456789") };
    let decode = |bytes: Bytes| SnapshotPiece::decode(LEADER, accept_request(&bytes).unwrap().1);
    assert_eq!(decode(piece.encode()).unwrap(), piece);
    assert!(decode(SnapshotPiece { offset: 91, ..piece.clone() }.encode()).is_err());
    assert!(decode(SnapshotPiece { offset: u64::MAX, ..piece.clone() }.encode()).is_err());
    let mut flipped = piece.encode().to_vec();
    *flipped.last_mut().unwrap() ^= 1;
    assert!(matches!(decode(flipped.into()), Err(WireError::InvalidField { field: "checksum" })));
}

#[test]
fn answers_and_refusals_are_told_apart() {
    let answered = answer(&7_u64).unwrap_or_else(refuse);
    assert_eq!(accept_answer::<u64>(&answered).unwrap(), 7);
    let refused = refuse(Refusal("not today".to_owned()));
    assert!(matches!(accept_answer::<u64>(&refused), Err(WireError::Refused { message }) if message == "not today"));
    let newer = Bytes::from_static(&[2, 0, 7]);
    assert!(matches!(accept_answer::<u64>(&newer), Err(WireError::UnknownVersion { found: 2 })));
    assert!(matches!(accept_request(&Bytes::from_static(&[1, 99])), Err(WireError::UnknownKind { found: 99 })));
    let long = Bytes::from(vec![1; MESSAGE_BYTES_MAX + 1]);
    assert!(matches!(accept_request(&long), Err(WireError::TooLong { .. })));
}

proptest! {
    #[test]
    fn garbage_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..300), flip in any::<usize>()) {
        let garbage = Bytes::from(bytes);
        let _ = decode_append(LEADER, garbage.clone());
        let _ = SnapshotPiece::decode(LEADER, garbage.clone());
        let _ = accept_answer::<SnapshotPieceAnswer>(&garbage);
        let mut damaged = encode_append(&sample()).unwrap().to_vec();
        let position = 2 + flip % (damaged.len() - 2);
        damaged[position] ^= 1 << (flip % 8);
        let _ = decode(&damaged.into());
    }
}
