//! The commands: the only way to change the state.
//!
//! Commands are persisted and sent between versions: fields and variants are only added, at the end; a golden sample of
//! each is kept in `tests/golden/`. Times are milliseconds since the Unix epoch, taken by the proposer.

use serde::{Deserialize, Serialize};

use crate::audit::{EncodedCommand, Origin};
use crate::ids::{BlobId, EventId, NodeId, SessionId, Sha256, TransferId};
use crate::login::{FactorProof, FailedLogins, LoginSessionId};
use crate::member::{Authority, MemberRole};
use crate::names::{AccountName, EventKey, FilePath, KindName, KindPattern, LaneName};
use crate::party::{AdministratorRole, Sealed, Step};
use crate::payload::Payload;
use crate::priority::Priority;
use crate::transfer::Protocol;
use crate::trust::CertificateRecord;
use crate::upload::UploadId;
use crate::work::WorkResult;

/// What must hold of the old file when a new one takes its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum PutCondition {
    Any,
    MustNotExist,
    MustExist,
    MustMatch(Sha256),
}

/// A person's word on a step whose outcome is unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ResolveAnswer {
    Happened,
    DoItAgain,
}

/// An event that an application publishes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewEvent {
    pub kind: KindName,
    pub data: Payload,
    /// Events of one account and key run in the order in which they were published, one at a time.
    pub ordering_key: Option<EventKey>,
    /// Published again under the same key within the window, it is the same event.
    pub idempotency_key: Option<EventKey>,
    /// `None`: as the route says.
    pub priority: Option<Priority>,
    /// Not given to a worker before.
    pub not_before_ms: Option<u64>,
    /// Ends unless a worker has it by then.
    pub expires_ms: Option<u64>,
    /// W3C trace id.
    pub trace_id: Option<u128>,
}

/// What a person does with events that wait.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum EventAction {
    /// A dead event, or one that waits for its next try, goes on from its failed step; with a route, that one is run
    /// from its beginning instead.
    Retry { steps: Option<Vec<Step>> },
    /// A dead or doubtful event is given up.
    Discard,
    /// An event that has not ended is not wanted any more.
    Cancel,
    /// The step whose outcome is unknown has happened, or is to be done again.
    Resolve(ResolveAnswer),
}

/// One parameter of a change of many.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParameterChange {
    pub name: String,
    /// The value of one node instead of the cluster's.
    pub node: Option<NodeId>,
    /// `None` goes back to the default.
    pub value: Option<String>,
    pub expected_version: Option<u64>,
}

