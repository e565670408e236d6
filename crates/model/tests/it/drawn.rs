//! Commands drawn at random, over few members, names and ids, so that they meet each other.

use flotilla_model::*;
use proptest::prelude::*;

use crate::common::*;
use crate::people_of_accounts::{add_certificate, delegate};

fn any_account() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["a", "b", "c"])
}

fn any_path() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["x", "x/y", "x/z", "y", "in/x", "in/y", "in"])
}

fn any_end() -> impl Strategy<Value = WorkEnd> {
    prop_oneof![
        3 => Just(WorkEnd::Done),
        2 => any::<bool>().prop_map(|retryable| WorkEnd::Failed { reason: "no".to_owned(), retryable }),
        1 => (0u32..3).prop_map(|step| WorkEnd::OutcomeUnknown { step, reason: "cut".to_owned() }),
        1 => Just(WorkEnd::Returned),
        1 => Just(WorkEnd::FailedInternally { reason: "disk".to_owned() }),
    ]
}

fn any_result(now_ms: u64) -> impl Strategy<Value = WorkResult> {
    (1u64..12, 1u32..6, any_end(), 0u32..3).prop_map(move |(event, attempt, end, steps)| WorkResult {
        event: EventId(event),
        attempt,
        worker: WorkerId(1),
        steps: (0..steps)
            .map(|step| StepReport {
                step,
                kind: "checksum".to_owned(),
                attempt,
                node: NodeId(1),
                worker: WorkerId(1),
                started_ms: now_ms,
                duration_us: 5,
                result: if step == 2 {
                    StepResult::Failed { message: "no".to_owned() }
                } else {
                    StepResult::Succeeded { detail: String::new() }
                },
            })
            .collect(),
        end,
    })
}

fn any_new_event() -> impl Strategy<Value = NewEvent> {
    let key = || prop::option::weighted(0.4, prop::sample::select(vec!["k", "l"]));
    let time = || prop::option::weighted(0.2, CREATED_MS..CREATED_MS + 1_000_000);
    let kind = prop::sample::select(vec!["order.a", "order.b", "x"]);
    (kind, key(), key(), prop::option::of(0u8..10), time(), time(), 0usize..3).prop_map(
        |(kind, ordering, idempotency, priority, not_before_ms, expires_ms, length)| NewEvent {
            data: Payload::new(&b"{ }"[..length]),
            ordering_key: ordering.map(|text| EventKey::parse(text).unwrap()),
            idempotency_key: idempotency.map(|text| EventKey::parse(text).unwrap()),
            priority: priority.and_then(Priority::new),
            not_before_ms,
            expires_ms,
            ..new_event(kind)
        },
    )
}

fn any_action() -> impl Strategy<Value = EventAction> {
    prop::sample::select(vec![
        EventAction::Retry { steps: None },
        EventAction::Retry { steps: Some(vec![Step::Checksum]) },
        EventAction::Discard,
        EventAction::Cancel,
        EventAction::Resolve(ResolveAnswer::Happened),
        EventAction::Resolve(ResolveAnswer::DoItAgain),
    ])
}

