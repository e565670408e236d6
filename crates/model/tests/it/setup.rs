//! Parameters by the dozen, CAs, revocations, the cluster secret, stopped Transaction Managers, members that go.

use crate::common::*;
use flotilla_model::*;

fn change(name: &str, value: Option<&str>, expected_version: Option<u64>) -> ParameterChange {
    ParameterChange { name: name.to_owned(), node: None, value: value.map(str::to_owned), expected_version }
}

fn set_all(changes: Vec<ParameterChange>) -> Command {
    Command::SetParameters { changes, changed_by: "ada".to_owned(), now_ms: CREATED_MS }
}

fn report(node: u64, certificates: Vec<CertificateRecord>) -> Command {
    let (node, session) = (NodeId(node), SessionId(node));
    Command::ReportCertificates { node, session, certificates, now_ms: CREATED_MS }
}

#[test]
fn many_parameters_change_together_or_not_at_all() {
    let mut state = three_nodes();
    state.apply(&set_all(vec![change("a", Some("1"), None), change("b", Some("2"), None)])).unwrap();
    let version = state.parameter("a", None).unwrap().version;
    let before = state.digest();
    let one_is_late = set_all(vec![change("b", Some("3"), None), change("a", Some("2"), Some(version + 1))]);
    assert!(matches!(state.apply(&one_is_late), Err(Rejection::VersionConflict { .. })));
    let one_is_unknown = set_all(vec![change("b", Some("3"), None), change("c", None, None)]);
    assert!(matches!(state.apply(&one_is_unknown), Err(Rejection::NoSuchParameter { .. })));
    assert_eq!(state.digest(), before);
    state.apply(&set_all(vec![change("a", None, Some(version)), change("b", Some("3"), None)])).unwrap();
    assert!(state.parameter("a", None).is_none());
    let history: Vec<_> =
        state.parameter_history.values().map(|row| (row.name.as_str(), row.value.as_deref())).collect();
    assert_eq!(history, [("a", Some("1")), ("b", Some("2")), ("a", None), ("b", Some("3"))]);
}

#[test]
fn a_ca_is_removed_when_nothing_needs_it() {
    let mut state = three_nodes();
    let remove = |force| Command::DistrustAuthority { fingerprint: "ca2".to_owned(), force };
    for force in [false, true] {
        let refused = state.apply(&remove(force));
        assert!(matches!(refused, Err(Rejection::AuthorityOfMember { node: NodeId(2), .. })), "{refused:?}");
    }
    state
        .apply(&Command::ReplaceAuthority { node: NodeId(2), authority: authority("new"), now_ms: CREATED_MS })
        .unwrap();
    assert_eq!(state.members.get(&NodeId(2)).unwrap().authority, "new");
    state.apply(&report(2, vec![certificate("mesh", "ca2", CREATED_MS + 1)])).unwrap();
    let refused = state.apply(&remove(false));
    assert!(matches!(refused, Err(Rejection::AuthorityInUse { node: NodeId(2), .. })), "{refused:?}");
    state.apply(&report(2, vec![certificate("mesh", "ca2", CREATED_MS)])).unwrap();
    state.apply(&remove(false)).unwrap();
    assert!(matches!(state.apply(&remove(false)), Err(Rejection::NoSuchAuthority { .. })));
    state.check_invariants().unwrap();
}

#[test]
fn a_report_replaces_the_one_before_and_is_bounded() {
    let mut state = three_nodes();
    state.apply(&report(1, vec![certificate("x", "ca1", 1), certificate("y", "ca1", 1)])).unwrap();
    state.apply(&report(2, vec![certificate("x", "ca2", 1)])).unwrap();
    state.apply(&report(1, vec![certificate("y", "ca1", 2)])).unwrap();
    let kept: Vec<_> = state.certificates.iter().map(|((node, alias), _)| (node.0, alias.as_str())).collect();
    assert_eq!(kept, [(1, "y"), (2, "x")]);
    let mut long = certificate("z", "ca1", 1);
    long.chain_pem = "x".repeat(40_000);
    for many in [vec![certificate("x", "ca1", 1); 65], vec![long]] {
        assert!(matches!(state.apply(&report(1, many)), Err(Rejection::TooManyCertificates { .. })));
    }
    let old = Command::ReportCertificates {
        node: NodeId(1),
        session: SessionId(9),
        certificates: vec![],
        now_ms: CREATED_MS,
    };
    assert!(matches!(state.apply(&old), Err(Rejection::StaleSession { .. })));
}

