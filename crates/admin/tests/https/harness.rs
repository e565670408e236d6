//! A server with a ledger in memory, and clients of it.

use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use flotilla_admin::api::{self, LinkStatus, NodeRole, NodeStatus, ReadyStatus};
use flotilla_admin::nodes::{NodeAnswer, NodeOperations, NodeProblem, NodeRequest};
use flotilla_admin::{
    Admin, AdminParts, AdminServer, Applied, Client, Ledger, LedgerError, LedgerView, LocalToken, Login, NodeFacts,
    PeerFacts, SyncFacts,
};
use flotilla_credentials::{Limits, Passwords};
use flotilla_model::{
    AccountName, AdministratorRole, ApiToken, Authority, Command, MemberRole, NodeId, Outcome, SessionId, State,
};
use flotilla_pki::{
    Alias, AuthorityParameters, ClusterSecret, Credentials, CredentialsHandle, CredentialsParts, Fingerprint,
    IssueParameters, KeyAlgorithm, Purpose, RevokedSerials, SecretHandle, SecretSet, TrustStore,
};
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Registry;
use tokio::sync::watch;

pub(crate) const NOW_MS: u64 = 1_700_000_000_000;
pub(crate) const SESSION: SessionId = SessionId(7);
const DAY: Duration = Duration::from_secs(86_400);

/// The state machine without a log; can be told to fail.
#[derive(Default)]
pub(crate) struct MemoryLedger {
    state: Mutex<(u64, State)>,
    failure: Mutex<Option<LedgerError>>,
    index: watch::Sender<u64>,
}

impl MemoryLedger {
    pub(crate) fn apply(&self, command: Command) -> Outcome {
        let mut guard = self.state.lock().unwrap();
        guard.0 += 1;
        let outcome = guard.1.apply(&command).unwrap();
        self.index.send_replace(guard.0);
        outcome
    }

    /// The tokens that there are end now; the log's time, which would take their rows out, has not come so far.
    pub(crate) fn expire_api_tokens(&self) {
        let mut guard = self.state.lock().unwrap();
        let tokens: Vec<_> = guard.1.api_tokens.iter().map(|(hash, token)| (*hash, token.clone())).collect();
        for (secret_hash, token) in tokens {
            let ApiToken { name, owner, role, description, created_by, created_ms: now_ms, .. } = token;
            guard.1.apply(&Command::RevokeApiToken { name: name.clone() }).unwrap();
            let expires_ms = Some(now_ms);
            let command =
                Command::CreateApiToken { secret_hash, name, owner, role, description, created_by, expires_ms, now_ms };
            guard.1.apply(&command).unwrap();
        }
    }

    pub(crate) fn fail_with(&self, failure: Option<LedgerError>) {
        *self.failure.lock().unwrap() = failure;
    }

    pub(crate) fn index(&self) -> u64 {
        self.state.lock().unwrap().0
    }

    pub(crate) fn state(&self) -> State {
        self.state.lock().unwrap().1.clone()
    }
}

#[async_trait]
impl Ledger for MemoryLedger {
    fn view(&self) -> LedgerView {
        let guard = self.state.lock().unwrap();
        LedgerView { index: guard.0, state: guard.1.clone() }
    }

    async fn fresh_view(&self) -> Result<LedgerView, LedgerError> {
        Ok(self.view())
    }

    async fn later_than(&self, index: u64) {
        self.index.subscribe().wait_for(|now| *now > index).await.unwrap();
    }

    async fn propose(&self, command: Command) -> Result<Applied, LedgerError> {
        if let Some(failure) = self.failure.lock().unwrap().clone() {
            return Err(failure);
        }
        let mut guard = self.state.lock().unwrap();
        guard.0 += 1;
        let outcome = guard.1.apply(&command)?;
        guard.1.check_invariants().unwrap();
        self.index.send_replace(guard.0);
        Ok(Applied { index: guard.0, outcome })
    }
}