/// Commands about who may do what.
fn any_command_of_access() -> impl Strategy<Value = Command> {
    use AdministratorRole::{Administrator, Auditor, Operator};
    let role = || prop::sample::select(vec![Administrator, Operator, Auditor]);
    let who = || prop::sample::select(vec!["ada", "bob"]);
    prop_oneof![
        3 => (who(), role()).prop_map(|(who, role)| administrator(who, role)),
        1 => (who(), any_account()).prop_map(|(who, account)| delegate(who, &[account])),
        1 => (0u8..3, who()).prop_map(|(number, who)| add_certificate(number, who)),
        1 => (0u8..3, who()).prop_map(|(number, who)| Command::RemoveAdministratorCertificate {
            administrator: name(who),
            fingerprint: Sha256([number; 32]),
        }),
        1 => who().prop_map(|who| Command::RemoveAdministrator { name: name(who) }),
        1 => (who(), any::<bool>()).prop_map(|(who, is_enabled)| Command::SetAdministratorEnabled {
            name: name(who), is_enabled, now_ms: CREATED_MS,
        }),
        1 => (0u8..4, 0u8..2, who(), role()).prop_map(|(key, request, who, role)| Command::Once {
            key: Sha256([key; 32]),
            request: Sha256([request; 32]),
            answer: Sealed(vec![request]),
            command: EncodedCommand::new(&administrator(who, role)),
        }),
        1 => (who(), 0u64..9).prop_map(|(who, expected_version)| Command::IfVersion {
            row: VersionedRow::Administrator(name(who)),
            expected_version,
            command: EncodedCommand::new(&Command::RemoveAdministrator { name: name(who) }),
        }),
        3 => (1u8..5, who(), role(), prop::option::of(CREATED_MS..CREATED_MS + 1_000_000))
            .prop_map(|(number, who, role, end)| api_token(number, who, role, end)),
        3 => (1u8..9, who(), 0u64..4).prop_map(|(number, who, step)| open_session(number, who, u64::from(number), Some(step))),
        1 => (1u8..9).prop_map(|number| Command::EndLoginSession { id: LoginSessionId(number.into()) }),
        2 => (who(), 1u32..6).prop_map(|(who, count)| failed_logins(who, count)),
        1 => who().prop_map(|who| Command::UnlockAdministrator { name: name(who) }),
        1 => who().prop_map(enrol),
        1 => (who(), 0u64..4).prop_map(|(who, step)| confirm(who, step)),
        1 => who().prop_map(|who| Command::RemoveSecondFactor { name: name(who) }),
        1 => who().prop_map(|who| Command::SealSecondFactor {
            name: name(who), former: Sealed(vec![1]), secret: Sealed(vec![1]),
        }),
        1 => (1u8..5).prop_map(|number| Command::RevokeApiToken { name: name(&format!("token{number}")) }),
    ]
}

/// Commands about trust, secrets and the Transaction Manager, and commands of people within `Audited`.
fn any_command_of_the_set_up() -> impl Strategy<Value = Command> {
    let node = || (1u64..5).prop_map(NodeId);
    let ca = || prop::sample::select(vec!["ca1", "ca2", "ca9"]);
    let time = || CREATED_MS..CREATED_MS + 1_000_000;
    let secret = || prop::sample::select(vec!["s1", "s2"]);
    prop_oneof![
        (node(), 1u64..5, ca(), 0usize..3, time()).prop_map(|(node, session, ca, count, now_ms)| {
            let certificates = ["x", "y"].iter().take(count).map(|alias| certificate(alias, ca, now_ms)).collect();
            Command::ReportCertificates { node, session: SessionId(session), certificates, now_ms }
        }),
        (0u8..3, time()).prop_map(|(serial, now_ms)| Command::RevokeCertificate {
            serial: serial.to_string(),
            subject: "CN=node".to_owned(),
            reason: "lost".to_owned(),
            not_after_ms: now_ms,
            now_ms,
        }),
        (node(), ca()).prop_map(|(node, ca)| Command::ReplaceAuthority {
            node,
            authority: authority(ca),
            now_ms: CREATED_MS
        }),
        (ca(), any::<bool>()).prop_map(|(ca, force)| Command::DistrustAuthority { fingerprint: ca.to_owned(), force }),
        ca().prop_map(|ca| Command::TrustAuthority { authority: authority(ca) }),
        (prop::option::of(node()), any::<bool>())
            .prop_map(|(node, is_stopped)| { Command::SetTransactionManager { node, is_stopped, now_ms: CREATED_MS } }),
        (node(), any::<bool>())
            .prop_map(|(node, is_leaving)| { Command::SetMemberLeaving { node, is_leaving, now_ms: CREATED_MS } }),
        secret().prop_map(|secret| Command::RotateSecret {
            fingerprint: secret.to_owned(),
            previous: "s0".to_owned(),
            sealed: Sealed(vec![1]),
            now_ms: CREATED_MS,
        }),
        (node(), secret()).prop_map(|(node, secret)| Command::SecretAdopted { node, fingerprint: secret.to_owned() }),
        (secret(), any::<bool>()).prop_map(|(secret, force)| {
            Command::FinishRotation { fingerprint: secret.to_owned(), force, now_ms: CREATED_MS }
        }),
        (prop::option::of(node()), 0u64..3).prop_map(|(node, value)| Command::SetParameters {
            changes: ["Audit.maxRecords", "b"]
                .map(|name| ParameterChange {
                    name: name.to_owned(),
                    node,
                    value: (value > 0).then(|| value.to_string()),
                    expected_version: None,
                })
                .into(),
            changed_by: "ada".to_owned(),
            now_ms: CREATED_MS,
        }),
        Just(Command::RecordOperation {
            operation: "certificate.import".to_owned(),
            subject: "x".to_owned(),
            before: None,
            after: Some("y".to_owned()),
        }),
    ]
}

