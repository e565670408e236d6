//! Building a node, part by part, from the disk up to the ports.

use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;

use anyhow::{Context, Result, anyhow};
use flotilla_actors::certificates::{Certificates, CertificatesConfig, CertificatesPorts};
use flotilla_actors::config_sync::{ConfigSync, ConfigSyncPorts};
use flotilla_actors::failover::{Beats, Failover, FailoverConfig, FailoverPorts};
use flotilla_actors::gmp::{Gmp, GmpPorts, PoolConfig};
use flotilla_actors::membership::{Announcement, Membership, MembershipConfig, MembershipPorts};
use flotilla_actors::mesh::{MeshLinksActor, MeshListenerActor};
use flotilla_actors::ports::{Clock, ReplicatedLog, SystemClock};
use flotilla_actors::secret_rotation::{RotationPorts, SecretRotations};
use flotilla_actors::supervision::Supervisor;
use flotilla_actors::ticker::{Ticker, TickerPorts};
use flotilla_admin::{Admin, AdminParts, AdminServer, LocalToken};
use flotilla_config::NodeConfig;
use flotilla_consensus::disk::DirectoryDisk;
use flotilla_consensus::{Config as ConsensusConfig, Consensus, PeerAddress};
use flotilla_credentials::{Limits, Passwords};
use flotilla_files::{BlobStore, BlobStoreConfig, DiskProbe, FileService, Files, FilesConfig};
use flotilla_gateway::{Dependencies, Gateway, GatewayConfig, Metrics};
use flotilla_mesh::{Identity as MeshIdentity, Mesh, MeshConfig, PeerRole};
use flotilla_model::{Member, NodeId, SessionId};
use flotilla_pki::{Credentials, CredentialsHandle, RevokedSerials, SecretHandle, Store, https_server_config};
use flotilla_telemetry::{RecentLines, Telemetry};
use tokio::runtime::Handle;

use crate::bootstrap::make_cluster;
use crate::clock::now_ms;
use crate::cpu_load::ProcStat;
use crate::custody::{Custody, CustodyCounters};
use crate::data_dir::DataDir;
use crate::facts::Facts;
use crate::fitness::Health;
use crate::history::History;
use crate::identity::Identity;
use crate::metrics::Measured;
use crate::operations::{Keys, Operations};
use crate::parameters::Components;
use crate::removal::Removal;
use crate::setup::random_number;
use crate::steps::{CpuPool, Steps, Watch};
use crate::wiring::{
    AnyNode, Doors, Keeper, Links, Listening, Log, MeshTransport, RaftLevers, Replicas, Secrets, assemble, renew,
    traces,
};

/// How long other nodes leave events to the node that took the file: a claim takes a few milliseconds.
const STEAL_AFTER_MS: u64 = 200;
/// Threads that only watch workers; the work itself runs on the shared runtime.
const GMP_THREADS: u32 = 2;

/// A running node.
pub(crate) struct Node {
    pub(crate) id: NodeId,
    pub(crate) session: SessionId,
    pub(crate) log: Log,
    pub(crate) mesh: Mesh,
    pub(crate) consensus: Consensus,
    pub(crate) supervisor: Supervisor,
    pub(crate) actors: Actors,
    pub(crate) store: BlobStore,
    pub(crate) health: Arc<Health>,
    pub(crate) facts: Arc<Facts>,
    pub(crate) admin: AdminServer,
    /// A witness has none.
    pub(crate) gateway: Option<Gateway>,
    pub(crate) telemetry: Telemetry,
    pub(crate) removal: Arc<Removal>,
    pub(crate) background: Vec<tokio::task::JoinHandle<()>>,
    /// Held as long as the node lives.
    _lock: std::fs::File,
}

/// The node is a member no more.
#[derive(Debug, thiserror::Error)]
#[error("node {0} was removed from the cluster: to take the host in again, join it anew with an empty folder")]
pub(crate) struct Removed(pub(crate) NodeId);

