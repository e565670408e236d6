//! The gateway as a whole: started once, stopped in order.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use actix_server::ServerHandle;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use crate::context::Context;
use crate::server::connections::Connections;
use crate::server::listener;
use crate::{Dependencies, GatewayConfig};

/// After the budget is spent: how long connections that were cut may take to let go of what they hold.
const CUT_TIMEOUT: Duration = Duration::from_secs(2);

#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("cannot listen on {address}")]
    Listen { address: SocketAddr, source: io::Error },
    #[error("cannot start the workers")]
    Workers(#[source] io::Error),
}

/// A running gateway. Dropped without [`Gateway::stop`], it goes on until the process ends.
pub struct Gateway {
    local_address: SocketAddr,
    connections: Connections,
    handle: ServerHandle,
    /// Ends after the stop of the server.
    server: JoinHandle<io::Result<()>>,
}

impl Gateway {
    /// Binds and starts to serve. `tls` brings certificate and key; ALPN is set here. To be called on a tokio runtime.
    pub async fn start(
        config: GatewayConfig,
        mut tls: rustls::ServerConfig,
        dependencies: Dependencies,
    ) -> Result<Self, StartError> {
        let address = config.listen;
        let failed = |source| StartError::Listen { address, source };
        let listener = listener::bind(address).map_err(failed)?;
        let local_address = listener.local_addr().map_err(failed)?;
        tls.alpn_protocols = vec![b"http/1.1".to_vec()];
        let connections = Connections::new(dependencies.metrics.clone(), config.connections_max);
        let context = Arc::new(Context::new(config, dependencies, connections.draining()));
        let server = listener::server(listener, TlsAcceptor::from(Arc::new(tls)), context, connections.clone())
            .map_err(StartError::Workers)?;
        let handle = server.handle();
        let server = tokio::spawn(server);
        tracing::info!(%local_address, "the HTTPS gateway listens");
        Ok(Self { local_address, connections, handle, server })
    }

    /// Where it listens; the port is the real one when 0 was asked for.
    pub fn local_addr(&self) -> SocketAddr {
        self.local_address
    }

    /// Takes nothing new from now on, lets requests under way finish within `graceful`, cuts the rest. Says whether all
    /// could finish.
    pub async fn stop(self, graceful: Duration) -> bool {
        self.connections.drain();
        let finished = timeout(graceful, self.connections.all_ended()).await.is_ok();
        self.handle.stop(false).await;
        if let Ok(Err(error)) = self.server.await {
            tracing::warn!(%error, "the HTTPS gateway ended with an error");
        }
        let _ = timeout(CUT_TIMEOUT, self.connections.all_ended()).await;
        tracing::info!(finished, "the HTTPS gateway has stopped");
        finished
    }
}
