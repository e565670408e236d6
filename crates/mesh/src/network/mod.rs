//! The transport under the mesh, as a parameter: TCP in a process, memory in tests and in the simulation.

mod memory;
mod tcp;

use std::io;

use async_trait::async_trait;
use tokio::io::{AsyncRead, AsyncWrite};

pub use memory::{MemoryFaults, MemoryNetwork};
pub use tcp::TcpNetwork;

/// A connection as bytes in and bytes out.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin + 'static {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin + 'static> Stream for T {}

/// A connection of any transport.
pub type BoxedStream = Box<dyn Stream>;

/// Dials and listens.
#[async_trait]
pub trait Network: Send + Sync + 'static {
    /// Connects to an address of the form `host:port`. `ConnectionRefused` must mean that the host is there and the
    /// process is not: failover acts on it.
    async fn dial(&self, address: &str) -> io::Result<BoxedStream>;

    /// Listens on an address; port 0 takes a free one.
    async fn bind(&self, address: &str) -> io::Result<Box<dyn Listener>>;
}

/// Accepts connections; dropping it closes the address.
#[async_trait]
pub trait Listener: Send + Sync + 'static {
    /// The next connection and where it comes from.
    async fn accept(&self) -> io::Result<(BoxedStream, String)>;

    /// The address that is listened on, with its real port.
    fn local_address(&self) -> String;
}