/// The node's actors.
pub(crate) struct Actors {
    pub(crate) gmp: Gmp,
    pub(crate) failover: Failover,
    pub(crate) membership: Membership,
    pub(crate) ticker: Ticker,
    pub(crate) certificates: Certificates,
    pub(crate) config_sync: ConfigSync,
    pub(crate) secret_rotations: SecretRotations,
    pub(crate) mesh_listener: MeshListenerActor,
    pub(crate) mesh_links: MeshLinksActor,
}

/// What the disk says before anything runs.
struct Ground {
    config: NodeConfig,
    dir: DataDir,
    identity: Identity,
    cluster_id: u128,
    session: SessionId,
    pki: Store,
    secrets: SecretHandle,
    credentials: CredentialsHandle,
    lock: std::fs::File,
}

impl Ground {
    fn read(config: NodeConfig) -> Result<Self> {
        let dir = DataDir::new(&config.node.data_dir);
        let lock = dir.lock()?;
        let identity: Identity = dir.read_json(&dir.identity_file())?.with_context(|| {
            format!("{:?} is no node's folder: make it with 'flotilla init' or 'flotilla join'", dir.root())
        })?;
        if dir.removed_file().exists() {
            return Err(Removed(identity.node).into());
        }
        let cluster_id = identity.cluster_number().context("identity.json holds no cluster id")?;
        let pki = Store::open(dir.pki())?;
        let secrets = SecretHandle::new(pki.load_secrets()?);
        let credentials = CredentialsHandle::new(own_credentials(&pki)?);
        let session = SessionId(random_number().context("the system gives no random bytes")? as u64);
        Ok(Self { config, dir, identity, cluster_id, session, pki, secrets, credentials, lock })
    }
}

/// The alias may have changed while this node was away; any certificate that is there serves until the view tells. If none is
/// valid any more, this node's CA, whom the others trust, makes one good.
fn own_credentials(pki: &Store) -> Result<Credentials> {
    let aliases = pki.list_local()?;
    let trust = pki.load_trust()?;
    let assembled = |alias| assemble(pki, alias, trust.clone(), RevokedSerials::default());
    let found = aliases.iter().map(assembled).reduce(|best, next| best.or(next));
    found.context("this node has no local certificate; make one with 'flotilla cert generate --dir'")?.or_else(
        |reason| {
            tracing::warn!(reason, "no certificate of this node is usable; one is issued anew");
            let renewed = aliases.iter().find(|alias| renew(pki, alias).is_ok());
            renewed.map_or(Err(reason), assembled).map_err(|reason| anyhow!(reason))
        },
    )
}

/// Connections and log.
struct Core {
    doors: Arc<Doors>,
    mesh: Mesh,
    consensus: Consensus,
    log: Log,
}

impl Core {
    async fn start(ground: &Ground) -> Result<Self> {
        let identity = MeshIdentity {
            node_id: ground.identity.node,
            role: PeerRole::Member,
            cluster_id: ground.identity.cluster_id.clone(),
            software_version: env!("CARGO_PKG_VERSION").to_owned(),
        };
        let mut mesh_config = MeshConfig::new(identity, ground.config.cluster.listen.to_string());
        mesh_config.limits.connections_max = ground.config.limits.cluster_connections_max;
        let doors = Arc::new(Doors::default());
        let mesh = Mesh::open(mesh_config, ground.credentials.clone(), ground.secrets.clone(), doors.clone()).await?;
        let seeds = ground.identity.seeds.iter().map(|seed| (seed.node, seed.mesh_address.clone()));
        mesh.set_peers(seeds.collect());
        let disk = Arc::new(DirectoryDisk::open(&ground.dir.raft()).context("the log's folder cannot be used")?);
        let transport = Arc::new(MeshTransport(mesh.clone()));
        let consensus = Consensus::start(ConsensusConfig::new(ground.identity.node), disk, transport).await?;
        // The doors are new: nobody else can have opened them.
        let _ = doors.consensus.set(consensus.clone());
        let log = Log(consensus.clone());
        Ok(Self { doors, mesh, consensus, log })
    }
}

