//! The name space: conditions, quotas, folders, repeated commands.

use crate::common::{CREATED_MS, name, path, stored, three_nodes};
use flotilla_model::*;

fn with_condition(command: Command, wanted: PutCondition) -> Command {
    match command {
        Command::FileStored {
            account,
            path,
            blob,
            length,
            sha256,
            holders,
            node,
            protocol,
            remote,
            started_ms,
            now_ms,
            ..
        } => Command::FileStored {
            account,
            path,
            blob,
            length,
            sha256,
            holders,
            node,
            protocol,
            remote,
            started_ms,
            now_ms,
            condition: wanted,
        },
        other => other,
    }
}

#[test]
fn a_repeated_command_answers_alike_and_changes_nothing() {
    let mut state = three_nodes();
    let first = state.apply(&stored("a", "x", 1, 1)).unwrap();
    let digest = state.digest();
    assert_eq!(state.apply(&stored("a", "x", 1, 1)).unwrap(), first);
    assert_eq!(state.digest(), digest);
}

#[test]
fn file_and_event_are_recorded_together() {
    let mut state = three_nodes();
    let stored_with_route = state.apply(&stored("a", "x", 1, 1)).unwrap();
    let expected = Outcome::FileStored { transfer: TransferId(1), event: Some(EventId(1)), replaced: false };
    assert_eq!(stored_with_route, expected);
    let without_route = state.apply(&stored("b", "x", 2, 1)).unwrap();
    assert_eq!(without_route, Outcome::FileStored { transfer: TransferId(2), event: None, replaced: false });
    assert_eq!(state.transfers.get(&TransferId(2)).unwrap().state, TransferState::Processed);
}

#[test]
fn too_few_copies_are_refused() {
    let mut state = three_nodes();
    let mut command = stored("a", "x", 1, 1);
    if let Command::FileStored { holders, .. } = &mut command {
        *holders = vec![NodeId(1), NodeId(1), NodeId(99)];
    }
    assert_eq!(state.apply(&command), Err(Rejection::TooFewReplicas { copies: 1, needed: 2 }));
}

#[test]
fn conditions() {
    let mut state = three_nodes();
    let match_1 = PutCondition::MustMatch(Sha256([1; 32]));
    for (blob, condition, taken) in [
        (1, PutCondition::MustExist, false),
        (1, match_1, false),
        (1, PutCondition::MustNotExist, true),
        (2, PutCondition::MustNotExist, false),
        (2, match_1, true),
        (3, match_1, false),
        (3, PutCondition::MustExist, true),
    ] {
        let answer = state.apply(&with_condition(stored("a", "x", blob, 1), condition));
        assert_eq!(answer.is_ok(), taken, "{blob} {condition:?} {answer:?}");
    }
}

#[test]
fn quotas() {
    let mut state = three_nodes();
    let quota = Command::PutAccount {
        name: name("b"),
        password_hash: None,
        enabled: None,
        quota_bytes: Some(Some(25)),
        quota_files: Some(Some(2)),
        expected_version: None,
        now_ms: CREATED_MS,
    };
    state.apply(&quota).unwrap();
    state.apply(&stored("b", "x", 1, 1)).unwrap();
    state.apply(&stored("b", "y", 2, 1)).unwrap();
    assert_eq!(state.apply(&stored("b", "z", 3, 1)), Err(Rejection::QuotaBytes { limit: 25 }));
    state.apply(&stored("b", "x", 7, 1)).unwrap();
    state.apply(&Command::RemoveFile { account: name("b"), path: path("y"), expected: None }).unwrap();
    assert_eq!(state.usage(&name("b")), Usage { bytes: 10, files: 1 });
}

#[test]
fn a_name_is_a_file_or_a_folder() {
    let mut state = three_nodes();
    state.apply(&stored("b", "d/x", 1, 1)).unwrap();
    assert_eq!(state.apply(&stored("b", "d", 2, 1)), Err(Rejection::PathIsFolder { path: path("d") }));
    assert_eq!(state.apply(&stored("b", "d/x/y", 2, 1)), Err(Rejection::ParentIsFile { folder: "d/x".to_owned() }));
}

#[test]
fn listing_a_folder() {
    let mut state = three_nodes();
    for (blob, file) in (1..).zip(["d.txt", "d/1", "d/2", "d/e/1", "e", "d0"]) {
        state.apply(&stored("b", file, blob, 1)).unwrap();
    }
    let names = |folder: &str, after: Option<&str>, limit| -> Vec<String> {
        state.list_folder(&name("b"), folder, after, limit).map(|entry| entry.name().to_owned()).collect()
    };
    assert_eq!(names("", None, 99), ["d.txt", "d", "d0", "e"]);
    assert_eq!(names("d", None, 99), ["1", "2", "e"]);
    assert_eq!(names("d/e", None, 99), ["1"]);
    assert_eq!(names("nothing", None, 99), Vec::<String>::new());
    let mut paged = Vec::new();
    while let Some(next) = names("", paged.last().map(String::as_str), 1).pop() {
        paged.push(next);
    }
    assert_eq!(paged, ["d.txt", "d", "d0", "e"]);
}

#[test]
fn contents_go_with_their_last_name_and_event() {
    let mut state = three_nodes();
    state.apply(&stored("a", "x", 1, 1)).unwrap();
    state.apply(&stored("a", "x", 2, 1)).unwrap();
    assert_eq!(state.blobs.len(), 2, "the first event still needs its contents");
    state
        .apply(&Command::MoveFile { account: name("a"), from: path("x"), to: path("y"), overwrite: false, now_ms: 1 })
        .unwrap();
    state.apply(&Command::RemoveFile { account: name("a"), path: path("y"), expected: None }).unwrap();
    let claim =
        Command::Claim { node: NodeId(1), session: SessionId(1), count: 9, steal_after_ms: 0, now_ms: CREATED_MS };
    state.apply(&claim).unwrap();
    let result = |event| WorkResult {
        event: EventId(event),
        attempt: 1,
        worker: WorkerId(1),
        steps: vec![],
        end: WorkEnd::Done,
    };
    let results = vec![result(1), result(2)];
    let complete = Command::Complete { node: NodeId(1), session: SessionId(1), results, now_ms: CREATED_MS };
    state.apply(&complete).unwrap();
    assert!(state.blobs.is_empty());
    state.check_invariants().unwrap();
}

#[test]
fn a_member_that_alone_holds_contents_stays() {
    let mut state = three_nodes();
    state.apply(&stored("b", "x", 1, 1)).unwrap();
    state.apply(&Command::ReplicaLost { blob: BlobId(1), node: NodeId(2) }).unwrap();
    let remove = Command::RemoveMember { node: NodeId(1), now_ms: CREATED_MS };
    assert_eq!(state.apply(&remove), Err(Rejection::OnlyHolder { node: NodeId(1), contents: 1 }));
    state.apply(&Command::ReplicaAdded { blob: BlobId(1), node: NodeId(3) }).unwrap();
    state.apply(&remove).unwrap();
    assert_eq!(state.blobs.get(&BlobId(1)).unwrap().holders, [NodeId(3)]);
    state.check_invariants().unwrap();
}
