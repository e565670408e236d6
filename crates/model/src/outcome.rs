//! What a command answers.

use serde::{Deserialize, Serialize};

use crate::ids::{BlobId, EventId, NodeId, Sha256, TransferId};
use crate::login::LoginSessionId;
use crate::names::{AccountName, FilePath, PathError};
use crate::upload::UploadId;

/// A command took effect.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    Done,
    /// A row that has a version: its new one.
    Version(u64),
    MemberAdmitted {
        node: NodeId,
        /// Whether the member was in already (a repeated join).
        again: bool,
    },
    FileStored {
        transfer: TransferId,
        event: Option<EventId>,
        /// Whether a file of that name was replaced.
        replaced: bool,
    },
    /// The leases given: event and attempt.
    Claimed {
        leases: Vec<(EventId, u32)>,
        /// More events are ready than were asked for or may be taken now.
        more: bool,
    },
    /// Events whose lease was not valid any more: their results were dropped.
    Completed {
        stale: Vec<EventId>,
    },
    /// One answer for each event, in their order.
    Published(Vec<Publication>),
    /// How many events changed, and which did not.
    EventsChanged {
        changed: u64,
        refused: Vec<(EventId, Rejection)>,
    },
    /// The event that does a transfer's work again.
    Resubmitted {
        event: EventId,
    },
}

/// What became of one event that an application published.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Publication {
    New(EventId),
    /// It was published before under its idempotency key.
    Again(EventId),
    Refused(Rejection),
}

