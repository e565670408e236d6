//! What all requests of one gateway share.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use flotilla_config::parameters::Parameters;
use flotilla_credentials::Passwords;
use flotilla_files::Files;
use flotilla_model::{NodeId, State, UploadId};
use flotilla_pki::SecretHandle;
use flotilla_telemetry::Tracer;
use parking_lot::Mutex;
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::access::Attempts;
use crate::events::{BODIES_BYTES_MAX, Slots};
use crate::metrics::Metrics;
use crate::observer::{Observed, observe};
use crate::{Dependencies, GatewayConfig, Log};

/// Longer a "not found" does not wait for a cluster without a primary; an election takes less.
const LATEST_TIMEOUT: Duration = Duration::from_secs(2);

pub(crate) struct Context {
    pub(crate) config: GatewayConfig,
    pub(crate) cluster_id: u128,
    pub(crate) node: NodeId,
    pub(crate) log: Arc<dyn Log>,
    pub(crate) files: Files,
    pub(crate) passwords: Passwords,
    pub(crate) secrets: SecretHandle,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) tracer: Tracer,
    pub(crate) attempts: Mutex<Attempts>,
    pub(crate) observed: Observed,
    /// The gateway stops: streams are to end.
    pub(crate) draining: CancellationToken,
    /// Streams on which events are published, and followed.
    pub(crate) publishers: Slots,
    pub(crate) followers: Slots,
    /// Bytes of events that are read as a whole.
    pub(crate) bodies: Semaphore,
    /// Uploads whose parts are being put together here.
    pub(crate) finishing: Mutex<HashSet<UploadId>>,
}

impl Context {
    /// To be called on a tokio runtime.
    pub(crate) fn new(config: GatewayConfig, dependencies: Dependencies, draining: CancellationToken) -> Self {
        let Dependencies { cluster_id, node, log, files, passwords, secrets, metrics, tracer } = dependencies;
        let attempts = Mutex::new(Attempts::new(config.attempts_max, config.attempts_recover));
        let observed = observe(&log);
        let (publishers, followers) = (Slots::default(), Slots::default());
        let bodies = Semaphore::new(BODIES_BYTES_MAX);
        Self {
            config,
            cluster_id,
            node,
            log,
            files,
            passwords,
            secrets,
            metrics,
            tracer,
            attempts,
            observed,
            draining,
            publishers,
            followers,
            bodies,
            finishing: Mutex::default(),
        }
    }

    /// A state with all that was acknowledged so far, if the cluster can tell it soon.
    pub(crate) async fn latest(&self) -> Option<State> {
        timeout(LATEST_TIMEOUT, self.log.latest()).await.ok().flatten()
    }

    /// The parameters in force on this node.
    pub(crate) fn parameters<'a>(&'a self, state: &'a State) -> Parameters<impl Fn(&str) -> Option<String> + use<'a>> {
        Parameters(|name: &str| state.parameter(name, Some(self.node)).map(|row| row.value.clone()))
    }
}

pub(crate) fn now_ms() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as u64)
}
