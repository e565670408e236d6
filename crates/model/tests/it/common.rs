//! A small cluster's state, and commands drawn at random over few names so that they meet each other.

use flotilla_model::*;
use proptest::prelude::*;

pub(crate) const CREATED_MS: u64 = 1_000_000;

pub(crate) fn name(text: &str) -> AccountName {
    AccountName::parse(text).unwrap()
}

pub(crate) fn path(text: &str) -> FilePath {
    FilePath::parse(text).unwrap()
}

pub(crate) fn admit(number: u64, token: Option<Sha256>) -> Command {
    Command::AdmitMember {
        token,
        name: format!("node{number}"),
        role: MemberRole::Full,
        mesh_address: format!("node{number}:44431"),
        admin_url: format!("https://node{number}:8444"),
        transfer_url: format!("https://node{number}:8443"),
        authority: Authority {
            fingerprint: format!("ca{number}"),
            certificate_pem: "PEM".to_owned(),
            node: None,
            added_ms: CREATED_MS,
        },
        now_ms: CREATED_MS,
    }
}

pub(crate) fn started(node: u64, session: u64) -> Command {
    Command::NodeStarted {
        node: NodeId(node),
        session: SessionId(session),
        version: "1.2.3".to_owned(),
        mesh_address: format!("node{node}:44431"),
        admin_url: format!("https://node{node}:8444"),
        transfer_url: format!("https://node{node}:8443"),
        now_ms: CREATED_MS,
    }
}

pub(crate) fn account(text: &str) -> Command {
    Command::PutAccount {
        name: name(text),
        password_hash: Some("$argon2id$".to_owned()),
        enabled: None,
        quota_bytes: None,
        quota_files: None,
        expected_version: None,
        now_ms: CREATED_MS,
    }
}

pub(crate) fn stored(account: &str, file: &str, blob: u128, node: u64) -> Command {
    Command::FileStored {
        account: name(account),
        path: path(file),
        blob: BlobId(blob),
        length: 10 + blob as u64 % 7,
        sha256: Sha256([blob as u8; 32]),
        holders: vec![NodeId(node), NodeId(node % 3 + 1)],
        node: NodeId(node),
        protocol: Protocol::Https,
        remote: "127.0.0.1".to_owned(),
        condition: PutCondition::Any,
        started_ms: CREATED_MS,
        now_ms: CREATED_MS,
    }
}

/// Three members that run (session = node id), accounts `a` and `b`, a route for `a`.
pub(crate) fn three_nodes() -> State {
    let mut state = State::default();
    let token = |number: u64| Sha256([number as u8; 32]);
    let mut commands = vec![
        Command::CreateCluster {
            id: 7,
            name: "test".to_owned(),
            parameters: vec![("EventQueue.retryDelayInterval".to_owned(), "1".to_owned())],
            now_ms: CREATED_MS,
        },
        admit(1, None),
    ];
    for number in 2..=3 {
        commands.push(Command::CreateJoinToken {
            secret_hash: token(number),
            expires_ms: CREATED_MS + 60_000,
            created_by: "admin".to_owned(),
            now_ms: CREATED_MS,
        });
        commands.push(admit(number, Some(token(number))));
    }
    commands.extend((1..=3).map(|node| started(node, node)));
    commands.extend([account("a"), account("b")]);
    let steps = vec![
        Step::Checksum,
        Step::Publish { account: name("b"), folder: "in".to_owned() },
        Step::Webhook { url: "http://127.0.0.1/".to_owned(), key: None, timeout_ms: 1000, idempotent: false },
    ];
    commands.push(Command::PutRoute { account: name("a"), steps, expected_version: None });
    commands.push(kind_route("a", "order.*", None));
    for command in &commands {
        state.apply(command).unwrap();
    }
    state.check_invariants().unwrap();
    state
}

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

pub(crate) fn new_event(kind: &str) -> NewEvent {
    NewEvent {
        kind: KindName::parse(kind).unwrap(),
        data: Payload::new(b"{}"),
        ordering_key: None,
        idempotency_key: None,
        priority: None,
        not_before_ms: None,
        expires_ms: None,
        trace_id: None,
    }
}

pub(crate) fn key(text: &str) -> Option<EventKey> {
    Some(EventKey::parse(text).unwrap())
}

pub(crate) fn publish(account: &str, node: u64, events: Vec<NewEvent>) -> Command {
    Command::PublishEvents { account: name(account), node: NodeId(node), events, now_ms: CREATED_MS }
}

/// A route for a kind: with one cheap step.
pub(crate) fn kind_route(account: &str, kind: &str, lane: Option<&str>) -> Command {
    Command::PutKindRoute {
        account: name(account),
        kind: KindPattern::parse(kind).unwrap(),
        steps: vec![Step::Checksum],
        lane: lane.map(|lane| LaneName::parse(lane).unwrap()),
        priority: None,
        expected_version: None,
    }
}

pub(crate) fn set(parameter: &str, value: u64) -> Command {
    Command::SetParameter {
        name: parameter.to_owned(),
        node: None,
        value: Some(value.to_string()),
        expected_version: None,
        changed_by: "test".to_owned(),
        now_ms: CREATED_MS,
    }
}

/// Publishes and gives the ids; every event must be taken.
pub(crate) fn published(state: &mut State, account: &str, node: u64, events: Vec<NewEvent>) -> Vec<EventId> {
    match state.apply(&publish(account, node, events)).unwrap() {
        Outcome::Published(publications) => publications
            .into_iter()
            .map(|publication| match publication {
                Publication::New(id) => id,
                other => panic!("{other:?}"),
            })
            .collect(),
        other => panic!("{other:?}"),
    }
}