/// Commands about uploads in parts, and about partners who log in.
fn any_command_of_partners() -> impl Strategy<Value = Command> {
    let id = || 1u8..4;
    prop_oneof![
        4 => (any_account(), id(), any_path(), 0u64..4).prop_map(|(a, id, p, length)| open_upload(a, id, p, length * 10)),
        8 => (any_account(), id(), 0u64..4, 40u128..60, 1u64..4).prop_map(|(a, id, offset, blob, node)| {
            append(a, id, offset * 10, blob, 10, node)
        }),
        6 => (any_account(), id(), any_path(), 0u64..4, 40u128..60).prop_map(|(a, id, p, length, blob)| {
            finish_upload(a, id, p, length * 10, blob)
        }),
        1 => (any_account(), id()).prop_map(|(a, id)| Command::CancelUpload { account: name(a), id: UploadId(id.into()) }),
        3 => (any_account(), 1u8..9, 1u64..6).prop_map(|(a, number, version)| partner_session(a, number, version)),
        1 => (1u8..9).prop_map(|number| Command::EndPartnerSession { id: LoginSessionId(number.into()) }),
        1 => (any_account(), any::<bool>()).prop_map(|(a, enabled)| Command::PutAccount {
            name: name(a), password_hash: Some("$argon2id$new".to_owned()), enabled: Some(enabled),
            quota_bytes: None, quota_files: None, expected_version: None, now_ms: CREATED_MS,
        }),
    ]
}

/// Any command, of few members, names and ids.
pub(crate) fn any_command() -> impl Strategy<Value = Command> {
    prop_oneof![
        8 => any_older_command(),
        2 => any_command_of_the_set_up(),
        2 => any_command_of_access(),
        4 => any_command_of_partners(),
        1 => prop_oneof![any_older_command(), any_command_of_the_set_up()].prop_map(|command| audited(&command)),
        1 => prop_oneof![any_command_of_the_set_up(), any_command_of_access()]
            .prop_map(|command| attributed("password", &command)),
    ]
}

