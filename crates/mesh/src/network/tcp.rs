//! The mesh over TCP: no Nagle delay, keep-alive against half-open connections, a deep listen queue.

use std::io;
use std::time::Duration;

use async_trait::async_trait;
use socket2::{Domain, Protocol, SockRef, Socket, TcpKeepalive, Type};
use tokio::io::BufReader;
use tokio::net::{TcpListener, TcpStream};

use crate::network::{BoxedStream, Listener, Network};

/// rustls asks for at most 4 KiB at a time; so what has come is taken from the system with one call, and handed out.
const READ_BYTES: usize = 64 << 10;
/// All nodes of a large cluster may dial at once after an outage.
const LISTEN_QUEUE_LENGTH: i32 = 1024;
/// A vanished host is found by the kernel at the latest after 10 + 3 * 5 s.
const KEEP_ALIVE_IDLE: Duration = Duration::from_secs(10);
const KEEP_ALIVE_INTERVAL: Duration = Duration::from_secs(5);
const KEEP_ALIVE_RETRIES: u32 = 3;

/// TCP by the operating system.
#[derive(Clone, Copy, Debug, Default)]
pub struct TcpNetwork;

#[async_trait]
impl Network for TcpNetwork {
    async fn dial(&self, address: &str) -> io::Result<BoxedStream> {
        prepared(TcpStream::connect(address).await?)
    }

    async fn bind(&self, address: &str) -> io::Result<Box<dyn Listener>> {
        let mut failure = io::Error::from(io::ErrorKind::AddrNotAvailable);
        for address in tokio::net::lookup_host(address).await? {
            let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
            // A restarted node takes its port back at once.
            socket.set_reuse_address(true)?;
            socket.set_nonblocking(true)?;
            match socket.bind(&address.into()).and_then(|()| socket.listen(LISTEN_QUEUE_LENGTH)) {
                Ok(()) => return Ok(Box::new(TcpAcceptor(TcpListener::from_std(socket.into())?))),
                Err(error) => failure = error,
            }
        }
        Err(failure)
    }
}

struct TcpAcceptor(TcpListener);

#[async_trait]
impl Listener for TcpAcceptor {
    async fn accept(&self) -> io::Result<(BoxedStream, String)> {
        let (stream, peer) = self.0.accept().await?;
        Ok((prepared(stream)?, peer.to_string()))
    }

    fn local_address(&self) -> String {
        self.0.local_addr().map(|address| address.to_string()).unwrap_or_default()
    }
}

fn prepared(stream: TcpStream) -> io::Result<BoxedStream> {
    stream.set_nodelay(true)?;
    let keep_alive = TcpKeepalive::new()
        .with_time(KEEP_ALIVE_IDLE)
        .with_interval(KEEP_ALIVE_INTERVAL)
        .with_retries(KEEP_ALIVE_RETRIES);
    SockRef::from(&stream).set_tcp_keepalive(&keep_alive)?;
    Ok(Box::new(BufReader::with_capacity(READ_BYTES, stream)))
}