impl Node {
    /// Builds a node and waits until it is a member that serves. Administration answers from early on.
    pub(crate) async fn start(config: NodeConfig, recent_lines: RecentLines) -> Result<Self> {
        let (started, started_ms) = (Instant::now(), now_ms());
        let ground = Ground::read(config)?;
        let id = ground.identity.node;
        let telemetry = traces(&ground.config, id, ground.cluster_id, &Handle::current())?;
        let admin_listener = listen(&ground.config.admin.listen.to_string(), "admin.listen")?;
        let core = Core::start(&ground).await?;
        let runtime = Handle::current();

        let store = BlobStore::open(BlobStoreConfig::new(ground.dir.blobs()), runtime.clone())?;
        let replicas = Arc::new(Replicas(core.mesh.clone()));
        let files = Files::new(id, store.clone(), replicas, FilesConfig::default(), runtime.clone());
        let _ = core.doors.files.set(FileService::new(store.clone()));

        let supervisor = Supervisor::new(runtime.clone());
        let health = Health::new(core.consensus.clone());
        let watch = Watch { cluster_id: ground.cluster_id, tracer: telemetry.tracer(), metrics: Default::default() };
        let links = Arc::new(Links { mesh: core.mesh.clone(), runtime: runtime.clone() });
        let actors = start_actors(&ground, &core, &supervisor, &files, &health, &links, &watch)?;
        health.watch(actors.gmp.status().clone());
        let custody_counters = Arc::new(CustodyCounters::default());
        let custody = Custody {
            node: id,
            files: files.clone(),
            consensus: core.consensus.clone(),
            counters: Arc::clone(&custody_counters),
        };
        let passwords = Passwords::new(Limits::default())?;
        let metrics = Arc::new(Metrics::default());
        let facts = Arc::new(Facts {
            node: id,
            session: ground.session,
            name: ground.config.node.name.clone(),
            started,
            started_ms,
            consensus: core.consensus.clone(),
            links,
            supervisor: supervisor.clone(),
            pool: actors.gmp.status().clone(),
            failover: actors.failover.status().clone(),
            store: store.clone(),
            custody: custody_counters,
            gateway: Arc::clone(&metrics),
            gateway_open: AtomicBool::new(false),
            credentials: ground.credentials.clone(),
            certificates: actors.certificates.status().clone(),
            health: Arc::clone(&health),
            config_sync: actors.config_sync.status().clone(),
            measured: Measured::new(watch.metrics, &metrics, core.mesh.clone(), &telemetry),
        });
        let history = History::default();
        // All end with the node: aborted at its stop.
        let background = vec![
            tokio::spawn(custody.keep()),
            tokio::spawn(Arc::clone(&health).probe(DiskProbe::new(&store))),
            tokio::spawn(history.clone().keep(Arc::clone(&facts))),
        ];
        let removal = Arc::new(Removal::new(id, core.consensus.clone(), core.mesh.clone()));
        let operations = Arc::new(Operations {
            node: id,
            consensus: core.consensus.clone(),
            pool: actors.gmp.status().clone(),
            removal: Arc::clone(&removal),
            mesh: core.mesh.clone(),
            probe: DiskProbe::new(&store),
            secrets: ground.secrets.clone(),
            keys: Keys {
                store: ground.pki.clone(),
                name: ground.config.node.name.clone(),
                credentials: ground.credentials.clone(),
                certificates: actors.certificates.clone(),
            },
            recent_lines,
            history,
        });
        let _ = core.doors.operations.set(Arc::clone(&operations));
        let admin = Admin::new(AdminParts {
            ledger: Arc::new(core.consensus.clone()),
            facts: facts.clone(),
            nodes: Arc::new(AnyNode { own: operations, mesh: core.mesh.clone() }),
            passwords: passwords.clone(),
            credentials: ground.credentials.clone(),
            secrets: ground.secrets.clone(),
            local_token: LocalToken::load_or_create(ground.dir.root())?,
            admin_url: ground.config.admin.url.clone(),
        });
        let admin = AdminServer::start(admin_listener, ground.config.limits.admin_connections_max, admin)?;

        let address =
            PeerAddress { name: ground.config.node.name.clone(), address: ground.config.cluster.advertise.to_string() };
        make_cluster(&ground.dir, &core.consensus, address).await?;
        tokio::select! {
            announced = wait_announced(&core.consensus, id, ground.session) => announced?,
            () = removal.happened() => return Err(Removed(id).into()),
        }

        let mut gateway_config = GatewayConfig::new(ground.config.gateway.listen);
        gateway_config.connections_max = ground.config.limits.gateway_connections_max;
        let dependencies = Dependencies {
            cluster_id: ground.cluster_id,
            node: id,
            log: Arc::new(core.log.clone()),
            files,
            passwords,
            secrets: ground.secrets.clone(),
            metrics,
            tracer: telemetry.tracer(),
        };
        let view = core.consensus.view();
        let gateway = if view.state.members.get(&id).is_none_or(Member::is_full) {
            let tls = https_server_config(&ground.credentials)?;
            let gateway = Gateway::start(gateway_config, tls, dependencies).await?;
            facts.gateway_open.store(true, Ordering::Relaxed);
            Some(gateway)
        } else {
            None
        };
        tracing::info!(node = %id, after_ms = started.elapsed().as_millis() as u64, "the node serves");
        Ok(Self {
            id,
            session: ground.session,
            log: core.log,
            mesh: core.mesh,
            consensus: core.consensus,
            supervisor,
            actors,
            store,
            health,
            facts,
            admin,
            gateway,
            telemetry,
            removal,
            background,
            _lock: ground.lock,
        })
    }

