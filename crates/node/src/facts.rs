//! What the node tells of itself: collected from what its parts publish, for administration and metrics.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use flotilla_actors::certificates::CertificatesStatus;
use flotilla_actors::config_sync::ConfigSyncStatus;
use flotilla_actors::failover::{FailoverStatus, PeerStatus};
use flotilla_actors::gmp::PoolStatus;
use flotilla_actors::ports::{LinkLevel, LinkView, MeshLinks};
use flotilla_actors::supervision::{ActorState, Observer, Supervisor};
use flotilla_admin::api::{
    ActorStatus, CertificateStatus, CertificateWarning, ConsensusStatus, FilesStatus, GatewayStatus, GmpStatus,
    LinkStatus, NodeRole, NodeStatus, ReadyStatus, from_ms,
};
use flotilla_admin::{NodeFacts, PeerFacts, SyncFacts};
use flotilla_consensus::{Consensus, Role, Status};
use flotilla_files::BlobStore;
use flotilla_gateway::Metrics;
use flotilla_model::{NodeId, SessionId};
use flotilla_pki::CredentialsHandle;
use prometheus_client::registry::Registry;

use crate::clock::now_ms;
use crate::custody::CustodyCounters;
use crate::fitness::Health;
use crate::metrics::Measured;
use crate::process_usage::process_usage;
use crate::wiring::{Links, Log};

/// Everything that is looked at.
pub(crate) struct Facts {
    pub(crate) node: NodeId,
    pub(crate) session: SessionId,
    pub(crate) name: String,
    pub(crate) started: Instant,
    pub(crate) started_ms: u64,
    pub(crate) consensus: Consensus,
    pub(crate) links: Arc<Links>,
    pub(crate) supervisor: Supervisor,
    pub(crate) pool: Observer<PoolStatus>,
    pub(crate) failover: Observer<FailoverStatus>,
    pub(crate) store: BlobStore,
    pub(crate) custody: Arc<CustodyCounters>,
    pub(crate) gateway: Arc<Metrics>,
    pub(crate) gateway_open: AtomicBool,
    pub(crate) credentials: CredentialsHandle,
    pub(crate) certificates: Observer<CertificatesStatus>,
    pub(crate) health: Arc<Health>,
    pub(crate) config_sync: Observer<ConfigSyncStatus>,
    pub(crate) measured: Measured,
}

fn role(role: Role) -> NodeRole {
    match role {
        Role::Primary => NodeRole::Primary,
        Role::Secondary => NodeRole::Secondary,
        Role::Learner => NodeRole::Learner,
        Role::Candidate => NodeRole::Candidate,
        Role::Stopped => NodeRole::Down,
    }
}

impl Facts {
    fn consensus_status(&self, status: &Status) -> ConsensusStatus {
        let view = self.consensus.view();
        ConsensusStatus {
            role: role(status.role),
            term: status.term,
            primary: status.leader,
            quorum_heard_ms_ago: status.quorum_silence_ms,
            last_log_index: status.last_log_index.unwrap_or(0),
            committed_index: status.committed_index.unwrap_or(0),
            // Index and digest of one view: they belong together.
            applied_index: view.index,
            snapshot_index: status.snapshot_index.unwrap_or(0),
            stored_event_bytes: self.consensus.stored_payload_bytes(),
            digest: format!("{:016x}", view.digest),
            voters: status.voters.keys().copied().collect(),
            learners: status.learners.keys().copied().collect(),
        }
    }

    fn pool_status(&self) -> GmpStatus {
        let pool = self.pool.get();
        GmpStatus {
            threads_max: u64::from(pool.target),
            workers: u64::from(pool.workers),
            busy: u64::from(pool.busy),
            idle: u64::from(pool.idle),
            retiring: u64::from(pool.retiring),
            queued: u64::from(pool.queued),
            unrecorded: u64::from(pool.unrecorded),
            claimed_total: pool.totals.claimed,
            completed_total: pool.totals.completed,
            failed_total: pool.totals.failed,
            outcome_unknown_total: pool.totals.outcome_unknown,
            returned_total: pool.totals.returned,
            stale_total: pool.totals.stale,
            panics_total: pool.panics,
            hung_total: pool.hung,
            work_us: pool.work_us,
            round_us: pool.round_us,
            leaked_total: pool.leaked,
        }
    }

