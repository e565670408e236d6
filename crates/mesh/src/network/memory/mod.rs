//! The mesh in memory: addresses are names in a table, connections are pairs of bounded buffers with a carrier
//! between them that can delay, hold back (partition) or drop (crash) what they carry. Uses tokio's clock and its own
//! seeded generator only, so it is deterministic under a paused clock.

mod carrier;
mod listener;
#[cfg(test)]
mod tests;
mod weather;

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use parking_lot::Mutex;
use tokio::io::DuplexStream;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::network::{BoxedStream, Listener, Network};
use listener::MemoryListener;
use weather::Weather;

pub use weather::MemoryFaults;

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
    weather: Weather,
}

#[derive(Default)]
struct Table {
    /// Whose host an address is on, whether something listens there or not.
    hosts: BTreeMap<String, String>,
    listeners: BTreeMap<String, Entry>,
    connections: Vec<Connection>,
    binds: u64,
}

struct Entry {
    /// Tells this listener from an earlier one at the same address.
    number: u64,
    connections: mpsc::Sender<(DuplexStream, String)>,
}

/// A connection between two nodes; cancelled when it is over.
struct Connection {
    ends: [String; 2],
    over: CancellationToken,
}

impl MemoryNetwork {
    /// A network that delays each piece of data by `delay` in each direction.
    pub fn new(delay: Duration) -> Self {
        let network = Self::seeded(0);
        network.set_faults(MemoryFaults { delay_min: delay, delay_max: delay, stalls_per_mille: 0 });
        network
    }

    /// A network without delays, whose faults are drawn from a generator with this seed.
    pub fn seeded(seed: u64) -> Self {
        let shared = Shared { table: Mutex::default(), weather: Weather::new(seed) };
        Self { name: String::new(), shared: Arc::new(shared) }
    }

    /// The same network as seen by the node of this name.
    pub fn node(&self, name: &str) -> Self {
        Self { name: name.to_owned(), shared: self.shared.clone() }
    }

    /// Sets delays and stalls of all connections, old ones too.
    pub fn set_faults(&self, faults: MemoryFaults) {
        self.shared.weather.set_faults(faults);
    }

    /// Holds back all data between two nodes, and lets no new connection come about, until [`MemoryNetwork::heal`].
    pub fn partition(&self, first: &str, second: &str) {
        self.cut(first, second);
        self.cut(second, first);
    }

    /// Holds back all data from one node to another, until [`MemoryNetwork::heal`].
    pub fn cut(&self, from: &str, to: &str) {
        self.shared.weather.cut(from, to);
    }

    /// Ends all partitions.
    pub fn heal(&self) {
        self.shared.weather.heal();
    }

    /// Breaks all connections between two nodes, as a firewall that forgets them would.
    pub fn reset(&self, first: &str, second: &str) {
        self.end_connections(|ends| ends.iter().any(|end| end == first) && ends.iter().any(|end| end == second));
    }

    /// Drops all listeners and connections of a node, as the end of its process would.
    pub fn crash(&self, name: &str) {
        let mut table = self.shared.table.lock();
        let Table { hosts, listeners, .. } = &mut *table;
        listeners.retain(|address, _| hosts.get(address).is_none_or(|host| host != name));
        drop(table);
        self.end_connections(|ends| ends.iter().any(|end| end == name));
    }

    fn end_connections(&self, concerns: impl Fn(&[String; 2]) -> bool) {
        let table = self.shared.table.lock();
        table.connections.iter().filter(|one| concerns(&one.ends)).for_each(|one| one.over.cancel());
    }
}

#[async_trait]
impl Network for MemoryNetwork {
    async fn dial(&self, address: &str) -> io::Result<BoxedStream> {
        let refused = || io::Error::from(io::ErrorKind::ConnectionRefused);
        let host = self.shared.table.lock().hosts.get(address).cloned().ok_or_else(refused)?;
        // A host that is cut off refuses nothing: its refusal would not arrive either.
        self.shared.weather.joined(&self.name, &host).await;
        self.shared.weather.joined(&host, &self.name).await;
        tokio::time::sleep(self.shared.weather.delay()).await;
        let mut table = self.shared.table.lock();
        let entry = table.listeners.get(address).ok_or_else(refused)?;
        let over = CancellationToken::new();
        let (near, far) = carrier::connect(&self.shared, [&self.name, &host], over.clone());
        entry.connections.try_send((far, self.name.clone())).map_err(|_| refused())?;
        table.connections.retain(|connection| !connection.over.is_cancelled());
        table.connections.push(Connection { ends: [self.name.clone(), host], over });
        Ok(Box::new(near))
    }

    async fn bind(&self, address: &str) -> io::Result<Box<dyn Listener>> {
        let (connections, incoming) = mpsc::channel(LISTEN_QUEUE_LENGTH);
        let mut table = self.shared.table.lock();
        table.binds += 1;
        let number = table.binds;
        let address = match address.strip_suffix(":0") {
            Some(host) => format!("{host}:{number}"),
            None => address.to_owned(),
        };
        if table.listeners.contains_key(&address) {
            return Err(io::ErrorKind::AddrInUse.into());
        }
        table.hosts.insert(address.clone(), self.name.clone());
        table.listeners.insert(address.clone(), Entry { number, connections });
        Ok(Box::new(MemoryListener::new(address, number, incoming, self.shared.clone())))
    }
}
