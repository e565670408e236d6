//! The numbers of this crate, each with its reason, and what it is built on.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use flotilla_credentials::Passwords;
use flotilla_files::Files;
use flotilla_model::NodeId;
use flotilla_pki::SecretHandle;
use flotilla_telemetry::Tracer;

use crate::Log;
use crate::metrics::Metrics;

#[derive(Clone, Debug)]
pub struct GatewayConfig {
    pub listen: SocketAddr,
    /// Connections beyond this are closed as they come; each costs some 100 KiB.
    pub connections_max: usize,
    /// Threads that serve connections.
    pub workers: usize,
    /// A TLS handshake takes at most this long.
    pub handshake_timeout: Duration,
    /// The head of a request takes at most this long.
    pub header_timeout: Duration,
    /// A connection without a request is closed after this.
    pub keep_alive: Duration,
    /// While a body moves, so much waiting for the client is allowed for each [`GatewayConfig::body_progress_bytes`].
    pub body_timeout: Duration,
    /// Less than this in one `body_timeout` is no progress: a byte now and then must not hold an upload.
    pub body_progress_bytes: u64,
    /// A follower of events hears something at least this often: proxies cut connections that are silent for a minute.
    pub heartbeat: Duration,
    /// How long the outcome of a change is sought, through fail-overs, before the client hears that it is unknown.
    pub commit_timeout: Duration,
    /// Wrong passwords in a row that one account may have from one address.
    pub attempts_max: u32,
    /// After this time one more is allowed.
    pub attempts_recover: Duration,
}

impl GatewayConfig {
    pub fn new(listen: SocketAddr) -> Self {
        Self {
            listen,
            connections_max: 4096,
            workers: 2,
            handshake_timeout: Duration::from_secs(10),
            header_timeout: Duration::from_secs(10),
            keep_alive: Duration::from_secs(30),
            body_timeout: Duration::from_secs(30),
            body_progress_bytes: 4096,
            heartbeat: Duration::from_secs(15),
            commit_timeout: Duration::from_secs(10),
            attempts_max: 10,
            attempts_recover: Duration::from_secs(6),
        }
    }
}

/// What a gateway works with.
#[derive(Clone)]
pub struct Dependencies {
    /// Keeps the traces of two clusters' events apart.
    pub cluster_id: u128,
    /// The node that this process is.
    pub node: NodeId,
    pub log: Arc<dyn Log>,
    pub files: Files,
    /// One per process: its bounds and its cache are shared.
    pub passwords: Passwords,
    /// Seal the cookies of sessions.
    pub secrets: SecretHandle,
    pub metrics: Arc<Metrics>,
    pub tracer: Tracer,
}
