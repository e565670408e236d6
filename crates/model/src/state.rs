//! The whole replicated state. A clone is a consistent view and costs nothing.

use serde::{Deserialize, Serialize};

use crate::administrator_certificate::AdministratorCertificate;
use crate::api_token::ApiToken;
use crate::audit::{AuditId, AuditRecord};
use crate::deduplication::RememberedKey;
use crate::delegation::Delegation;
use crate::event::EventRecord;
use crate::file::{BlobRecord, FileRecord, Usage};
use crate::ids::{BlobId, EventId, LaneId, NodeId, Sha256, TransferId};
use crate::journal::Journal;
use crate::lane::{Lane, LaneTotals};
use crate::login::{LoginFailures, LoginSession, LoginSessionId, SecondFactor};
use crate::member::{Authority, Cluster, JoinToken, Leaving, Member};
use crate::names::{AccountName, EventKey, FilePath, KindPattern, LaneName};
use crate::partner_session::PartnerSession;
use crate::party::{Account, Administrator, Parameter, ParameterVersion, Route};
use crate::queue::Queue;
use crate::request::RememberedRequest;
use crate::table::Table;
use crate::transfer::Transfer;
use crate::trust::{CertificateRecord, Revocation, SecretRotation, StoppedTm};
use crate::upload::{PartialUpload, UploadId};

/// Names of the parameters that `apply` itself obeys. The catalogue with types and ranges is in `flotilla-config`;
/// `CreateCluster` brings its defaults into the state.
pub mod parameter_names {
    pub const MAX_RETRY_COUNT: &str = "EventQueue.maxRetryCount";
    /// Seconds.
    pub const RETRY_DELAY: &str = "EventQueue.retryDelayInterval";
    /// Seconds.
    pub const INTERNAL_RETRY_DELAY: &str = "EventQueue.internalRetryDelayInterval";
    pub const RETRY_BACKOFF: &str = "EventQueue.retryBackoffFactor";
    /// Seconds.
    pub const MAX_RETRY_DELAY: &str = "EventQueue.maxRetryDelayInterval";
    pub const POISON_LIMIT: &str = "EventQueue.poisonLimit";
    pub const MAX_EVENTS: &str = "EventQueue.maxEvents";
    /// Bytes of data of applications' events.
    pub const MAX_BYTES: &str = "EventQueue.maxBytes";
    /// Bytes of data of applications' events that each node keeps in memory.
    pub const MEMORY_BYTES: &str = "EventQueue.memoryBytes";
    /// Events of the journal.
    pub const MAX_HISTORY: &str = "EventQueue.maxHistory";
    /// Seconds.
    pub const DEDUPLICATION_WINDOW: &str = "EventQueue.deduplicationWindow";
    pub const MAX_DEDUPLICATION_KEYS: &str = "EventQueue.maxDeduplicationKeys";
    /// Seconds.
    pub const LEASE_TIMEOUT: &str = "EventQueue.leaseTimeout";
    pub const MAX_OPEN_UPLOADS: &str = "Files.maxOpenUploads";
    pub const REPLICAS: &str = "Files.replicas";
    pub const MAX_TRANSFERS: &str = "TransferLog.maxRecords";
    /// `disabled`: the one member stays alone.
    pub const CLUSTER_MODE: &str = "Cluster.mode";
    pub const MAX_AUDIT_RECORDS: &str = "Audit.maxRecords";
    /// 0: names are never locked.
    pub const MAX_LOGIN_FAILURES: &str = "Access.maxLoginFailures";
    /// Seconds.
    pub const LOCKOUT_WINDOW: &str = "Access.lockoutWindow";
    /// Seconds.
    pub const LOCKOUT_DURATION: &str = "Access.lockoutDuration";
}

/// Scalars of the state.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct Header {
    pub(crate) cluster: Cluster,
    /// The log's time: the latest time that any command brought.
    pub(crate) clock_ms: u64,
    pub(crate) last_node: u64,
    pub(crate) last_event: u64,
    pub(crate) last_transfer: u64,
    /// Versions of rows: one counter for all, so that a row made anew never repeats a version.
    pub(crate) last_version: u64,
    /// The `servers` list: primary first, then in order of promotion.
    pub(crate) servers: Vec<NodeId>,
    pub(crate) totals: Totals,
    pub(crate) last_lane: u32,
    /// The pass of the lane that was served last.
    pub(crate) pass: u64,
    /// The newest event that has left the journal.
    pub(crate) journal_lost: EventId,
}

impl Default for Header {
    fn default() -> Self {
        Self {
            cluster: Cluster::default(),
            clock_ms: 0,
            last_node: 0,
            last_event: 0,
            last_transfer: 0,
            last_version: 0,
            servers: Vec::new(),
            totals: Totals::default(),
            last_lane: 0,
            pass: 0,
            journal_lost: EventId(0),
        }
    }
}

