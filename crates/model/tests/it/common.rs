//! A small cluster's state, and commands that change it.

use flotilla_model::*;

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

pub(crate) fn open_upload(account: &str, id: u8, file: &str, length: u64) -> Command {
    Command::OpenUpload {
        account: name(account),
        id: UploadId(id.into()),
        path: path(file),
        length,
        sha256: None,
        condition: PutCondition::Any,
        expires_ms: CREATED_MS + 500_000,
        now_ms: CREATED_MS,
    }
}

pub(crate) fn append(account: &str, id: u8, offset: u64, blob: u128, length: u64, node: u64) -> Command {
    Command::AppendToUpload {
        account: name(account),
        id: UploadId(id.into()),
        offset,
        blob: BlobId(blob),
        length,
        sha256: Sha256([blob as u8; 32]),
        holders: vec![NodeId(node), NodeId(node % 3 + 1)],
        expires_ms: CREATED_MS + 600_000,
        now_ms: CREATED_MS,
    }
}

pub(crate) fn finish_upload(account: &str, id: u8, file: &str, whole: u64, contents: u128) -> Command {
    let mut inner = stored(account, file, contents, 1);
    if let Command::FileStored { length, .. } = &mut inner {
        *length = whole;
    }
    Command::FinishUpload { account: name(account), id: UploadId(id.into()), file: EncodedCommand::new(&inner) }
}

pub(crate) fn partner_session(account: &str, number: u8, version: u64) -> Command {
    Command::OpenPartnerSession {
        id: LoginSessionId(number.into()),
        account: name(account),
        account_version: version,
        expires_ms: CREATED_MS + 500_000,
        remote: "192.0.2.7".to_owned(),
        user_agent: "a browser".to_owned(),
        now_ms: CREATED_MS,
    }
}