#[test]
fn revocations_last_as_long_as_their_certificates() {
    let mut state = three_nodes();
    let revoke = |serial: &str, not_after_ms| Command::RevokeCertificate {
        serial: serial.to_owned(),
        subject: "CN=node".to_owned(),
        reason: "stolen".to_owned(),
        not_after_ms,
        now_ms: CREATED_MS,
    };
    const DAY_MS: u64 = 86_400_000;
    state.apply(&revoke("a", CREATED_MS + 1_000)).unwrap();
    state.apply(&revoke("b", CREATED_MS + 5 * DAY_MS)).unwrap();
    assert!(matches!(state.apply(&revoke("a", 0)), Err(Rejection::AlreadyRevoked { .. })));
    passes(&mut state, 2 * DAY_MS);
    assert_eq!(state.revocations.iter().map(|(serial, _)| serial.as_str()).collect::<Vec<_>>(), ["b"]);
}

#[test]
fn the_old_secret_goes_when_every_member_has_the_new_one() {
    let mut state = three_nodes();
    let rotate = |fingerprint: &str| Command::RotateSecret {
        fingerprint: fingerprint.to_owned(),
        previous: "old".to_owned(),
        sealed: Sealed(vec![7]),
        now_ms: CREATED_MS,
    };
    let finish = |force| Command::FinishRotation { fingerprint: "new".to_owned(), force, now_ms: CREATED_MS };
    let adopted = |node| Command::SecretAdopted { node: NodeId(node), fingerprint: "new".to_owned() };
    assert!(matches!(state.apply(&finish(true)), Err(Rejection::NoRotation { .. })));
    state.apply(&rotate("new")).unwrap();
    assert!(matches!(state.apply(&rotate("other")), Err(Rejection::RotationUnderWay { .. })));
    for node in [3, 1, 3] {
        state.apply(&adopted(node)).unwrap();
    }
    assert_eq!(state.apply(&finish(false)), Err(Rejection::SecretNotAdopted { node: NodeId(2) }));
    let mut forced = state.clone();
    forced.apply(&finish(true)).unwrap();
    state.apply(&adopted(2)).unwrap();
    state.apply(&finish(false)).unwrap();
    let row = state.secret_rotations.get(&"new".to_owned()).unwrap();
    assert_eq!((row.adopted.as_slice(), row.sealed.0.len()), (&[NodeId(1), NodeId(2), NodeId(3)][..], 0));
    assert!(matches!(state.apply(&finish(false)), Err(Rejection::NoRotation { .. })));
    state.apply(&rotate("third")).unwrap();
    state.check_invariants().unwrap();
}

#[test]
fn a_stopped_transaction_manager_gets_no_work() {
    let mut state = three_nodes();
    state.apply(&stored("a", "x", 1, 1)).unwrap();
    let set_tm = |node: Option<u64>, is_stopped| Command::SetTransactionManager {
        node: node.map(NodeId),
        is_stopped,
        now_ms: CREATED_MS,
    };
    state.apply(&set_tm(Some(1), true)).unwrap();
    assert_eq!(claimed(&mut state, 1, 5), []);
    state.apply(&set_tm(None, true)).unwrap();
    assert_eq!(state.stopped_tms.len(), 3);
    state.apply(&set_tm(None, false)).unwrap();
    assert_eq!(claimed(&mut state, 1, 5), [EventId(1)]);
    assert!(matches!(state.apply(&set_tm(Some(9), true)), Err(Rejection::NoSuchMember { .. })));
}

#[test]
fn a_member_goes_only_if_a_majority_stays_up() {
    let mut state = three_nodes();
    let remove = |node| Command::RemoveMember { node: NodeId(node), now_ms: CREATED_MS };
    let lost = |node| Command::NodeLost {
        node: NodeId(node),
        session: SessionId(node),
        reason: "test".to_owned(),
        now_ms: CREATED_MS,
    };
    state.apply(&lost(3)).unwrap();
    let refused = state.apply(&remove(2));
    assert_eq!(refused, Err(Rejection::WouldLoseQuorum { node: NodeId(2), up: 1, members: 2 }));
    state.apply(&report(2, vec![certificate("mesh", "ca2", CREATED_MS)])).unwrap();
    state
        .apply(&Command::SetTransactionManager { node: Some(NodeId(2)), is_stopped: true, now_ms: CREATED_MS })
        .unwrap();
    state.apply(&remove(3)).unwrap();
    state.apply(&remove(2)).unwrap();
    assert_eq!(state.apply(&remove(1)), Err(Rejection::LastMember));
    assert!(state.certificates.is_empty() && state.stopped_tms.is_empty());
    state.check_invariants().unwrap();
}