/// One change of the state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Command {
    /// Time passes: delays end, leases and tokens expire.
    Tick {
        now_ms: u64,
    },
    /// The first command of a cluster.
    CreateCluster {
        id: u128,
        name: String,
        parameters: Vec<(String, String)>,
        now_ms: u64,
    },
    /// Keeps the hash of a join token's secret.
    CreateJoinToken {
        secret_hash: Sha256,
        expires_ms: u64,
        created_by: String,
        now_ms: u64,
    },
    /// Takes a member in, and its CA. `token` is the hash of the token's secret; the first member comes without.
    AdmitMember {
        token: Option<Sha256>,
        name: String,
        role: MemberRole,
        mesh_address: String,
        admin_url: String,
        transfer_url: String,
        authority: Authority,
        now_ms: u64,
    },
    /// Takes a member out for good.
    RemoveMember {
        node: NodeId,
        now_ms: u64,
    },
    /// Puts a member at a place of the `servers` list (0: first).
    MoveMember {
        node: NodeId,
        position: u32,
    },
    /// A node's process has started: work of its earlier processes is given back.
    NodeStarted {
        node: NodeId,
        session: SessionId,
        version: String,
        mesh_address: String,
        admin_url: String,
        transfer_url: String,
        now_ms: u64,
    },
    /// A node's process is gone. `session` names the process that is meant; another one is not touched.
    NodeLost {
        node: NodeId,
        session: SessionId,
        reason: String,
        now_ms: u64,
    },
    /// Sets a parameter, for the cluster or (`node`) for one node. `value: None` goes back to the default.
    SetParameter {
        name: String,
        node: Option<NodeId>,
        value: Option<String>,
        expected_version: Option<u64>,
        changed_by: String,
        now_ms: u64,
    },
    /// Makes or changes an account. `None` keeps what was.
    PutAccount {
        name: AccountName,
        password_hash: Option<String>,
        enabled: Option<bool>,
        quota_bytes: Option<Option<u64>>,
        quota_files: Option<Option<u64>>,
        expected_version: Option<u64>,
        now_ms: u64,
    },
    /// Takes an account out; refused while it has files.
    RemoveAccount {
        name: AccountName,
    },
    PutAdministrator {
        name: AccountName,
        password_hash: Option<String>,
        role: Option<AdministratorRole>,
        must_change_password: bool,
        now_ms: u64,
    },
    RemoveAdministrator {
        name: AccountName,
    },
    /// Sets the route of an account; no steps: no route.
    PutRoute {
        account: AccountName,
        steps: Vec<Step>,
        expected_version: Option<u64>,
    },
    /// A file's bytes are synced on `holders`: records the file and its follow-up event together.
    /// Proposed again with the same blob it answers as before and changes nothing.
    FileStored {
        account: AccountName,
        path: FilePath,
        blob: BlobId,
        length: u64,
        sha256: Sha256,
        holders: Vec<NodeId>,
        node: NodeId,
        protocol: Protocol,
        remote: String,
        condition: PutCondition,
        started_ms: u64,
        now_ms: u64,
    },
    /// Takes a file out; with `expected` only if its contents are those.
    RemoveFile {
        account: AccountName,
        path: FilePath,
        expected: Option<Sha256>,
    },
    /// Renames a file. No bytes move.
    MoveFile {
        account: AccountName,
        from: FilePath,
        to: FilePath,
        overwrite: bool,
        now_ms: u64,
    },
    /// A node has made a verified copy.
    ReplicaAdded {
        blob: BlobId,
        node: NodeId,
    },
    /// A node's copy is damaged or gone.
    ReplicaLost {
        blob: BlobId,
        node: NodeId,
    },
    /// Asks for up to `count` events: those that came in through `node` at once, others when they have been ready for
    /// `steal_after_ms`.
    Claim {
        node: NodeId,
        session: SessionId,
        count: u32,
        steal_after_ms: u64,
        now_ms: u64,
    },
    /// A worker is about to run a step that must not be repeated.
    BeginStep {
        event: EventId,
        attempt: u32,
        node: NodeId,
        session: SessionId,
        step: u32,
        now_ms: u64,
    },
    /// The `publish` step of a leased event: the file appears in `target_account` too.
    PublishFile {
        event: EventId,
        attempt: u32,
        node: NodeId,
        session: SessionId,
        target_account: AccountName,
        target_path: FilePath,
        now_ms: u64,
    },
    /// Work goes on: the leases last longer.
    RenewLeases {
        node: NodeId,
        session: SessionId,
        leases: Vec<(EventId, u32)>,
        now_ms: u64,
    },
    /// Results of leases of one node.
    Complete {
        node: NodeId,
        session: SessionId,
        results: Vec<WorkResult>,
        now_ms: u64,
    },
    /// A dead event is tried again from its failed step.
    RetryEvent {
        event: EventId,
        now_ms: u64,
    },
    /// A dead event is given up.
    DiscardEvent {
        event: EventId,
        now_ms: u64,
    },
    /// A person answers for a step whose outcome is unknown.
    ResolveEvent {
        event: EventId,
        answer: ResolveAnswer,
        now_ms: u64,
    },
    /// Trusts a further CA.
    TrustAuthority {
        authority: Authority,
    },
    /// An application's events: each is taken or refused for itself.
    PublishEvents {
        account: AccountName,
        /// The node that took them.
        node: NodeId,
        events: Vec<NewEvent>,
        now_ms: u64,
    },
    /// A person acts on many events at once: each changes or is refused for itself.
    ChangeEvents {
        events: Vec<EventId>,
        action: EventAction,
        now_ms: u64,
    },
    /// Sets the share of a lane, pauses or resumes it. `None` keeps what was.
    SetLane {
        lane: LaneName,
        weight: Option<u32>,
        is_paused: Option<bool>,
        now_ms: u64,
    },
    /// Sets what is done with an account's events of a kind, `file.received` included; no steps: no route.
    PutKindRoute {
        account: AccountName,
        kind: KindPattern,
        steps: Vec<Step>,
        lane: Option<LaneName>,
        priority: Option<Priority>,
        expected_version: Option<u64>,
    },
    /// Does what the inner command says and, if it is accepted, writes it to the audit log.
    Audited {
        origin: Origin,
        command: EncodedCommand,
        now_ms: u64,
    },
    /// Within `Audited`: something was done to one node's own store, which the log does not hold.
    RecordOperation {
        operation: String,
        subject: String,
        before: Option<String>,
        after: Option<String>,
    },
    /// Sets many parameters: all of them or none.
    SetParameters {
        changes: Vec<ParameterChange>,
        changed_by: String,
        now_ms: u64,
    },
    /// The local certificates of a node: all that it has, in place of those reported before.
    ReportCertificates {
        node: NodeId,
        session: SessionId,
        certificates: Vec<CertificateRecord>,
        now_ms: u64,
    },
    /// Refuses a certificate from now on.
    RevokeCertificate {
        serial: String,
        subject: String,
        reason: String,
        not_after_ms: u64,
        now_ms: u64,
    },
    /// A member has a new CA. The old one stays trusted until it is removed.
    ReplaceAuthority {
        node: NodeId,
        authority: Authority,
        now_ms: u64,
    },
    /// Trusts a CA no longer; with `force` also if there are certificates of it.
    DistrustAuthority {
        fingerprint: String,
        force: bool,
    },
    /// Stops or starts the Transaction Manager of one node, or (`None`) of all.
    SetTransactionManager {
        node: Option<NodeId>,
        is_stopped: bool,
        now_ms: u64,
    },
    /// Begins to change the cluster secret: `sealed` is the new one under a key of the old one.
    RotateSecret {
        fingerprint: String,
        previous: String,
        sealed: Sealed,
        now_ms: u64,
    },
    /// A node has the new secret on disk and accepts it.
    SecretAdopted {
        node: NodeId,
        fingerprint: String,
    },
    /// The old secret is refused from now on; without `force` only if all members have the new one.
    FinishRotation {
        fingerprint: String,
        force: bool,
        now_ms: u64,
    },
    /// A member is to leave: it gets no new work and no contents, and what only it holds is copied; or (`false`) it stays.
    SetMemberLeaving {
        node: NodeId,
        is_leaving: bool,
        now_ms: u64,
    },
    /// `Audited`, and its row says how they showed who they are and is chained to the row before. A variant of its own, since
    /// entries of `Audited` in old logs must go on doing what they did.
    Attributed {
        origin: Origin,
        /// `password`, `token backup`.
        credential: String,
        command: EncodedCommand,
        now_ms: u64,
    },
    /// Keeps the hash of an API token's secret.
    CreateApiToken {
        secret_hash: Sha256,
        name: AccountName,
        owner: AccountName,
        role: AdministratorRole,
        description: String,
        created_by: String,
        expires_ms: Option<u64>,
        now_ms: u64,
    },
    RevokeApiToken {
        name: AccountName,
    },
    /// Password and code were right: the administrator is logged in.
    OpenLoginSession {
        id: LoginSessionId,
        administrator: AccountName,
        /// Of the row with which the password was compared.
        administrator_version: u64,
        expires_ms: u64,
        remote: String,
        user_agent: String,
        proof: Option<FactorProof>,
        now_ms: u64,
    },
    EndLoginSession {
        id: LoginSessionId,
    },
    /// Log-ins that one node has refused since it said so last.
    RecordFailedLogins {
        failed: Vec<FailedLogins>,
        now_ms: u64,
    },
    UnlockAdministrator {
        name: AccountName,
    },
    EnrolSecondFactor {
        name: AccountName,
        secret: Sealed,
        recovery_codes: Vec<Sha256>,
        now_ms: u64,
    },
    /// A code of the secret was shown: from now on one is needed.
    ConfirmSecondFactor {
        name: AccountName,
        secret: Sealed,
        step: u64,
        now_ms: u64,
    },
    RemoveSecondFactor {
        name: AccountName,
    },
    /// Within a change of the cluster secret: the same secret under the new key.
    SealSecondFactor {
        name: AccountName,
        former: Sealed,
        secret: Sealed,
    },
    /// Within `Attributed`: carried out only if the row has this version; 0: only if there is none.
    IfVersion {
        row: VersionedRow,
        expected_version: u64,
        command: EncodedCommand,
    },
    /// Within `Attributed`: carried out only if nothing was carried out under this key before.
    Once {
        /// Of who asks, for what, and the key that they gave.
        key: Sha256,
        /// Of all that they ask for.
        request: Sha256,
        /// What they are answered, also when they ask again.
        answer: Sealed,
        command: EncodedCommand,
    },
    /// Lets an administrator log in, or not any more: their sessions and API tokens end then.
    SetAdministratorEnabled {
        name: AccountName,
        is_enabled: bool,
        now_ms: u64,
    },
    /// Runs the account's route again on a file that came in, from its beginning. `node` has the first go.
    ResubmitTransfer {
        transfer: TransferId,
        node: NodeId,
        now_ms: u64,
    },
    /// Whoever shows this certificate is the administrator.
    AddAdministratorCertificate {
        administrator: AccountName,
        fingerprint: Sha256,
        subject: String,
        description: String,
        not_before_ms: u64,
        not_after_ms: u64,
        created_by: String,
        now_ms: u64,
    },
    RemoveAdministratorCertificate {
        administrator: AccountName,
        fingerprint: Sha256,
    },
    /// Makes or changes an administrator who is a delegate, of these accounts and no others.
    PutDelegate {
        name: AccountName,
        password_hash: Option<String>,
        must_change_password: bool,
        accounts: Vec<AccountName>,
        now_ms: u64,
    },
    /// A file is to come in parts. Proposed again with the same id it changes nothing.
    OpenUpload {
        account: AccountName,
        id: UploadId,
        path: FilePath,
        /// Of the whole file.
        length: u64,
        sha256: Option<Sha256>,
        condition: PutCondition,
        expires_ms: u64,
        now_ms: u64,
    },
    /// The bytes of a part, which begins at `offset` of the file, are synced on `holders`. Proposed again with the same blob
    /// it changes nothing; of two for one offset, the second is refused.
    AppendToUpload {
        account: AccountName,
        id: UploadId,
        offset: u64,
        blob: BlobId,
        length: u64,
        sha256: Sha256,
        holders: Vec<NodeId>,
        expires_ms: u64,
        now_ms: u64,
    },
    /// All parts are here: the file appears as `FileStored` within says, and the parts go. The condition is that of the upload.
    /// Its blob holds all bytes anew, or is the only part. Of two, the second answers as the first and changes nothing.
    FinishUpload {
        account: AccountName,
        id: UploadId,
        file: EncodedCommand,
    },
    /// What has come is not wanted any more.
    CancelUpload {
        account: AccountName,
        id: UploadId,
    },
    /// An account's password was right: its holder is logged in with a browser.
    OpenPartnerSession {
        id: LoginSessionId,
        account: AccountName,
        /// Of the row with which the password was compared.
        account_version: u64,
        expires_ms: u64,
        remote: String,
        user_agent: String,
        now_ms: u64,
    },
    EndPartnerSession {
        id: LoginSessionId,
    },
}

/// A row on whose version a change may depend, of those whose own commands have no place for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum VersionedRow {
    Account(AccountName),
    Administrator(AccountName),
    /// By what people set of it: see [`crate::Lane::version`].
    Lane(LaneName),
    /// The order of promotion: see [`crate::State::servers_version`].
    Servers,
}

impl Command {
    /// About how long the encoded form is when it is long: what to make room for.
    pub fn bulk_bytes(&self) -> usize {
        const AROUND_THE_DATA: usize = 64;
        match self {
            Self::PublishEvents { events, .. } => events.iter().map(|event| event.data.len() + AROUND_THE_DATA).sum(),
            _ => 0,
        }
    }

    /// The data of the events that it brings.
    pub fn payloads_mut(&mut self) -> impl Iterator<Item = &mut Payload> {
        let events = match self {
            Self::PublishEvents { events, .. } => events.as_mut_slice(),
            _ => &mut [],
        };
        events.iter_mut().map(|event| &mut event.data)
    }
}