/// Counters since the cluster was created.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Totals {
    pub events_published: u64,
    pub events_completed: u64,
    pub events_failed: u64,
    pub events_discarded: u64,
    pub leases_granted: u64,
    /// Leases that ended before their worker reported: its process died, they were not renewed, the event was cancelled.
    pub leases_lost: u64,
    pub results_stale: u64,
    /// Tries that failed and were put off.
    pub events_retried: u64,
    pub events_expired: u64,
    pub events_cancelled: u64,
    /// Published again under their idempotency key.
    pub events_repeated: u64,
}

/// What is true in the cluster.
#[derive(Clone, Default)]
pub struct State {
    pub(crate) header: Header,
    pub members: Table<NodeId, Member>,
    pub authorities: Table<String, Authority>,
    pub join_tokens: Table<Sha256, JoinToken>,
    /// By name and, for the value of one node, its id.
    pub parameters: Table<(String, Option<NodeId>), Parameter>,
    pub accounts: Table<AccountName, Account>,
    pub administrators: Table<AccountName, Administrator>,
    pub routes: Table<AccountName, std::sync::Arc<Route>>,
    pub files: Table<(AccountName, FilePath), FileRecord>,
    pub blobs: Table<BlobId, BlobRecord>,
    pub events: Table<EventId, EventRecord>,
    pub transfers: Table<TransferId, Transfer>,
    pub lanes: Table<LaneId, Lane>,
    /// What is done with applications' events.
    pub kind_routes: Table<(AccountName, KindPattern), std::sync::Arc<Route>>,
    pub idempotency_keys: Table<(AccountName, EventKey), RememberedKey>,
    pub journal: Journal,
    pub audit: Table<AuditId, AuditRecord>,
    /// Every value that a parameter was set to, by version; the oldest go first.
    pub parameter_history: Table<u64, ParameterVersion>,
    /// Local certificates of the nodes, by node and alias.
    pub certificates: Table<(NodeId, String), CertificateRecord>,
    /// By serial number.
    pub revocations: Table<String, Revocation>,
    pub stopped_tms: Table<NodeId, StoppedTm>,
    /// The last change of the cluster secret, by the fingerprint of the new one; at most one row.
    pub secret_rotations: Table<String, SecretRotation>,
    /// Members that are about to be removed.
    pub leaving: Table<NodeId, Leaving>,
    /// By the hash of their secret.
    pub api_tokens: Table<Sha256, ApiToken>,
    pub login_sessions: Table<LoginSessionId, LoginSession>,
    pub login_failures: Table<AccountName, LoginFailures>,
    pub second_factors: Table<AccountName, SecondFactor>,
    /// What people have asked for under an idempotency key.
    pub requests: Table<Sha256, RememberedRequest>,
    /// By their SHA-256.
    pub administrator_certificates: Table<Sha256, AdministratorCertificate>,
    /// Of administrators who are delegates.
    pub delegations: Table<AccountName, Delegation>,
    /// Files that come in parts.
    pub uploads: Table<(AccountName, UploadId), PartialUpload>,
    /// Holders of accounts who are logged in with a browser.
    pub partner_sessions: Table<LoginSessionId, PartnerSession>,
    /// Counted during a command, empty between two.
    pub(crate) tally: Vec<(LaneId, LaneTotals)>,
    // Derived: rebuilt from the tables, never persisted, not in the digest.
    pub(crate) queue: Queue,
    pub(crate) usage: imbl::OrdMap<AccountName, Usage>,
    /// Of uploads in parts; without those that have none.
    pub(crate) partial_bytes: imbl::OrdMap<AccountName, u64>,
    pub(crate) upload_expiries: imbl::OrdSet<(u64, AccountName, UploadId)>,
    pub(crate) transfer_of_blob: imbl::OrdMap<BlobId, TransferId>,
    pub(crate) unended_transfers: imbl::OrdSet<TransferId>,
    pub(crate) lane_ids: imbl::OrdMap<LaneName, LaneId>,
    pub(crate) keys_by_age: imbl::OrdMap<EventId, (AccountName, EventKey)>,
    /// No lease ends earlier: they are looked through when this time comes.
    pub(crate) lease_check_ms: u64,
}

impl State {
    pub fn cluster(&self) -> &Cluster {
        &self.header.cluster
    }

    /// The log's time.
    pub fn clock_ms(&self) -> u64 {
        self.header.clock_ms
    }

    /// The `servers` list: primary first, then in order of promotion.
    pub fn servers(&self) -> &[NodeId] {
        &self.header.servers
    }

    /// The order of promotion as a number, never 0: whoever has seen the same number has seen the same order.
    pub fn servers_version(&self) -> u64 {
        use std::hash::{Hash, Hasher};
        let mut hasher = rustc_hash::FxHasher::default();
        self.header.servers.hash(&mut hasher);
        hasher.finish().max(1)
    }

