//! The published credentials: everyone reads the current ones, one publisher replaces them.

use std::sync::Arc;

use arc_swap::ArcSwap;
use tokio::sync::watch;

use crate::credentials::Credentials;

/// A cheap handle to the credentials in force. Level-triggered: a reader re-reads [`CredentialsHandle::current`].
#[derive(Clone, Debug)]
pub struct CredentialsHandle {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    current: ArcSwap<Credentials>,
    generation: watch::Sender<u64>,
}

impl CredentialsHandle {
    /// Publishes the first credentials, as generation 1.
    pub fn new(credentials: Credentials) -> Self {
        let (generation, _) = watch::channel(1);
        Self { shared: Arc::new(Shared { current: ArcSwap::from_pointee(credentials), generation }) }
    }

    /// Replaces the credentials for all later handshakes. They are valid by construction.
    pub fn publish(&self, credentials: Credentials) {
        tracing::info!(alias = %credentials.alias(), fingerprint = %credentials.info().fingerprint, "credentials published");
        self.shared.current.store(Arc::new(credentials));
        self.shared.generation.send_modify(|generation| *generation += 1);
    }

    /// The credentials in force.
    pub fn current(&self) -> Arc<Credentials> {
        self.shared.current.load_full()
    }

    /// Tells when other credentials are in force; the value counts publications.
    pub fn subscribe(&self) -> watch::Receiver<u64> {
        self.shared.generation.subscribe()
    }
}