/// Another node that is asked answers nothing.
struct NoNodes;

#[async_trait]
impl NodeOperations for NoNodes {
    async fn ask(&self, node: NodeId, _: NodeRequest) -> Result<NodeAnswer, NodeProblem> {
        Err(NodeProblem::unavailable(format!("node {node} is not reached")))
    }
}

struct FixedFacts;

impl NodeFacts for FixedFacts {
    fn status(&self) -> NodeStatus {
        NodeStatus {
            node: NodeId(1),
            name: "node-1".to_owned(),
            version: "0.1.0".to_owned(),
            process_id: 42,
            started_at: api::from_ms(NOW_MS),
            uptime_ms: 5000,
            process: Some(api::ProcessStatus { cpu_ms_total: 700, resident_bytes: 1 << 20 }),
            is_stopping: false,
            consensus: api::ConsensusStatus {
                role: NodeRole::Primary,
                term: 3,
                primary: Some(NodeId(1)),
                quorum_heard_ms_ago: Some(12),
                last_log_index: 120,
                committed_index: 118,
                applied_index: 118,
                snapshot_index: 0,
                stored_event_bytes: 0,
                digest: "00ff".to_owned(),
                voters: vec![NodeId(1), NodeId(2)],
                learners: vec![],
            },
            queue: api::QueueStatus::default(),
            gmp: api::GmpStatus {
                threads_max: 4,
                workers: 4,
                busy: 1,
                completed_total: 9,
                ..api::GmpStatus::default()
            },
            files: api::FilesStatus::default(),
            gateway: api::GatewayStatus::default(),
            certificate: api::CertificateStatus {
                alias: "cluster".to_owned(),
                fingerprint: "aa".to_owned(),
                expires_at: api::from_ms(NOW_MS),
                is_current: true,
                failure: None,
                renewal_at: None,
                renewed_total: 2,
                warnings: vec![api::CertificateWarning {
                    name: "old".to_owned(),
                    fingerprint: "bb".to_owned(),
                    expires_at: api::from_ms(NOW_MS),
                    within_days: 7,
                    is_renewable: false,
                }],
            },
            actors: vec![api::ActorStatus {
                name: "gmp-pool".to_owned(),
                state: "running".to_owned(),
                restarts: 2,
                waiting: 0,
                last_failure: Some("a test panicked it".to_owned()),
            }],
        }
    }

    fn peers(&self) -> Vec<PeerFacts> {
        vec![PeerFacts {
            node: NodeId(2),
            role: Some(NodeRole::Secondary),
            term: Some(3),
            applied_index: Some(100),
            link: LinkStatus {
                is_connected: true,
                round_trip_us: Some(250),
                heard_ms_ago: Some(10),
                reconnects: 1,
                failure: None,
            },
        }]
    }

    fn sync(&self) -> SyncFacts {
        SyncFacts { parameters_index: 118, agreed: [(NodeId(2), (64, NOW_MS))].into(), ..SyncFacts::default() }
    }

    fn register(&self, registry: &mut Registry) {
        registry.register("step_duration_seconds", "Of the node's parts", ConstGauge::new(7_u64));
    }

    fn ready(&self) -> ReadyStatus {
        ReadyStatus { is_ready: false, reasons: vec!["no primary".to_owned()] }
    }
}

pub(crate) struct Harness {
    pub(crate) ledger: Arc<MemoryLedger>,
    pub(crate) address: SocketAddr,
    pub(crate) credentials: CredentialsHandle,
    pub(crate) secret: ClusterSecret,
    pub(crate) secrets: SecretHandle,
    pub(crate) token: LocalToken,
    server: AdminServer,
    _folder: tempfile::TempDir,
}

impl Harness {
    /// A cluster of two members, of which the second runs, an administrator, an operator and an auditor.
    pub(crate) async fn start() -> Self {
        let ledger = Arc::new(MemoryLedger::default());
        fill(&ledger);
        Self::start_before(ledger.clone(), ledger)
    }

