//! Names resolved, forward and back, and ports dialled.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use flotilla_admin::nodes::TargetFacts;
use futures::future::join_all;
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;

use super::targets::Target;

/// A resolver asks several servers, each for a second or so.
const RESOLVE_DEADLINE: Duration = Duration::from_secs(5);
/// A round trip around the world takes a third of a second.
const CONNECT_DEADLINE: Duration = Duration::from_secs(3);

pub(super) async fn look_at(targets: Vec<Target>) -> Vec<TargetFacts> {
    join_all(targets.into_iter().map(look_at_one)).await
}

async fn look_at_one(target: Target) -> TargetFacts {
    let Target { kind, node, host, port } = target;
    let resolved = resolve(&host, port).await;
    let first = resolved.as_ref().ok().and_then(|addresses| addresses.first().copied());
    let (reverse, connected) = match first {
        Some(address) => tokio::join!(look_up(address), connect(&resolved)),
        None => (Err("there is no address".to_owned()), Err("there is no address".to_owned())),
    };
    let texts = |addresses: Vec<SocketAddr>| addresses.iter().map(|address| address.ip().to_string()).collect();
    TargetFacts { kind, node, host, port, addresses: resolved.map(texts), reverse, connected }
}

async fn resolve(host: &str, port: u16) -> Result<Vec<SocketAddr>, String> {
    let looked = timeout(RESOLVE_DEADLINE, lookup_host((host, port))).await;
    let addresses: Vec<_> = looked.map_err(|_| late(RESOLVE_DEADLINE))?.map_err(|error| error.to_string())?.collect();
    if addresses.is_empty() { Err("the name has no address".to_owned()) } else { Ok(addresses) }
}

async fn look_up(address: SocketAddr) -> Result<String, String> {
    // The system's call has no deadline: a thread may hang behind for a while.
    let looking = tokio::task::spawn_blocking(move || dns_lookup::lookup_addr(&address.ip()));
    let looked = timeout(RESOLVE_DEADLINE, looking).await.map_err(|_| late(RESOLVE_DEADLINE))?;
    looked.map_err(|error| error.to_string())?.map_err(|error| error.to_string())
}

/// As programs do: one address after the other.
async fn connect(addresses: &Result<Vec<SocketAddr>, String>) -> Result<u64, String> {
    let addresses = addresses.as_ref().map_err(Clone::clone)?;
    let begun = Instant::now();
    let connecting = timeout(CONNECT_DEADLINE, TcpStream::connect(addresses.as_slice())).await;
    connecting.map_err(|_| late(CONNECT_DEADLINE))?.map_err(|error| error.to_string())?;
    Ok(u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX))
}

fn late(deadline: Duration) -> String {
    format!("no answer within {deadline:?}")
}