/// What a claim of up to `count` events gets.
pub(crate) fn claimed(state: &mut State, node: u64, count: u32) -> Vec<EventId> {
    let (node, session) = (NodeId(node), SessionId(node));
    let claim = Command::Claim { node, session, count, steal_after_ms: 100, now_ms: state.clock_ms() };
    match state.apply(&claim).unwrap() {
        Outcome::Claimed { leases, .. } => leases.into_iter().map(|(event, _)| event).collect(),
        other => panic!("{other:?}"),
    }
}

/// Ends the current lease of an event.
pub(crate) fn ended(state: &mut State, event: EventId, end: WorkEnd) {
    let row = state.events.get(&event).unwrap();
    let EventState::Leased(lease) = row.state else { panic!("{event} is {}", row.state.name()) };
    let result = WorkResult { event, attempt: row.attempt, worker: WorkerId(1), steps: vec![], end };
    let complete =
        Command::Complete { node: lease.node, session: lease.session, results: vec![result], now_ms: state.clock_ms() };
    assert_eq!(state.apply(&complete), Ok(Outcome::Completed { stale: vec![] }));
}

/// The log's time goes on by `after_ms`.
pub(crate) fn passes(state: &mut State, after_ms: u64) {
    let now_ms = state.clock_ms() + after_ms;
    state.apply(&Command::Tick { now_ms }).unwrap();
}

pub(crate) fn state_name(state: &State, event: EventId) -> &'static str {
    state.events.get(&event).map_or("ended", |event| event.state.name())
}

/// `ended` as a way how, of an event of the journal.
pub(crate) fn end_of(state: &State, event: EventId) -> Option<EventEnd> {
    state.journal.get(event).unwrap().ended.map(|(end, _)| end)
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

pub(crate) fn authority(name: &str) -> Authority {
    Authority { fingerprint: name.to_owned(), certificate_pem: "PEM".to_owned(), node: None, added_ms: CREATED_MS }
}

pub(crate) fn certificate(alias: &str, ca: &str, not_after_ms: u64) -> CertificateRecord {
    CertificateRecord {
        alias: alias.to_owned(),
        chain_pem: "PEM".to_owned(),
        fingerprint: format!("of {alias}"),
        serial: "1a".to_owned(),
        subject: "CN=node".to_owned(),
        issuer: "CN=ca".to_owned(),
        authority: Some(ca.to_owned()),
        not_before_ms: CREATED_MS,
        not_after_ms,
    }
}

pub(crate) fn audited(command: &Command) -> Command {
    let origin = Origin { who: "ada".to_owned(), remote: "192.0.2.7".to_owned() };
    Command::Audited { origin, command: EncodedCommand::new(command), now_ms: CREATED_MS }
}

pub(crate) fn attributed(credential: &str, command: &Command) -> Command {
    let origin = Origin { who: "ada".to_owned(), remote: "192.0.2.7".to_owned() };
    let (credential, command) = (credential.to_owned(), EncodedCommand::new(command));
    Command::Attributed { origin, credential, command, now_ms: CREATED_MS }
}

pub(crate) fn administrator(text: &str, role: AdministratorRole) -> Command {
    Command::PutAdministrator {
        name: name(text),
        password_hash: Some("$argon2id$".to_owned()),
        role: Some(role),
        must_change_password: false,
        now_ms: CREATED_MS,
    }
}

/// An API token whose secret has the hash `[number; 32]`.
pub(crate) fn api_token(number: u8, owner: &str, role: AdministratorRole, expires_ms: Option<u64>) -> Command {
    Command::CreateApiToken {
        secret_hash: Sha256([number; 32]),
        name: name(&format!("token{number}")),
        owner: name(owner),
        role,
        description: "a test's".to_owned(),
        created_by: owner.to_owned(),
        expires_ms,
        now_ms: CREATED_MS,
    }
}

pub(crate) fn open_session(number: u8, who: &str, version: u64, step: Option<u64>) -> Command {
    Command::OpenLoginSession {
        id: LoginSessionId(number.into()),
        administrator: name(who),
        administrator_version: version,
        expires_ms: CREATED_MS + 500_000,
        remote: "192.0.2.7".to_owned(),
        user_agent: "a browser".to_owned(),
        proof: step.map(|step| FactorProof::Code { step }),
        now_ms: CREATED_MS,
    }
}

pub(crate) fn failed_logins(who: &str, count: u32) -> Command {
    let failed = FailedLogins { name: name(who), count, remote: "192.0.2.9".to_owned() };
    Command::RecordFailedLogins { failed: vec![failed], now_ms: CREATED_MS }
}

pub(crate) fn enrol(who: &str) -> Command {
    let recovery_codes = vec![Sha256([1; 32]), Sha256([2; 32])];
    Command::EnrolSecondFactor { name: name(who), secret: Sealed(vec![1]), recovery_codes, now_ms: CREATED_MS }
}

pub(crate) fn confirm(who: &str, step: u64) -> Command {
    Command::ConfirmSecondFactor { name: name(who), secret: Sealed(vec![1]), step, now_ms: CREATED_MS }
}

/// Commands about who may do what.
fn any_command_of_access() -> impl Strategy<Value = Command> {
    use AdministratorRole::{Administrator, Auditor, Operator};
    let role = || prop::sample::select(vec![Administrator, Operator, Auditor]);
    let who = || prop::sample::select(vec!["ada", "bob"]);
    prop_oneof![
        3 => (who(), role()).prop_map(|(who, role)| administrator(who, role)),
        1 => who().prop_map(|who| Command::RemoveAdministrator { name: name(who) }),
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

/// Any command, of few members, names and ids.
pub(crate) fn any_command() -> impl Strategy<Value = Command> {
    prop_oneof![
        8 => any_older_command(),
        2 => any_command_of_the_set_up(),
        2 => any_command_of_access(),
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