    fn files_status(&self) -> FilesStatus {
        let counters = self.store.counters().snapshot();
        let (free, size) = match rustix::fs::statvfs(self.store.directory()) {
            Ok(disk) => (disk.f_bavail * disk.f_frsize, disk.f_blocks * disk.f_frsize),
            Err(_) => (0, 0),
        };
        FilesStatus {
            blobs: self.store.len() as u64,
            bytes: self.store.bytes(),
            disk_free_bytes: free,
            disk_size_bytes: size,
            under_replicated: self.custody.under_replicated.load(Ordering::Relaxed),
            repaired_total: self.custody.repaired.load(Ordering::Relaxed),
            damaged_total: counters.corrupt_found,
        }
    }

    fn gateway_status(&self) -> GatewayStatus {
        let load = |counter: &std::sync::atomic::AtomicU64| counter.load(Ordering::Relaxed);
        let succeeded = |method: &str| {
            let index = flotilla_gateway::METHODS.iter().position(|name| *name == method).unwrap_or_default();
            // Class 2xx.
            load(&self.gateway.requests[index][1])
        };
        let uploads = load(&self.gateway.uploads_in_flight);
        let streams = load(&self.gateway.event_streams) + load(&self.gateway.followers);
        GatewayStatus {
            connections: load(&self.gateway.connections_open),
            uploads,
            downloads: load(&self.gateway.requests_in_flight).saturating_sub(uploads + streams),
            uploads_total: succeeded("PUT"),
            downloads_total: succeeded("GET"),
            bytes_in_total: load(&self.gateway.bytes_in),
            bytes_out_total: load(&self.gateway.bytes_out),
            shed_total: load(&self.gateway.uploads_shed) + load(&self.gateway.connections_refused),
        }
    }

    fn certificate_status(&self) -> CertificateStatus {
        let (credentials, known) = (self.credentials.current(), self.certificates.get());
        let warning = |warning: &flotilla_actors::certificates::Warning| CertificateWarning {
            name: warning.name.clone(),
            fingerprint: warning.fingerprint.clone(),
            expires_at: from_ms(warning.not_after_ms),
            within_days: warning.expiry.within_days,
            is_renewable: warning.is_renewable,
        };
        CertificateStatus {
            alias: credentials.alias().as_str().to_owned(),
            fingerprint: credentials.info().fingerprint.to_string(),
            expires_at: from_ms(credentials.info().not_after_ms),
            is_current: known.is_current,
            failure: known.last_failure.clone().or_else(|| known.last_renewal_failure.clone()),
            renewal_at: known.renewal_due_ms.map(from_ms),
            renewed_total: known.renewed,
            warnings: known.warnings.iter().map(warning).collect(),
        }
    }

    fn actor_statuses(&self) -> Vec<ActorStatus> {
        let convert = |status: flotilla_actors::supervision::ActorStatus| ActorStatus {
            name: status.name,
            state: match status.state {
                ActorState::Running if status.unresponsive => "unresponsive",
                ActorState::Starting => "starting",
                ActorState::Running => "running",
                ActorState::Restarting => "restarting",
                ActorState::Failed => "failed",
                ActorState::Stopping => "stopping",
                ActorState::Stopped => "stopped",
            }
            .to_owned(),
            restarts: status.restarts,
            waiting: status.queue_used as u64,
            last_failure: status.last_failure.map(|failure| failure.message),
        };
        self.supervisor.registry().statuses().into_iter().map(convert).collect()
    }