/// A command was refused and changed nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum Rejection {
    #[error("the cluster was created already")]
    ClusterExists,
    #[error("the cluster was not created yet")]
    NoCluster,
    #[error("the join token is not known: create a new one with 'flotilla token create'")]
    TokenUnknown,
    #[error("the join token has expired: create a new one with 'flotilla token create'")]
    TokenExpired,
    #[error("the join token was used already: create a new one with 'flotilla token create'")]
    TokenUsed,
    #[error("a member named {name:?} exists already: give the node another name, or remove the old member first")]
    MemberNameTaken { name: String },
    #[error("the cluster has {limit} members, as many as it may")]
    TooManyMembers { limit: u64 },
    #[error("there is no member {node}")]
    NoSuchMember { node: NodeId },
    #[error("the last member that holds files and stays cannot be removed")]
    LastMember,
    #[error("the session of node {node} is over: it was declared lost or has started anew")]
    StaleSession { node: NodeId },
    #[error("the version is {actual}, not {expected}: read it again and repeat the change")]
    VersionConflict { expected: u64, actual: u64 },
    #[error("there is no parameter {name:?} set")]
    NoSuchParameter { name: String },
    #[error("there is no account {name:?}")]
    NoSuchAccount { name: AccountName },
    #[error("account {name:?} is disabled")]
    AccountDisabled { name: AccountName },
    #[error("account {name:?} has files: remove them first")]
    AccountNotEmpty { name: AccountName },
    #[error("a new account needs a password")]
    PasswordMissing,
    #[error("there is no administrator {name:?}")]
    NoSuchAdministrator { name: AccountName },
    #[error("the last administrator cannot be removed")]
    LastAdministrator,
    #[error("a route has at most {limit} steps")]
    TooManySteps { limit: u64 },
    #[error("step {step}: {source}")]
    StepPath { step: u64, source: PathError },
    #[error("step {step}: there is no account {account:?}")]
    StepAccount { step: u64, account: AccountName },
    #[error("there is no file {path:?}")]
    NoSuchFile { path: FilePath },
    #[error("{path:?} is a folder")]
    PathIsFolder { path: FilePath },
    #[error("{folder:?} is a file, so nothing can lie below it")]
    ParentIsFile { folder: String },
    #[error("the file is not the expected one")]
    ConditionFailed,
    #[error("the account's quota of {limit} bytes is exceeded")]
    QuotaBytes { limit: u64 },
    #[error("the account's quota of {limit} files is exceeded")]
    QuotaFiles { limit: u64 },
    #[error("{copies} synced copies are too few, {needed} are needed")]
    TooFewReplicas { copies: u64, needed: u64 },
    #[error("the event queue holds {limit} events, as many as it may: try again later")]
    QueueFull { limit: u64 },
    #[error("the contents {blob} are recorded already")]
    BlobTaken { blob: BlobId },
    #[error("there are no such contents")]
    NoSuchBlob,
    #[error("there is no event {event}")]
    NoSuchEvent { event: EventId },
    #[error("event {event} is {state}")]
    WrongEventState { event: EventId, state: String },
    #[error("the lease on event {event} is not valid any more")]
    StaleLease { event: EventId },
    #[error(
        "node {node} alone holds {contents} contents: wait until others have copies; 'flotilla servers remove --wait' has them made"
    )]
    OnlyHolder { node: NodeId, contents: u64 },
    #[error("the event queue holds {limit} bytes of data, as many as it may: try again later")]
    QueueBytesFull { limit: u64 },
    #[error("there are {limit} lanes, as many as there may be")]
    TooManyLanes { limit: u64 },
    #[error("a lane's weight is 1 to {limit}")]
    LaneWeight { limit: u64 },
    #[error("the event had expired before it was published")]
    EventExpired,
    #[error("one command changes at most {limit} events")]
    TooManyEvents { limit: u64 },
    #[error("event {event} is about no file, so there is none to publish")]
    NoFile { event: EventId },
    #[error("an account has at most {limit} routes")]
    TooManyRoutes { limit: u64 },
    #[error("the command within cannot be read, or may not stand within another")]
    NestedCommand,
    #[error(
        "without node {node} only {up} of {members} members would be up, which is no majority: bring another one back first"
    )]
    WouldLoseQuorum { node: NodeId, up: u64, members: u64 },
    #[error("a node reports at most {limit} certificates of {bytes} bytes each")]
    TooManyCertificates { limit: u64, bytes: u64 },
    #[error("the certificate with serial {serial} is revoked already")]
    AlreadyRevoked { serial: String },
    #[error("at most {limit} certificates can be revoked at a time")]
    TooManyRevocations { limit: u64 },
    #[error("no CA {fingerprint} is trusted")]
    NoSuchAuthority { fingerprint: String },
    #[error("the CA {fingerprint} is the one of node {node}: renew that first")]
    AuthorityOfMember { fingerprint: String, node: NodeId },
    #[error(
        "the CA {fingerprint} has signed {alias:?} of node {node}, which is still valid: renew that first, or force it"
    )]
    AuthorityInUse { fingerprint: String, node: NodeId, alias: String },
    #[error("at most {limit} CAs are trusted")]
    TooManyAuthorities { limit: u64 },
    #[error("the cluster secret is being changed already, since {started_ms}")]
    RotationUnderWay { started_ms: u64 },
    #[error("no change of the cluster secret to {fingerprint} is under way")]
    NoRotation { fingerprint: String },
    #[error("node {node} does not have the new cluster secret yet")]
    SecretNotAdopted { node: NodeId },
    #[error("Cluster.mode is disabled, which is for one node by itself: set it to active first")]
    ClusterDisabled,
    #[error("the cluster has {members} members, and disabled is for one node by itself: remove the others first")]
    NotAlone { members: u64 },
    #[error("there is an API token {name:?} already: revoke it first, or choose another name")]
    ApiTokenNameTaken { name: AccountName },
    #[error("there is no API token {name:?}")]
    NoSuchApiToken { name: AccountName },
    #[error("there are {limit} API tokens, as many as there may be: revoke those that nobody needs")]
    TooManyApiTokens { limit: u64 },
    #[error("the role of {owner:?} does not include the one that the token is to have")]
    ApiTokenRole { owner: AccountName },
    #[error("there is no session {id}")]
    NoSuchLoginSession { id: LoginSessionId },
    #[error("the log-in of {name:?} is locked: an administrator unlocks it with 'flotilla admin unlock'")]
    LoginLocked { name: AccountName },
    #[error("{name:?} has to show a code of their second factor too")]
    SecondFactorMissing { name: AccountName },
    #[error("the code was used already, or a later one was")]
    CodeUsed,
    #[error("{name:?} has a second factor: have another administrator reset it")]
    SecondFactorExists { name: AccountName },
    #[error("{name:?} has no such second factor")]
    NoSecondFactor { name: AccountName },
    #[error("there are at most {limit} recovery codes")]
    TooManyRecoveryCodes { limit: u64 },
    #[error("the request was carried out before under its idempotency key")]
    RequestRepeated,
    #[error("the idempotency key was used for another request")]
    RequestKeyReused,
    #[error("there is no transfer {transfer}")]
    NoSuchTransfer { transfer: TransferId },
    #[error("the contents of transfer {transfer} are gone: the file was removed or replaced")]
    ContentsGone { transfer: TransferId },
    #[error("the account {account:?} has no route for files: there is nothing to run")]
    NoRoute { account: AccountName },
    #[error("the certificate is registered already, for {owner:?}")]
    CertificateRegistered { owner: AccountName },
    #[error("{owner:?} has no such certificate")]
    NoSuchAdministratorCertificate { owner: AccountName },
    #[error("an administrator has {limit} certificates at most: remove those that nobody needs")]
    TooManyAdministratorCertificates { limit: u64 },
    #[error("a delegate looks after {limit} accounts at most")]
    TooManyDelegatedAccounts { limit: u64 },
    #[error("there is no upload {id}: it has expired, or was given up")]
    NoSuchUpload { id: UploadId },
    #[error("{offset} bytes of the upload are here: go on from there")]
    UploadOffset { offset: u64 },
    #[error("the file was said to have {length} bytes: a part has one at least and does not go beyond that")]
    UploadLength { length: u64 },
    #[error("the account has {limit} unfinished uploads, as many as it may: finish or cancel some")]
    TooManyUploads { limit: u64 },
    #[error("all came, with the SHA-256 {actual}, which is not the announced one: begin anew")]
    UploadChecksum { actual: Sha256 },
    #[error("an upload has at most {limit} parts: send larger ones")]
    TooManyParts { limit: u64 },
}

impl Rejection {
    /// Whether the same command may succeed later without anybody changing it.
    pub fn is_temporary(&self) -> bool {
        matches!(self, Self::QueueFull { .. } | Self::QueueBytesFull { .. } | Self::TooFewReplicas { .. })
    }
}
