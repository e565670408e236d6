//! The mesh in memory: addresses are names in a table, connections are pairs of bounded buffers with a carrier
//! between them that can delay, hold back (partition) or drop (crash) what they carry. Uses tokio's clock only, so it
//! is deterministic under a paused one.

use std::collections::{HashMap, HashSet};
use std::io;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use parking_lot::Mutex;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, ReadHalf, WriteHalf};
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use crate::network::{BoxedStream, Listener, Network};

/// Bytes that a connection holds in each direction before its writer waits; like a socket buffer.
const BUFFER_BYTES: usize = 64 * 1024;
/// Connections not yet accepted; the next is refused, like a full listen queue.
const LISTEN_QUEUE_LENGTH: usize = 1024;

/// A network in memory, as seen by one node; see [`MemoryNetwork::node`].
#[derive(Clone)]
pub struct MemoryNetwork {
    name: String,
    shared: Arc<Shared>,
}

struct Shared {
    table: Mutex<Table>,
    /// Pairs of nodes that are cut off from each other, in both orders.
    partitions: watch::Sender<HashSet<(String, String)>>,
    delay: Duration,
}

#[derive(Default)]
struct Table {
    listeners: HashMap<String, Entry>,
    /// Ends all connections of a node.
    crashes: HashMap<String, CancellationToken>,
    last_port: u32,
}

struct Entry {
    owner: String,
    connections: mpsc::Sender<(DuplexStream, String)>,
}

impl MemoryNetwork {
    /// A network that delays each piece of data by `delay` in each direction.
    pub fn new(delay: Duration) -> Self {
        let (partitions, _) = watch::channel(HashSet::new());
        let shared = Shared { table: Mutex::new(Table::default()), partitions, delay };
        Self { name: String::new(), shared: Arc::new(shared) }
    }

    /// The same network as seen by the node of this name.
    pub fn node(&self, name: &str) -> Self {
        Self { name: name.to_owned(), shared: self.shared.clone() }
    }

    /// Holds back all data between two nodes, and lets no new connection come about, until [`MemoryNetwork::heal`].
    pub fn partition(&self, first: &str, second: &str) {
        self.shared.partitions.send_modify(|pairs| {
            pairs.insert((first.to_owned(), second.to_owned()));
            pairs.insert((second.to_owned(), first.to_owned()));
        });
    }

    /// Ends all partitions.
    pub fn heal(&self) {
        self.shared.partitions.send_modify(HashSet::clear);
    }

    /// Drops all listeners and connections of a node, as the end of its process would.
    pub fn crash(&self, name: &str) {
        let mut table = self.shared.table.lock();
        table.listeners.retain(|_, entry| entry.owner != name);
        if let Some(crash) = table.crashes.remove(name) {
            crash.cancel();
        }
    }
}

#[async_trait]
impl Network for MemoryNetwork {
    async fn dial(&self, address: &str) -> io::Result<BoxedStream> {
        let refused = || io::Error::from(io::ErrorKind::ConnectionRefused);
        let (owner, connections) = {
            let table = self.shared.table.lock();
            let entry = table.listeners.get(address).ok_or_else(refused)?;
            (entry.owner.clone(), entry.connections.clone())
        };
        wait_until_joined(&mut self.shared.partitions.subscribe(), &self.name, &owner).await;
        tokio::time::sleep(self.shared.delay).await;
        let (near, near_carrier) = tokio::io::duplex(BUFFER_BYTES);
        let (far, far_carrier) = tokio::io::duplex(BUFFER_BYTES);
        let ends = {
            let mut table = self.shared.table.lock();
            [self.name.clone(), owner.clone()].map(|name| table.crashes.entry(name).or_default().clone())
        };
        let (near_read, near_write) = tokio::io::split(near_carrier);
        let (far_read, far_write) = tokio::io::split(far_carrier);
        let carrier = |from: &str, to: &str, read, write| Carrier {
            read,
            write,
            pair: (from.to_owned(), to.to_owned()),
            partitions: self.shared.partitions.subscribe(),
            delay: self.shared.delay,
        };
        let forth = carrier(&self.name, &owner, near_read, far_write);
        let back = carrier(&owner, &self.name, far_read, near_write);
        // Ends when both directions are at their end, or one of the nodes crashes.
        tokio::spawn(async move {
            tokio::select! {
                _ = async { tokio::join!(forth.run(), back.run()) } => {}
                () = ends[0].cancelled() => {}
                () = ends[1].cancelled() => {}
            }
        });
        connections.try_send((far, self.name.clone())).map_err(|_| refused())?;
        Ok(Box::new(near))
    }

    async fn bind(&self, address: &str) -> io::Result<Box<dyn Listener>> {
        let (connections, incoming) = mpsc::channel(LISTEN_QUEUE_LENGTH);
        let mut table = self.shared.table.lock();
        let mut address = address.to_owned();
        if let Some(host) = address.strip_suffix(":0") {
            table.last_port += 1;
            address = format!("{host}:{}", table.last_port);
        }
        if table.listeners.contains_key(&address) {
            return Err(io::ErrorKind::AddrInUse.into());
        }
        table.listeners.insert(address.clone(), Entry { owner: self.name.clone(), connections });
        let incoming = tokio::sync::Mutex::new(incoming);
        Ok(Box::new(MemoryListener { address, incoming, shared: self.shared.clone() }))
    }
}

struct MemoryListener {
    address: String,
    incoming: tokio::sync::Mutex<mpsc::Receiver<(DuplexStream, String)>>,
    shared: Arc<Shared>,
}

#[async_trait]
impl Listener for MemoryListener {
    async fn accept(&self) -> io::Result<(BoxedStream, String)> {
        let accepted = self.incoming.lock().await.recv().await;
        let (stream, peer) = accepted.ok_or_else(|| io::Error::from(io::ErrorKind::NotConnected))?;
        Ok((Box::new(stream), peer))
    }

    fn local_address(&self) -> String {
        self.address.clone()
    }
}

impl Drop for MemoryListener {
    fn drop(&mut self) {
        self.shared.table.lock().listeners.remove(&self.address);
    }
}

struct Carrier {
    read: ReadHalf<DuplexStream>,
    write: WriteHalf<DuplexStream>,
    pair: (String, String),
    partitions: watch::Receiver<HashSet<(String, String)>>,
    delay: Duration,
}

impl Carrier {
    async fn run(mut self) {
        let mut piece = vec![0; 16 * 1024];
        loop {
            let length = self.read.read(&mut piece).await.unwrap_or(0);
            if !self.delay.is_zero() {
                tokio::time::sleep(self.delay).await;
            }
            wait_until_joined(&mut self.partitions, &self.pair.0, &self.pair.1).await;
            if length == 0 {
                // Passes the end on; an error means that the other side is gone already.
                let _ = self.write.shutdown().await;
                return;
            }
            if self.write.write_all(&piece[..length]).await.is_err() {
                return;
            }
        }
    }
}

async fn wait_until_joined(partitions: &mut watch::Receiver<HashSet<(String, String)>>, from: &str, to: &str) {
    let pair = (from.to_owned(), to.to_owned());
    // The sender lives as long as the network; without it nothing can be cut off any more.
    let _ = partitions.wait_for(|pairs| !pairs.contains(&pair)).await;
}