    fn link(view: &LinkView) -> LinkStatus {
        let (is_connected, since_ms) = match view.level {
            LinkLevel::Connected { since_ms } => (true, since_ms),
            LinkLevel::Connecting { since_ms }
            | LinkLevel::Gone { since_ms }
            | LinkLevel::Left { since_ms }
            | LinkLevel::Silent { since_ms } => (false, since_ms),
        };
        LinkStatus {
            is_connected,
            // The last one of a link that is down says nothing of now.
            round_trip_us: view.round_trip_us.filter(|_| is_connected),
            heard_ms_ago: Some(if is_connected { 0 } else { now_ms().saturating_sub(since_ms) }),
            reconnects: view.connects.saturating_sub(1),
            failure: if is_connected { None } else { view.last_error.clone() },
        }
    }
}

impl NodeFacts for Facts {
    fn status(&self) -> NodeStatus {
        let status = self.consensus.status();
        let queue = self.consensus.view().state.queue_statistics();
        NodeStatus {
            node: self.node,
            name: self.name.clone(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            process_id: std::process::id(),
            started_at: from_ms(self.started_ms),
            uptime_ms: self.started.elapsed().as_millis() as u64,
            is_stopping: self.health.is_draining(),
            consensus: self.consensus_status(&status),
            queue: queue.into(),
            gmp: self.pool_status(),
            files: self.files_status(),
            gateway: self.gateway_status(),
            certificate: self.certificate_status(),
            actors: self.actor_statuses(),
            process: process_usage(),
        }
    }

    fn peers(&self) -> Vec<PeerFacts> {
        let status = self.consensus.status();
        let known = self.failover.get();
        let role_of = |node: NodeId| {
            let follower = if status.voters.contains_key(&node) {
                Some(NodeRole::Secondary)
            } else {
                status.learners.contains_key(&node).then_some(NodeRole::Learner)
            };
            if status.leader == Some(node) { Some(NodeRole::Primary) } else { follower }
        };
        let heard = |node: NodeId| -> Option<&PeerStatus> { known.peers.iter().find(|peer| peer.node == node) };
        let facts = |view: LinkView| PeerFacts {
            node: view.node,
            role: role_of(view.node),
            // Members of one log share its term as far as they are heard.
            term: heard(view.node).map(|_| status.term),
            applied_index: heard(view.node).and_then(|peer| peer.applied_index),
            link: Self::link(&view),
        };
        self.links.links().into_iter().map(facts).collect()
    }

    fn sync(&self) -> SyncFacts {
        let known = self.config_sync.get();
        SyncFacts {
            parameters_index: known.parameters_index,
            pending_parameters: known.pending,
            agreed: known.agreed.into_iter().map(|(node, one)| (node, (one.index, one.at_ms))).collect(),
            differs: known.drifts.iter().map(|drift| (drift.node, drift.index)).collect(),
        }
    }

    fn register(&self, registry: &mut Registry) {
        self.measured.register(registry);
    }

    fn ready(&self) -> ReadyStatus {
        let status = self.consensus.status();
        let view = self.consensus.view();
        let announced = view.state.members.get(&self.node).is_some_and(|member| member.session == Some(self.session));
        let is_witness = view.state.members.get(&self.node).is_some_and(|member| !member.is_full());
        let reasons: Vec<String> = [
            (status.leader.is_none(), "the cluster has no primary that this node hears"),
            (
                self.consensus_status(&status).has_lost_quorum(),
                "the node is the primary and hears no majority: nothing can be acknowledged",
            ),
            (!announced, "the log does not have the start of this node yet"),
            (is_witness, "the node is a witness: it serves no partners"),
            (!is_witness && !self.gateway_open.load(Ordering::Relaxed), "the port for partners is not open"),
            (
                Log(self.consensus.clone()).partners_elsewhere().is_some(),
                "the cluster is passive and this node stands by",
            ),
            (self.health.is_draining(), "the node is stopping"),
            (status.fatal_error.is_some(), "the node's log has failed"),
        ]
        .into_iter()
        .filter(|(applies, _)| *applies)
        .map(|(_, reason)| reason.to_owned())
        .collect();
        ReadyStatus { is_ready: reasons.is_empty(), reasons }
    }
}