#[test]
fn a_disabled_cluster_is_one_node_by_itself() {
    let mut state = three_nodes();
    let disable = set_all(vec![change("Cluster.mode", Some("disabled"), None)]);
    assert_eq!(state.apply(&disable), Err(Rejection::NotAlone { members: 3 }));
    let lost = |node| Command::NodeLost {
        node: NodeId(node),
        session: SessionId(node),
        reason: "test".to_owned(),
        now_ms: CREATED_MS,
    };
    for node in [2, 3] {
        state.apply(&lost(node)).unwrap();
        state.apply(&Command::RemoveMember { node: NodeId(node), now_ms: CREATED_MS }).unwrap();
    }
    assert_eq!(state.former_members().collect::<Vec<_>>(), [NodeId(2), NodeId(3)]);
    state.apply(&disable).unwrap();
    let token = Sha256([9; 32]);
    state
        .apply(&Command::CreateJoinToken {
            secret_hash: token,
            expires_ms: CREATED_MS + 60_000,
            created_by: "test".to_owned(),
            now_ms: CREATED_MS,
        })
        .unwrap();
    assert_eq!(state.apply(&admit(4, Some(token))), Err(Rejection::ClusterDisabled));
    state.apply(&set_all(vec![change("Cluster.mode", Some("active"), None)])).unwrap();
    assert_eq!(state.apply(&admit(4, Some(token))), Ok(Outcome::MemberAdmitted { node: NodeId(4), again: false }));
}

#[test]
fn what_a_member_has_goes_to_others_before_it_leaves() {
    let mut state = three_nodes();
    let leave = |node, is_leaving| Command::SetMemberLeaving { node: NodeId(node), is_leaving, now_ms: CREATED_MS };
    state.apply(&set("Files.replicas", 1)).unwrap();
    state.apply(&stored("a", "x", 1, 1)).unwrap();
    state.apply(&Command::ReplicaLost { blob: BlobId(1), node: NodeId(2) }).unwrap();
    state.apply(&leave(1, true)).unwrap();
    assert_eq!(state.contents_only_on(NodeId(1)), 1);
    assert_eq!(claimed(&mut state, 1, 5), [], "it gets no new work");

    // Its own copy of a new file does not count; one that stays does.
    let Command::FileStored { account, path, sha256, protocol, remote, condition, .. } = stored("a", "y", 2, 1) else {
        unreachable!()
    };
    let new = |holders: &[u64]| Command::FileStored {
        account: account.clone(),
        path: path.clone(),
        blob: BlobId(2),
        length: 1,
        sha256,
        holders: holders.iter().copied().map(NodeId).collect(),
        node: NodeId(1),
        protocol,
        remote: remote.clone(),
        condition,
        started_ms: CREATED_MS,
        now_ms: CREATED_MS,
    };
    assert_eq!(state.apply(&new(&[1])), Err(Rejection::TooFewReplicas { copies: 0, needed: 1 }));
    state.apply(&new(&[1, 2])).unwrap();

    // That the others leave too is refused as soon as nobody would be left to hold what there is.
    state.apply(&leave(2, true)).unwrap();
    assert_eq!(state.apply(&leave(3, true)), Err(Rejection::LastMember));
    assert_eq!(state.contents_only_on(NodeId(1)), 2, "who leaves too is no one to rely on");
    state.apply(&leave(2, false)).unwrap();
    let remove = Command::RemoveMember { node: NodeId(1), now_ms: CREATED_MS };
    assert_eq!(state.apply(&remove), Err(Rejection::OnlyHolder { node: NodeId(1), contents: 1 }));
    state.apply(&Command::ReplicaAdded { blob: BlobId(1), node: NodeId(3) }).unwrap();
    assert_eq!(state.contents_only_on(NodeId(1)), 0);
    state.apply(&remove).unwrap();
    assert!(state.leaving.is_empty());
    assert!(matches!(state.apply(&leave(9, true)), Err(Rejection::NoSuchMember { .. })));
    state.check_invariants().unwrap();
}
