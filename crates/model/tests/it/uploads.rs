//! Uploads in parts: where they go on, when they become a file, what is left of them.

use crate::common::*;
use flotilla_model::*;

fn blobs(state: &State) -> Vec<u128> {
    state.blobs.iter().map(|(id, _)| id.0).collect()
}

fn apply_all(state: &mut State, commands: &[Command]) {
    for command in commands {
        state.apply(command).unwrap();
        state.check_invariants().unwrap();
    }
}

fn offset(state: &State, id: u8) -> Option<u64> {
    state.upload(&name("b"), UploadId(id.into())).map(PartialUpload::offset)
}

#[test]
fn parts_become_a_file_and_go() {
    let mut state = three_nodes();
    apply_all(
        &mut state,
        &[open_upload("b", 1, "in/x", 30), append("b", 1, 0, 50, 10, 1), append("b", 1, 10, 51, 20, 2)],
    );
    assert_eq!((offset(&state, 1), blobs(&state)), (Some(30), vec![50, 51]));
    assert!(state.file(&name("b"), &path("in/x")).is_none());
    let finish = finish_upload("b", 1, "in/x", 30, 60);
    let outcome = state.apply(&finish).unwrap();
    assert_eq!(outcome, Outcome::FileStored { transfer: TransferId(1), event: None, replaced: false });
    state.check_invariants().unwrap();
    assert_eq!((blobs(&state), state.partial_bytes(&name("b"))), (vec![60], 0));
    assert_eq!(state.file(&name("b"), &path("in/x")).unwrap().length, 30);
    assert_eq!(offset(&state, 1), Some(30), "whoever did not hear of the end can ask");
    let digest = state.digest();
    assert_eq!(state.apply(&finish).unwrap(), outcome);
    assert_eq!(state.apply(&finish_upload("b", 1, "in/x", 30, 61)).unwrap(), outcome, "the second of two nodes");
    assert_eq!(state.digest(), digest);
}

#[test]
fn a_file_of_one_part_is_that_part() {
    let mut state = three_nodes();
    apply_all(
        &mut state,
        &[open_upload("b", 1, "x", 10), append("b", 1, 0, 50, 10, 2), finish_upload("b", 1, "x", 10, 50)],
    );
    assert_eq!(blobs(&state), [50]);
    let row = state.blobs.get(&BlobId(50)).unwrap();
    assert_eq!((row.references, row.holders.as_slice()), (1, &[NodeId(2), NodeId(3)][..]));
    assert_eq!(state.file(&name("b"), &path("x")).unwrap().sha256, Sha256([50; 32]));
}

#[test]
fn a_part_goes_where_the_last_one_ended() {
    let mut state = three_nodes();
    apply_all(&mut state, &[open_upload("b", 1, "x", 30), append("b", 1, 0, 50, 10, 1)]);
    let digest = state.digest();
    assert_eq!(state.apply(&append("b", 1, 0, 50, 10, 1)), Ok(Outcome::Done), "the same, again");
    for (command, rejection) in [
        (append("b", 1, 0, 51, 10, 1), Rejection::UploadOffset { offset: 10 }),
        (append("b", 1, 20, 51, 10, 1), Rejection::UploadOffset { offset: 10 }),
        (append("b", 1, 10, 51, 21, 1), Rejection::UploadLength { length: 30 }),
        (append("b", 1, 10, 51, 0, 1), Rejection::UploadLength { length: 30 }),
        (append("b", 2, 0, 51, 10, 1), Rejection::NoSuchUpload { id: UploadId(2) }),
        (append("a", 1, 0, 51, 10, 1), Rejection::NoSuchUpload { id: UploadId(1) }),
        (finish_upload("b", 1, "x", 30, 60), Rejection::UploadOffset { offset: 10 }),
        (finish_upload("b", 1, "y", 30, 60), Rejection::NestedCommand),
    ] {
        assert_eq!(state.apply(&command), Err(rejection), "{command:?}");
    }
    assert_eq!(state.digest(), digest);
}