    pub fn totals(&self) -> Totals {
        self.header.totals
    }

    /// The newest event that has left the journal: who follows from an earlier position has missed some.
    pub fn journal_lost(&self) -> EventId {
        self.header.journal_lost
    }

    /// What an account takes up.
    pub fn usage(&self, account: &AccountName) -> Usage {
        self.usage.get(account).copied().unwrap_or_default()
    }

    /// The value in force on `node`: its own, or the cluster's, or none (the catalogue's default).
    pub fn parameter(&self, name: &str, node: Option<NodeId>) -> Option<&Parameter> {
        let own = node.and_then(|node| self.parameters.get(&(name.to_owned(), Some(node))));
        own.or_else(|| self.parameters.get(&(name.to_owned(), None)))
    }

    /// A number that `apply` obeys. A value that is no number counts as not set: admission of values is the
    /// administration's work, and `apply` must go on with whatever is in the log.
    pub(crate) fn number(&self, name: &str, fallback: u64) -> u64 {
        self.parameter(name, None).and_then(|row| row.value.parse().ok()).unwrap_or(fallback)
    }

    /// Whom to promote: as the `servers` list says, witnesses after all others, since they hold no files.
    pub fn promotion_order(&self) -> Vec<NodeId> {
        let is_full = |node: &&NodeId| self.members.get(node).is_some_and(Member::is_full);
        let (full, witnesses): (Vec<&NodeId>, Vec<&NodeId>) = self.header.servers.iter().partition(is_full);
        full.into_iter().chain(witnesses).copied().collect()
    }

    /// Whether the one member is to stay alone.
    pub(crate) fn is_disabled(&self) -> bool {
        self.parameter(parameter_names::CLUSTER_MODE, None).is_some_and(|row| row.value == "disabled")
    }

    /// Ids of nodes that were members once. They are never given out again.
    pub fn former_members(&self) -> impl Iterator<Item = NodeId> {
        (1..=self.header.last_node).map(NodeId).filter(|node| !self.members.contains(node))
    }

    /// Whether contents on the node count as copies that stay.
    pub fn keeps_contents(&self, node: NodeId) -> bool {
        self.members.contains(&node) && !self.leaving.contains(&node)
    }

    /// Contents that no other node holds that stays.
    pub fn contents_only_on(&self, node: NodeId) -> usize {
        let is_alone = |blob: &&BlobRecord| {
            blob.holders.contains(&node)
                && !blob.holders.iter().any(|other| *other != node && self.keeps_contents(*other))
        };
        self.blobs.values().filter(is_alone).count()
    }

    /// How many synced copies a new file needs now. A member that has joined and never run does not count yet: nothing could be
    /// taken until its first start. Of a cluster with a witness, which is made to go on with one full node of two, one
    /// that is down does not count either: its copies are made when it is back. Nor does one that is about to be removed.
    pub fn needed_replicas(&self) -> usize {
        let has_witness = self.members.values().any(|member| !member.is_full());
        let counts = |member: &&Member| {
            let stays = member.is_up() || !has_witness;
            member.is_full() && member.has_run() && stays && self.keeps_contents(member.id)
        };
        let full = self.members.values().filter(counts).count();
        (self.number(parameter_names::REPLICAS, 2) as usize).clamp(1, full.max(1))
    }

    /// Equal on any two nodes that have applied the same commands.
    pub fn digest(&self) -> u64 {
        use std::hash::{Hash, Hasher};
        let mut hasher = rustc_hash::FxHasher::default();
        self.header.hash(&mut hasher);
        for table in self.table_digests() {
            hasher.write_u64(table);
        }
        hasher.finish()
    }

    fn table_digests(&self) -> [u64; 31] {
        [
            self.members.digest(),
            self.authorities.digest(),
            self.join_tokens.digest(),
            self.parameters.digest(),
            self.accounts.digest(),
            self.administrators.digest(),
            self.routes.digest(),
            self.files.digest(),
            self.blobs.digest(),
            self.events.digest(),
            self.transfers.digest(),
            self.lanes.digest(),
            self.kind_routes.digest(),
            self.idempotency_keys.digest(),
            self.journal.digest(),
            self.audit.digest(),
            self.parameter_history.digest(),
            self.certificates.digest(),
            self.revocations.digest(),
            self.stopped_tms.digest(),
            self.secret_rotations.digest(),
            self.leaving.digest(),
            self.api_tokens.digest(),
            self.login_sessions.digest(),
            self.login_failures.digest(),
            self.second_factors.digest(),
            self.requests.digest(),
            self.administrator_certificates.digest(),
            self.delegations.digest(),
            self.uploads.digest(),
            self.partner_sessions.digest(),
        ]
    }

    pub(crate) fn next_version(&mut self) -> u64 {
        self.header.last_version += 1;
        self.header.last_version
    }
}
