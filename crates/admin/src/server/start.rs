//! Opens the port and closes it again.

use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::middleware::{DefaultHeaders, from_fn};
use actix_web::{App, HttpServer, web};
use flotilla_pki::asking_https_server_config;
use thiserror::Error;

use super::Admin;
use super::challenge::challenge_for_scripts;
use super::renewal::renew_cookie;
use super::shown_certificate;
use crate::console;
use crate::error::ApiError;
use crate::interface::Routes;
use crate::problems::Code;
use crate::resources;

/// Administration is a few requests a second; the work behind it is elsewhere.
const WORKERS: usize = 2;
/// For the request's head; a body has no deadline of its own, but a bound on its size.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);
const KEEP_ALIVE: Duration = Duration::from_secs(60);
/// Requests are short; one that takes longer at the end is cut off.
const SHUTDOWN_TIMEOUT_S: u64 = 5;

#[derive(Debug, Error)]
pub enum StartError {
    #[error("the credentials cannot be used for HTTPS: {0}")]
    Tls(#[from] rustls::Error),
    #[error("the admin listener cannot be opened: {0}")]
    Listen(#[from] std::io::Error),
}

/// The running server; it runs until [`AdminServer::stop`].
pub struct AdminServer {
    address: SocketAddr,
    handle: ServerHandle,
    admin: Admin,
}

impl AdminServer {
    /// Serves on a bound listener. Call it on a tokio runtime.
    pub fn start(listener: TcpListener, connections_max: usize, admin: Admin) -> Result<Self, StartError> {
        let address = listener.local_addr()?;
        let asking = admin.clone();
        // While nobody has registered one, browsers need not ask their users.
        let is_asked = move || !asking.view().state.administrator_certificates.is_empty();
        let tls = asking_https_server_config(&admin.parts().credentials, is_asked)?;
        let data = web::Data::new(admin.clone());
        let server = HttpServer::new(move || {
            App::new()
                .app_data(data.clone())
                .app_data(web::QueryConfig::default().error_handler(|error, _| invalid("query", &error)))
                .app_data(web::PathConfig::default().error_handler(|error, _| invalid("path", &error)))
                // Answers hold secrets and live figures; browsers shall neither keep nor guess at them.
                .wrap(
                    DefaultHeaders::new().add(("Cache-Control", "no-store")).add(("X-Content-Type-Options", "nosniff")),
                )
                .wrap(from_fn(renew_cookie))
                .wrap(from_fn(challenge_for_scripts))
                .configure(|config| {
                    let mut routes = Routes::to_serve();
                    resources::add(&mut routes);
                    routes.register(config);
                })
                .configure(console::configure)
                .default_service(web::to(resources::not_found))
        })
        .on_connect(shown_certificate::note)
        .workers(WORKERS)
        .max_connections(connections_max.div_ceil(WORKERS))
        .client_request_timeout(REQUEST_TIMEOUT)
        .tls_handshake_timeout(HANDSHAKE_TIMEOUT)
        .keep_alive(KEEP_ALIVE)
        .shutdown_timeout(SHUTDOWN_TIMEOUT_S)
        .disable_signals()
        .listen_rustls_0_23(listener, tls)?
        .run();
        let handle = server.handle();
        // Ends with `stop`.
        tokio::spawn(async move {
            if let Err(error) = server.await {
                tracing::error!(%error, "the admin server ended");
            }
        });
        Ok(Self { address, handle, admin })
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Takes no new requests, lets those under way end, closes the port.
    pub async fn stop(self) {
        self.admin.stop();
        self.handle.stop(true).await;
    }
}

fn invalid(field: &str, error: &dyn std::fmt::Display) -> actix_web::Error {
    ApiError::new(Code::InvalidValue, error.to_string()).at(field).into()
}