#[test]
fn parts_count_for_the_quota_until_they_are_the_file() {
    let mut state = three_nodes();
    let quota = Command::PutAccount {
        name: name("b"),
        password_hash: None,
        enabled: None,
        quota_bytes: Some(Some(25)),
        quota_files: None,
        expected_version: None,
        now_ms: CREATED_MS,
    };
    apply_all(&mut state, &[quota, open_upload("b", 1, "x", 20), append("b", 1, 0, 50, 20, 1)]);
    assert_eq!(state.apply(&stored("b", "y", 1, 1)), Err(Rejection::QuotaBytes { limit: 25 }));
    assert_eq!(state.apply(&open_upload("b", 2, "y", 10)), Err(Rejection::QuotaBytes { limit: 25 }));
    apply_all(&mut state, &[finish_upload("b", 1, "x", 20, 60)]);
    assert_eq!(state.usage(&name("b")).bytes, 20);
}

#[test]
fn the_wanted_contents_and_the_condition_hold_at_the_end() {
    let mut state = three_nodes();
    let mut open = open_upload("b", 1, "x", 20);
    if let Command::OpenUpload { sha256, condition, .. } = &mut open {
        (*sha256, *condition) = (Some(Sha256([60; 32])), PutCondition::MustNotExist);
    }
    apply_all(&mut state, &[open, append("b", 1, 0, 50, 10, 1), append("b", 1, 10, 51, 10, 1)]);
    let wrong = Rejection::UploadChecksum { actual: Sha256([61; 32]) };
    assert_eq!(state.apply(&finish_upload("b", 1, "x", 20, 61)), Err(wrong));
    apply_all(&mut state, &[stored("b", "x", 1, 1)]);
    assert_eq!(state.apply(&finish_upload("b", 1, "x", 20, 60)), Err(Rejection::ConditionFailed));
    assert_eq!(offset(&state, 1), Some(20), "the parts stay: the file may be removed");
    let remove = Command::RemoveFile { account: name("b"), path: path("x"), expected: None };
    apply_all(&mut state, &[remove, finish_upload("b", 1, "x", 20, 60)]);
}

#[test]
fn what_nobody_goes_on_with_expires() {
    let mut state = three_nodes();
    apply_all(
        &mut state,
        &[
            open_upload("b", 1, "x", 20),
            open_upload("b", 2, "y", 20),
            append("b", 2, 0, 50, 10, 1),
            Command::Tick { now_ms: CREATED_MS + 500_000 },
        ],
    );
    assert_eq!((offset(&state, 1), offset(&state, 2)), (None, Some(10)), "each part puts the end off");
    apply_all(&mut state, &[Command::Tick { now_ms: CREATED_MS + 600_000 }]);
    assert_eq!((offset(&state, 2), state.blobs.len()), (None, 0));
}

#[test]
fn an_upload_is_given_up_and_goes_with_its_account() {
    let mut state = three_nodes();
    apply_all(&mut state, &[open_upload("b", 1, "x", 20), append("b", 1, 0, 50, 10, 1)]);
    let cancel = Command::CancelUpload { account: name("b"), id: UploadId(1) };
    apply_all(&mut state, std::slice::from_ref(&cancel));
    assert_eq!(state.blobs.len(), 0);
    assert_eq!(state.apply(&cancel), Err(Rejection::NoSuchUpload { id: UploadId(1) }));
    let remove = Command::RemoveAccount { name: name("b") };
    apply_all(&mut state, &[open_upload("b", 1, "x", 20), append("b", 1, 0, 50, 10, 1), remove]);
    assert_eq!((state.uploads.len(), state.blobs.len()), (0, 0));
}

#[test]
fn open_uploads_and_remembered_ones_are_bounded() {
    let mut state = three_nodes();
    apply_all(
        &mut state,
        &[set("Files.maxOpenUploads", 2), open_upload("b", 1, "x", 10), open_upload("b", 2, "y", 10)],
    );
    assert_eq!(state.apply(&open_upload("b", 3, "z", 10)), Err(Rejection::TooManyUploads { limit: 2 }));
    assert_eq!(state.apply(&open_upload("b", 2, "y", 10)), Ok(Outcome::Done), "the same, again");
    apply_all(
        &mut state,
        &[open_upload("a", 3, "z", 10), append("b", 1, 0, 50, 10, 1), finish_upload("b", 1, "x", 10, 50)],
    );
    for number in 3..120 {
        apply_all(
            &mut state,
            &[
                open_upload("b", number, "x", 10),
                append("b", number, 0, 100 + u128::from(number), 10, 1),
                finish_upload("b", number, "x", 10, 100 + u128::from(number)),
            ],
        );
    }
    assert_eq!(state.uploads_of(&name("b")).count(), 101, "a hundred that are over, and one that is open");
}