    /// A server before another ledger; the one in memory stays empty.
    pub(crate) fn start_with(ledger: Arc<dyn Ledger>) -> Self {
        Self::start_before(ledger, Arc::default())
    }

    fn start_before(served: Arc<dyn Ledger>, ledger: Arc<MemoryLedger>) -> Self {
        let credentials = credentials("node-1");
        let folder = tempfile::tempdir().unwrap();
        let token = LocalToken::load_or_create(folder.path()).unwrap();
        let secret = ClusterSecret::generate().unwrap();
        let secrets = SecretHandle::new(SecretSet::new(secret.clone()));
        let server = serve(served, &credentials, &secrets, &token);
        let address = server.address();
        Self { ledger, address, credentials, secret, secrets, token, server, _folder: folder }
    }

    pub(crate) fn url(&self) -> String {
        format!("https://127.0.0.1:{}", self.address.port())
    }

    pub(crate) fn client(&self, login: Login) -> Client {
        let tls = flotilla_pki::https_client_config(&self.credentials).unwrap();
        Client::new(&self.url(), tls, login).unwrap()
    }

    pub(crate) fn local(&self) -> Client {
        self.client(Login::Local(self.token.clone()))
    }

    pub(crate) fn with_password(&self, name: &str, password: &str) -> Client {
        self.client(Login::Password { name: name.to_owned(), password: password.to_owned().into() })
    }

    /// For requests that the typed client does not make.
    pub(crate) fn raw(&self) -> reqwest::Client {
        let tls = flotilla_pki::https_client_config(&self.credentials).unwrap();
        reqwest::Client::builder().tls_backend_preconfigured(tls).no_proxy().build().unwrap()
    }

    /// The cookie of a session, as it would be had it been given out so much earlier.
    pub(crate) fn aged_cookie(&self, cookie: &str, earlier_ms: u64) -> String {
        const CONTEXT: &[u8] = b"flotilla v1 session cookie";
        let (name, value) = cookie.split_once('=').unwrap();
        let key = self.secret.derive(Purpose::Cookies);
        let mut plain = key.open(CONTEXT, &URL_SAFE_NO_PAD.decode(value).unwrap()).unwrap();
        let given_ms = u64::from_be_bytes(plain[32..].try_into().unwrap());
        plain[32..].copy_from_slice(&(given_ms - earlier_ms).to_be_bytes());
        format!("{name}={}", URL_SAFE_NO_PAD.encode(key.seal(CONTEXT, &plain).unwrap()))
    }

    pub(crate) async fn stop(self) {
        self.server.stop().await;
    }
}

fn serve(
    ledger: Arc<dyn Ledger>,
    credentials: &CredentialsHandle,
    secrets: &SecretHandle,
    token: &LocalToken,
) -> AdminServer {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let admin = Admin::new(AdminParts {
        ledger,
        facts: Arc::new(FixedFacts),
        nodes: Arc::new(NoNodes),
        passwords: passwords(),
        credentials: credentials.clone(),
        secrets: secrets.clone(),
        local_token: token.clone(),
        admin_url: "https://node-1:8444".to_owned(),
    });
    AdminServer::start(listener, 64, admin).unwrap()
}

/// One for all tests of the process: each costs a hash.
fn passwords() -> Passwords {
    static PASSWORDS: OnceLock<Passwords> = OnceLock::new();
    PASSWORDS.get_or_init(|| Passwords::new(Limits::default()).unwrap()).clone()
}

pub(crate) const PASSWORD: &str = "correct horse battery";

fn hash() -> String {
    static HASH: OnceLock<String> = OnceLock::new();
    let make = || {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(passwords().hash(PASSWORD)).unwrap()
    };
    // On a thread of its own: a runtime cannot be started inside another.
    HASH.get_or_init(|| std::thread::spawn(make).join().unwrap()).clone()
}

