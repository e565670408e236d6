//! The network in memory does what the simulation asks of it.

use std::io::ErrorKind;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, timeout};

use super::*;

const ADDRESS: &str = "b:1";
const MOMENT: Duration = Duration::from_secs(5);

fn milliseconds(count: u64) -> Duration {
    Duration::from_millis(count)
}

/// A connection from node `a` to node `b`, with the listener that took it.
async fn connected(network: &MemoryNetwork) -> (BoxedStream, BoxedStream, Box<dyn Listener>) {
    let listener = network.node("b").bind(ADDRESS).await.unwrap();
    let near = network.node("a").dial(ADDRESS).await.unwrap();
    let (far, _) = listener.accept().await.unwrap();
    (near, far, listener)
}

#[tokio::test(start_paused = true)]
async fn a_cut_holds_back_one_direction_until_it_heals() {
    let network = MemoryNetwork::seeded(1);
    let (mut near, mut far, _listener) = connected(&network).await;
    network.cut("a", "b");
    near.write_all(b"x").await.unwrap();
    far.write_all(b"y").await.unwrap();
    assert_eq!(near.read_u8().await.unwrap(), b'y');
    assert!(timeout(MOMENT, far.read_u8()).await.is_err());
    assert!(timeout(MOMENT, network.node("b").dial("b:2")).await.unwrap().is_err(), "nobody has this address");
    assert!(timeout(MOMENT, network.node("a").dial(ADDRESS)).await.is_err());
    network.heal();
    assert_eq!(far.read_u8().await.unwrap(), b'x');
}

#[tokio::test(start_paused = true)]
async fn broken_connections_end_at_once_and_can_be_made_again() {
    let network = MemoryNetwork::seeded(1);
    let (mut near, mut far, listener) = connected(&network).await;
    network.reset("a", "c");
    near.write_all(b"x").await.unwrap();
    assert_eq!(far.read_u8().await.unwrap(), b'x', "the connections of others stay");
    network.reset("b", "a");
    assert_eq!(near.read_u8().await.unwrap_err().kind(), ErrorKind::UnexpectedEof);
    assert_eq!(far.read_u8().await.unwrap_err().kind(), ErrorKind::UnexpectedEof);
    network.node("a").dial(ADDRESS).await.unwrap();
    drop(listener);
}

#[tokio::test(start_paused = true)]
async fn a_dead_process_refuses_and_its_last_breath_does_not_harm_its_successor() {
    let network = MemoryNetwork::seeded(1);
    let (mut near, _far, listener) = connected(&network).await;
    network.crash("b");
    assert_eq!(near.read_u8().await.unwrap_err().kind(), ErrorKind::UnexpectedEof);
    let dial = || async { network.node("a").dial(ADDRESS).await.map(drop).map_err(|error| error.kind()) };
    assert_eq!(dial().await, Err(ErrorKind::ConnectionRefused));
    network.partition("a", "b");
    assert!(timeout(MOMENT, dial()).await.is_err(), "the refusal of a host that is cut off does not arrive");
    network.heal();
    let _successor = network.node("b").bind(ADDRESS).await.unwrap();
    drop(listener);
    assert_eq!(dial().await, Ok(()));
}

#[tokio::test(start_paused = true)]
async fn a_seed_draws_the_same_delays_and_stalls_again() {
    let draw = async |seed| {
        let network = MemoryNetwork::seeded(seed);
        let (mut near, mut far, _listener) = connected(&network).await;
        let (delay_min, delay_max) = (milliseconds(5), milliseconds(20));
        network.set_faults(MemoryFaults { delay_min, delay_max, stalls_per_mille: 200 });
        let mut delays = Vec::new();
        for _ in 0..50 {
            let sent = Instant::now();
            near.write_all(b"x").await.unwrap();
            far.read_u8().await.unwrap();
            delays.push(sent.elapsed());
        }
        delays
    };
    let delays = draw(7).await;
    assert_eq!(delays, draw(7).await);
    assert_ne!(delays, draw(8).await);
    let (stalled, ordinary): (Vec<Duration>, Vec<Duration>) =
        delays.into_iter().partition(|delay| *delay >= milliseconds(200));
    assert!((1..25).contains(&stalled.len()));
    assert!(ordinary.iter().all(|delay| (milliseconds(5)..=milliseconds(22)).contains(delay)), "{ordinary:?}");
}
