//! The worker threads, and on each the road of a connection: accept, TLS, HTTP.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use actix_http::{HttpService, KeepAlive, Request};
use actix_server::Server;
use actix_service::{IntoServiceFactory, ServiceFactoryExt, fn_service, map_config};
use actix_web::dev::AppConfig;
use actix_web::{App, web};
use socket2::{SockRef, TcpKeepalive};
use tokio::io::BufReader;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use crate::context::Context;
use crate::metrics::add;
use crate::server::connection::Connection;
use crate::server::connections::Connections;
use crate::server::service;

/// The connections that the kernel holds ready; what comes beyond is refused by it.
const BACKLOG: i32 = 1024;

/// What one call to the system may bring. The TLS library asks for 4 KiB at a time, which costs a call for each few events of
/// a stream.
const READ_BYTES: usize = 64 << 10;

/// A client that is gone without a word is noticed after a minute and a half: its uploads and streams hold places.
const KEEP_ALIVE_IDLE: Duration = Duration::from_secs(60);
const KEEP_ALIVE_INTERVAL: Duration = Duration::from_secs(10);
const KEEP_ALIVE_RETRIES: u32 = 3;

/// A listening socket, bound before anything runs.
pub(crate) fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = socket2::Socket::new(socket2::Domain::for_address(address), socket2::Type::STREAM, None)?;
    // A restarted node must not wait for the connections of its predecessor.
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

pub(crate) fn server(
    listener: TcpListener,
    tls: TlsAcceptor,
    context: Arc<Context>,
    connections: Connections,
) -> io::Result<Server> {
    let config = context.config.clone();
    let workers = config.workers.max(1);
    Ok(Server::build()
        .workers(workers)
        .disable_signals()
        // Ours is the bound, and it sheds; this one would only leave connections in the kernel's queue.
        .max_concurrent_connections(usize::MAX >> 1)
        .listen("https", listener, move || {
            let (accepting, config) = (Accepting::new(tls.clone(), &context, connections.clone()), config.clone());
            let (app_context, expect_context) = (web::Data::from(context.clone()), context.clone());
            let draining = connections.draining();
            let app = App::new()
                .app_data(app_context)
                .default_service(web::to(service::serve))
                .into_factory()
                .map_err(|error: actix_web::Error| error.as_response_error().error_response());
            let http = HttpService::build()
                .secure()
                .keep_alive(KeepAlive::Timeout(config.keep_alive))
                .client_request_timeout(config.header_timeout)
                // How long an answer to an unread body is left standing for the client to see.
                .client_disconnect_timeout(config.header_timeout)
                .graceful_shutdown_signal(move || draining.clone().cancelled_owned())
                .on_connect_ext(|connection: &Connection, data| {
                    data.insert(connection.activity().clone());
                })
                .expect(fn_service(move |request: Request| service::expected(expect_context.clone(), request)))
                .h1(map_config(app, |()| AppConfig::default()));
            fn_service(move |stream: TcpStream| accepting.clone().accept(stream))
                .and_then(http.map_err(|error| tracing::debug!(%error, "a connection ended with an error")))
        })?
        .run())
}

/// Sets what finds a dead client on a stream that may be silent for hours.
fn prepare(stream: &TcpStream) -> io::Result<()> {
    // Answers are written whole; waiting for more would only delay them.
    stream.set_nodelay(true)?;
    let socket = SockRef::from(stream);
    let keep_alive = TcpKeepalive::new()
        .with_time(KEEP_ALIVE_IDLE)
        .with_interval(KEEP_ALIVE_INTERVAL)
        .with_retries(KEEP_ALIVE_RETRIES);
    socket.set_tcp_keepalive(&keep_alive)?;
    // The same for what was sent and is not acknowledged.
    socket.set_tcp_user_timeout(Some(KEEP_ALIVE_IDLE + KEEP_ALIVE_INTERVAL * KEEP_ALIVE_RETRIES))
}

#[derive(Clone)]
struct Accepting {
    tls: TlsAcceptor,
    context: Arc<Context>,
    connections: Connections,
}

impl Accepting {
    fn new(tls: TlsAcceptor, context: &Arc<Context>, connections: Connections) -> Self {
        Self { tls, context: Arc::clone(context), connections }
    }

    async fn accept(self, stream: TcpStream) -> Result<(Connection, Option<SocketAddr>), ()> {
        // Dropping the stream closes it.
        let open = self.connections.open().ok_or(())?;
        let config = &self.context.config;
        let peer = stream.peer_addr().ok();
        prepare(&stream)
            .unwrap_or_else(|error| tracing::debug!(?peer, %error, "a connection keeps the system's defaults"));
        match timeout(config.handshake_timeout, self.tls.accept(BufReader::with_capacity(READ_BYTES, stream))).await {
            Ok(Ok(stream)) => {
                let idle_limit = config.keep_alive + config.header_timeout;
                Ok((Connection::new(stream, open, idle_limit, config.body_timeout), peer))
            }
            Ok(Err(error)) => {
                tracing::debug!(?peer, %error, "a TLS handshake failed");
                add(&self.context.metrics.handshakes_failed, 1);
                Err(())
            }
            Err(_) => {
                tracing::debug!(?peer, "a TLS handshake took too long");
                add(&self.context.metrics.handshakes_failed, 1);
                Err(())
            }
        }
    }
}