fn any_older_command() -> impl Strategy<Value = Command> {
    let node = || (1u64..5).prop_map(NodeId);
    let session = || (1u64..5).prop_map(SessionId);
    let time = || CREATED_MS..CREATED_MS + 1_000_000;
    let event = || (1u64..12).prop_map(EventId);
    prop_oneof![
        2 => time().prop_map(|now_ms| Command::Tick { now_ms }),
        12 => (any_account(), any_path(), 1u128..40, 1u64..4).prop_map(|(a, p, blob, node)| stored(a, p, blob, node)),
        2 => (any_account(), any_path()).prop_map(|(a, p)| Command::RemoveFile { account: name(a), path: path(p), expected: None }),
        2 => (any_account(), any_path(), any_path(), any::<bool>(), time()).prop_map(|(a, from, to, overwrite, now_ms)| {
            Command::MoveFile { account: name(a), from: path(from), to: path(to), overwrite, now_ms }
        }),
        8 => (node(), session(), 0u32..4, time()).prop_map(|(node, session, count, now_ms)| {
            Command::Claim { node, session, count, steal_after_ms: 50, now_ms }
        }),
        8 => (node(), session(), prop::collection::vec(any_result(CREATED_MS), 0..3), time()).prop_map(
            |(node, session, results, now_ms)| Command::Complete { node, session, results, now_ms }
        ),
        3 => (event(), 1u32..4, node(), session(), 0u32..3, time()).prop_map(|(event, attempt, node, session, step, now_ms)| {
            Command::BeginStep { event, attempt, node, session, step, now_ms }
        }),
        3 => (event(), 1u32..4, node(), session(), any_path(), time()).prop_map(
            |(event, attempt, node, session, target, now_ms)| Command::PublishFile {
                event, attempt, node, session, target_account: name("b"), target_path: path(target), now_ms,
            }
        ),
        1 => (node(), session(), event(), 1u32..4, time()).prop_map(|(node, session, event, attempt, now_ms)| {
            Command::RenewLeases { node, session, leases: vec![(event, attempt)], now_ms }
        }),
        2 => (node(), session(), time()).prop_map(|(node, session, now_ms)| {
            Command::NodeLost { node, session, reason: "test".to_owned(), now_ms }
        }),
        2 => (1u64..5, 1u64..5).prop_map(|(node, session)| started(node, session)),
        1 => (node(), time()).prop_map(|(node, now_ms)| Command::RemoveMember { node, now_ms }),
        1 => (node(), 0u32..4).prop_map(|(node, position)| Command::MoveMember { node, position }),
        2 => (1u64..8, node(), time()).prop_map(|(transfer, node, now_ms)| {
            Command::ResubmitTransfer { transfer: TransferId(transfer), node, now_ms }
        }),
        2 => (event(), time()).prop_map(|(event, now_ms)| Command::RetryEvent { event, now_ms }),
        1 => (event(), time()).prop_map(|(event, now_ms)| Command::DiscardEvent { event, now_ms }),
        1 => (event(), any::<bool>(), time()).prop_map(|(event, again, now_ms)| {
            let answer = if again { ResolveAnswer::DoItAgain } else { ResolveAnswer::Happened };
            Command::ResolveEvent { event, answer, now_ms }
        }),
        8 => (any_account(), prop::collection::vec(any_new_event(), 0..4), 1u64..4, time()).prop_map(
            |(a, events, node, now_ms)| Command::PublishEvents { account: name(a), node: NodeId(node), events, now_ms }
        ),
        4 => (prop::collection::vec(event(), 0..3), any_action(), time()).prop_map(|(events, action, now_ms)| {
            Command::ChangeEvents { events, action, now_ms }
        }),
        2 => (any_account(), prop::option::of(0u32..4), prop::option::of(any::<bool>())).prop_map(
            |(lane, weight, is_paused)| Command::SetLane {
                lane: LaneName::parse(lane).unwrap(), weight, is_paused, now_ms: CREATED_MS,
            }
        ),
        2 => (any_account(), prop::sample::select(vec!["*", "order.*", "order.a", "file.received"]), 0u32..3).prop_map(
            |(a, kind, steps)| Command::PutKindRoute {
                account: name(a), kind: KindPattern::parse(kind).unwrap(), steps: vec![Step::Checksum; steps as usize],
                lane: (steps == 2).then(|| LaneName::parse("bulk").unwrap()), priority: Priority::new(7), expected_version: None,
            }
        ),
        1 => any_account().prop_map(account),
        1 => any_account().prop_map(|a| Command::RemoveAccount { name: name(a) }),
        1 => (1u128..40, node()).prop_map(|(blob, node)| Command::ReplicaAdded { blob: BlobId(blob), node }),
        1 => (1u128..40, node()).prop_map(|(blob, node)| Command::ReplicaLost { blob: BlobId(blob), node }),
        1 => (prop::sample::select(vec![
            "EventQueue.maxEvents", "EventQueue.maxBytes", "EventQueue.maxHistory", "EventQueue.maxDeduplicationKeys",
            "EventQueue.deduplicationWindow", "EventQueue.poisonLimit", "TransferLog.maxRecords", "EventQueue.maxRetryCount",
        ]), 0u64..5).prop_map(
            |(parameter, value)| Command::SetParameter {
                name: parameter.to_owned(), node: None, value: Some(value.to_string()), expected_version: None,
                changed_by: "test".to_owned(), now_ms: CREATED_MS,
            }
        ),
    ]
}