    /// Waits until a part has failed that the node cannot do without.
    pub(crate) async fn failed(&self) -> String {
        let log_failed = async {
            // Not of the whole status: it changes several times with every entry of the log.
            let mut changes = self.consensus.watch_standing();
            loop {
                let has_ended = !changes.changed().await;
                if let Some(error) = self.consensus.status().fatal_error {
                    return format!("the log has failed: {error}");
                }
                if has_ended {
                    return "the log has stopped".to_owned();
                }
            }
        };
        tokio::select! {
            reason = self.supervisor.fatal().reported() => format!("actor {}: {}", reason.actor, reason.reason),
            reason = log_failed => reason,
        }
    }
}

fn listen(address: &str, key: &str) -> Result<TcpListener> {
    let listener = TcpListener::bind(address).with_context(|| format!("{key}: cannot listen on {address}"))?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

/// Waits until the log says that this process runs: then it may serve and claim.
async fn wait_announced(consensus: &Consensus, node: NodeId, session: SessionId) -> Result<()> {
    let mut views = consensus.watch();
    let announced = |view: &Arc<flotilla_consensus::View>| {
        view.state.members.get(&node).is_some_and(|member| member.session == Some(session))
    };
    views.wait_for(announced).await.context("the log ended while the node was starting")?;
    Ok(())
}

fn start_actors(
    ground: &Ground,
    core: &Core,
    supervisor: &Supervisor,
    files: &Files,
    health: &Arc<Health>,
    links: &Arc<Links>,
    watch: &Watch,
) -> Result<Actors> {
    let (node, session) = (ground.identity.node, ground.session);
    let log: Arc<dyn ReplicatedLog> = Arc::new(core.log.clone());
    let raft = Arc::new(RaftLevers { node, consensus: core.consensus.clone(), runtime: supervisor.runtime().clone() });
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::default());
    let parameters_index = Arc::new(AtomicU64::new(0));

    let beats = Beats::new(Arc::clone(&clock));
    let sink = beats.clone();
    let _ = core.doors.heartbeats.set(Box::new(move |from, heartbeat| sink.put(from, heartbeat)));
    let failover = FailoverPorts {
        log: Arc::clone(&log),
        raft: raft.clone(),
        links: links.clone(),
        beats: beats.clone(),
        fitness: health.clone(),
        clock: Arc::clone(&clock),
        parameters_index: Arc::clone(&parameters_index),
    };
    let membership =
        MembershipPorts { log: Arc::clone(&log), raft: raft.clone(), links: links.clone(), clock: Arc::clone(&clock) };
    let announcement = Announcement {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        mesh_address: ground.config.cluster.advertise.to_string(),
        admin_url: ground.config.admin.url.clone(),
        transfer_url: ground.config.gateway.url.clone(),
    };
    let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build();
    let steps = Steps {
        node,
        cluster_id: ground.cluster_id,
        log: Arc::clone(&log),
        files: files.clone(),
        http: http.context("the client for webhooks cannot be made")?,
        secrets: ground.secrets.clone(),
        watch: watch.clone(),
        cpu: CpuPool::for_this_machine().context("the threads that compute cannot be started")?,
        commands_dir: ground.config.node.commands_dir.clone(),
    };
    let pool = GmpPorts {
        log: Arc::clone(&log),
        raft: raft.clone(),
        runner: Arc::new(steps),
        clock: Arc::clone(&clock),
        cpu: Arc::new(ProcStat::default()),
    };
    let keeper = Keeper { node, store: ground.pki.clone(), credentials: ground.credentials.clone() };
    Ok(Actors {
        mesh_listener: MeshListenerActor::start(supervisor, Arc::new(Listening(core.mesh.clone())))?,
        mesh_links: MeshLinksActor::start(supervisor, links.clone())?,
        failover: Failover::start(supervisor, failover, FailoverConfig { node, session })?,
        membership: Membership::start(supervisor, membership, MembershipConfig { node, session, announcement })?,
        gmp: Gmp::start(supervisor, pool, PoolConfig { node, session, steal_after_ms: STEAL_AFTER_MS }, GMP_THREADS)?,
        ticker: Ticker::start(
            supervisor,
            TickerPorts { log: Arc::clone(&log), raft: raft.clone(), clock: Arc::clone(&clock) },
        )?,
        certificates: Certificates::start(
            supervisor,
            CertificatesPorts { log: Arc::clone(&log), keeper: Arc::new(keeper), clock: Arc::clone(&clock) },
            CertificatesConfig { node, session },
        )?,
        secret_rotations: SecretRotations::start(
            supervisor,
            RotationPorts {
                log: Arc::clone(&log),
                raft: raft.clone(),
                keeper: Arc::new(Secrets { store: ground.pki.clone(), handle: ground.secrets.clone() }),
                clock: Arc::clone(&clock),
            },
            node,
        )?,
        config_sync: ConfigSync::start(
            supervisor,
            ConfigSyncPorts {
                log,
                raft,
                beats,
                sink: Arc::new(Components { files: files.clone() }),
                clock,
                parameters_index,
            },
            node,
        )?,
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use flotilla_pki::{AuthorityParameters, IssueParameters, KeyAlgorithm};

    use super::*;

    #[tokio::test]
    async fn a_node_whose_certificates_have_all_ended_issues_itself_another() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let algorithm = KeyAlgorithm::default();
        let lifetime = Duration::from_secs(3600);
        let authority =
            store.create_authority(&AuthorityParameters { common_name: "ca".to_owned(), lifetime, algorithm }).unwrap();
        assert!(own_credentials(&store).is_err(), "there is none");
        let parameters = IssueParameters {
            common_name: "node".to_owned(),
            names: vec!["localhost".to_owned()],
            node_id: Some(1),
            lifetime: Duration::from_secs(1),
            algorithm,
        };
        let alias: flotilla_pki::Alias = "mesh".parse().unwrap();
        store.save_local(&authority.issue(alias.clone(), &parameters).unwrap()).unwrap();
        let ended = || assemble(&store, &alias, store.load_trust().unwrap(), RevokedSerials::default()).is_err();
        let deadline = Instant::now() + Duration::from_secs(10);
        while !ended() {
            assert!(Instant::now() < deadline, "it does not end");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let before = store.require_local(&alias).unwrap().chain;
        let credentials = own_credentials(&store).unwrap();
        assert_eq!((credentials.alias(), credentials.info().node_id), (&alias, Some(1)));
        assert_ne!(credentials.parts().local.chain, before);
    }
}