pub(crate) fn authority(name: &str) -> flotilla_pki::Authority {
    let parameters = AuthorityParameters {
        common_name: format!("{name} CA"),
        lifetime: 3650 * DAY,
        algorithm: KeyAlgorithm::default(),
    };
    flotilla_pki::Authority::generate(&parameters).unwrap()
}

fn credentials(name: &str) -> CredentialsHandle {
    let authority = authority(name);
    let parameters = IssueParameters {
        common_name: name.to_owned(),
        names: vec![name.to_owned(), "127.0.0.1".to_owned()],
        node_id: Some(1),
        lifetime: 365 * DAY,
        algorithm: KeyAlgorithm::default(),
    };
    let local = authority.issue("cluster".parse::<Alias>().unwrap(), &parameters).unwrap();
    let mut trust = TrustStore::new();
    trust.add(authority.certificate().clone()).unwrap();
    let parts = CredentialsParts { local, trust, revoked: RevokedSerials::default() };
    CredentialsHandle::new(Credentials::new(parts).unwrap())
}

fn fill(ledger: &MemoryLedger) {
    ledger.apply(Command::CreateCluster {
        id: 0xabc,
        name: "harbour".to_owned(),
        parameters: flotilla_config::parameters::defaults(),
        now_ms: NOW_MS,
    });
    ledger.apply(admit(None, "node-1"));
    let secret_hash = flotilla_model::Sha256([1; 32]);
    let token = Command::CreateJoinToken {
        secret_hash,
        expires_ms: NOW_MS + 1000,
        created_by: "init".to_owned(),
        now_ms: NOW_MS,
    };
    ledger.apply(token);
    ledger.apply(admit(Some(secret_hash), "node-2"));
    ledger.apply(Command::NodeStarted {
        node: NodeId(2),
        session: SESSION,
        version: "0.1.0".to_owned(),
        mesh_address: "node-2:44431".to_owned(),
        admin_url: "https://node-2:8444".to_owned(),
        transfer_url: "https://node-2:8443".to_owned(),
        now_ms: NOW_MS,
    });
    for (name, role, must_change_password) in [
        ("root", AdministratorRole::Administrator, false),
        ("operator", AdministratorRole::Operator, false),
        ("auditor", AdministratorRole::Auditor, false),
        ("first", AdministratorRole::Administrator, true),
    ] {
        ledger.apply(Command::PutAdministrator {
            name: AccountName::parse(name).unwrap(),
            password_hash: Some(hash()),
            role: Some(role),
            must_change_password,
            now_ms: NOW_MS,
        });
    }
}

fn admit(token: Option<flotilla_model::Sha256>, name: &str) -> Command {
    Command::AdmitMember {
        token,
        name: name.to_owned(),
        role: MemberRole::Full,
        mesh_address: format!("{name}:44431"),
        admin_url: format!("https://{name}:8444"),
        transfer_url: format!("https://{name}:8443"),
        authority: Authority {
            fingerprint: Fingerprint::of(name.as_bytes()).to_string(),
            certificate_pem: format!("PEM of {name}"),
            node: None,
            added_ms: NOW_MS,
        },
        now_ms: NOW_MS,
    }
}

/// Looks until a condition holds; fails with its name after ten seconds.
pub(crate) async fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    wait_for(what, async || holds().then_some(())).await;
}

/// Looks until there is something; fails with its name after ten seconds.
pub(crate) async fn wait_for<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let deadline = std::time::Instant::now() + Duration::from_secs(10);
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(std::time::Instant::now() < deadline, "waited in vain until {what}");
        // From one look to the next.
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// The code of a refusal.
#[track_caller]
pub(crate) fn code<T: std::fmt::Debug>(result: Result<T, flotilla_admin::ClientError>) -> String {
    let error = result.unwrap_err();
    error.problem().unwrap_or_else(|| panic!("{error}")).code.clone()
}
