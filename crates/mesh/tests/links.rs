//! Links: what is seen of a peer's death, silence, farewell and return; live changes of credentials and secrets.

#![allow(clippy::unwrap_used, reason = "test code")]

mod common;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use common::*;
use flotilla_mesh::{Lane, LinkState, LinkStatus, PeerReachability};
use flotilla_model::NodeId;
use flotilla_pki::{ClusterSecret, Credentials, RevokedSerials, SecretSet};

const PEER: NodeId = NodeId(2);

fn level(node: &Node) -> PeerReachability {
    node.mesh.watch_links().borrow()[&PEER]
}

async fn wait_for_level(node: &Node, what: &str, matches: impl Fn(PeerReachability) -> bool) {
    let mut levels = node.mesh.watch_links();
    let waiting = levels.wait_for(|levels| levels.get(&PEER).is_some_and(|level| matches(*level)));
    within(what, waiting).await.unwrap();
}

#[tokio::test]
async fn a_killed_process_is_seen_as_gone_within_milliseconds() {
    for cluster in [Cluster::in_memory(), Cluster::over_tcp()] {
        let (first, second) = cluster.pair().await;
        wait_for_level(&first, "connected", PeerReachability::is_connected).await;
        // A connection must have lasted for the redial to be immediate; a flapping one is dialled with pauses.
        let address = second.mesh.local_address().to_owned();
        let killed = Instant::now();
        second.mesh.abort().await;
        wait_for_level(&first, "gone", PeerReachability::is_gone).await;
        let seen_after = killed.elapsed();
        assert!(seen_after < Duration::from_millis(500), "{seen_after:?}");
        assert!(matches!(level(&first), PeerReachability::Reset { refused_redial: true, .. }));
        let back = cluster.node_at(2, &address).await;
        wait_for_level(&first, "back", PeerReachability::is_connected).await;
        first.connected(2).await;
        assert_eq!(first.mesh.call(PEER, Lane::Raft, "echo", TIMEOUT).await.unwrap(), "echo");
        drop(back);
    }
}

#[tokio::test]
async fn an_orderly_end_is_a_farewell() {
    let (first, second) = Cluster::over_tcp().pair().await;
    assert!(second.mesh.shutdown().await);
    wait_for_level(&first, "farewell", |level| matches!(level, PeerReachability::Farewell { .. })).await;
    let links = first.mesh.links();
    let liveness = links.iter().find(|link| link.lane == Lane::Liveness).unwrap();
    assert!(liveness.last_error.is_some());
}

#[tokio::test(start_paused = true)]
async fn silence_without_a_reset_is_a_suspicion_and_heals() {
    let cluster = Cluster::in_memory();
    let (first, _second) = cluster.pair().await;
    wait_for_level(&first, "connected", PeerReachability::is_connected).await;
    cluster.network().partition("1", "2");
    let cut_off = tokio::time::Instant::now();
    let mut levels = first.mesh.watch_links();
    levels.wait_for(|levels| matches!(levels[&PEER], PeerReachability::Silent { .. })).await.unwrap();
    let after = cut_off.elapsed();
    assert!(after > Duration::from_millis(900) && after < Duration::from_millis(1500), "{after:?}");
    assert!(!level(&first).is_gone());
    cluster.network().heal();
    levels.wait_for(|levels| levels[&PEER].is_connected()).await.unwrap();
}

#[tokio::test]
async fn links_do_not_live_on_the_thread_that_names_the_peers() {
    let cluster = Cluster::over_tcp();
    let (first, second) = (cluster.node(1).await, cluster.node(2).await);
    let (mesh, address) = (first.mesh.clone(), second.mesh.local_address().to_owned());
    let actor = tokio::task::spawn_blocking(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async { mesh.set_peers(BTreeMap::from([(PEER, address)])) });
    });
    actor.await.unwrap();
    first.connected(2).await;
    assert_eq!(first.mesh.call(PEER, Lane::Raft, "echo", TIMEOUT).await.unwrap(), "echo");
}

#[tokio::test]
async fn round_trips_are_measured_and_the_status_can_be_shown() {
    let (first, _second) = Cluster::over_tcp().pair().await;
    let liveness = || first.mesh.links().into_iter().find(|link| link.lane == Lane::Liveness).unwrap();
    wait_until("a round trip is measured", || liveness().round_trip_us.is_some()).await;
    let status = liveness();
    assert_eq!((status.peer, status.state, status.connections), (PEER, LinkState::Connected, 1));
    assert_eq!(status.software_version.as_deref(), Some("0.1.0"));
    assert!(status.sent_bytes > 0 && status.received_bytes > 0);
    let json = serde_json::to_value(&status).unwrap();
    assert_eq!(json["lane"], "liveness");
    assert_eq!(json["state"], "connected");
}

#[tokio::test]
async fn a_changed_or_removed_peer_is_dialled_anew_or_no_more() {
    let cluster = Cluster::in_memory();
    let (first, second) = cluster.pair().await;
    first.mesh.set_peers(BTreeMap::from([(PEER, second.mesh.local_address().to_owned())]));
    assert!(first.mesh.links().iter().all(|link| link.connections == 1), "an unchanged peer keeps its links");
    second.mesh.abort().await;
    let moved = cluster.node(2).await;
    first.dials(&[(2, &moved)]).await;
    assert_eq!(first.mesh.call(PEER, Lane::Control, "echo", TIMEOUT).await.unwrap(), "echo");
    first.mesh.set_peers(BTreeMap::new());
    assert!(first.mesh.links().is_empty() && first.mesh.watch_links().borrow().is_empty());
    assert!(first.mesh.call(PEER, Lane::Control, "echo", TIMEOUT).await.is_err());
}

#[tokio::test]
async fn credentials_and_secrets_change_live_and_no_request_fails() {
    let cluster = Cluster::over_tcp();
    let (first, second) = cluster.pair().await;
    let stop = Arc::new(AtomicBool::new(false));
    let calls = {
        let (mesh, stop) = (first.mesh.clone(), stop.clone());
        tokio::spawn(async move {
            let mut answered = 0u64;
            while !stop.load(Ordering::SeqCst) {
                mesh.call(PEER, Lane::Control, "echo", TIMEOUT).await.unwrap();
                answered += 1;
            }
            answered
        })
    };
    let next_secret = ClusterSecret::generate().unwrap();
    // A rotation: first everybody accepts the new secret, then proves it, then forgets the old one.
    for (current, other) in
        [(&cluster.secret, Some(&next_secret)), (&next_secret, Some(&cluster.secret)), (&next_secret, None)]
    {
        for (id, node) in [(1, &first), (2, &second)] {
            let set = SecretSet::new(current.clone());
            node.secrets.publish(match other {
                Some(other) => set.accepting(other.clone()),
                None => set,
            });
            node.credentials.publish(cluster.credentials(id));
            // A new connection, under whatever is in force on both sides now.
            let digest = first.mesh.upload(PEER, "new").await.unwrap().finish().await.unwrap();
            assert_eq!(digest.len(), 32);
        }
    }
    stop.store(true, Ordering::SeqCst);
    assert!(calls.await.unwrap() > 0);
    assert!(first.mesh.links().iter().all(|link| link.connections == 1), "no link was dropped");
    wait_until("all links have moved", || first.mesh.links().iter().all(|link| link.successions > 0)).await;
    // Who was not told of the new secret is refused now.
    let outdated = cluster.node(3).await;
    outdated.mesh.set_peers(BTreeMap::from([(PEER, second.mesh.local_address().to_owned())]));
    wait_for_level(&outdated, "rejected", |level| matches!(level, PeerReachability::Rejected { .. })).await;
    let why = outdated.mesh.links()[0].last_error.clone().unwrap();
    assert!(why.contains("cluster secret"), "{why}");
}

/// What node 1 sees of node 2's certificate when it asks over each lane.
async fn asked(node: &Node) -> Vec<u64> {
    for lane in Lane::REQUEST_LANES {
        assert_eq!(node.mesh.call(PEER, lane, "echo", TIMEOUT).await.unwrap(), "echo");
    }
    node.mesh.links().iter().map(|link| link.successions).collect()
}

#[tokio::test]
async fn connections_move_to_a_new_certificate_and_answer_what_was_asked_before() {
    let cluster = Cluster::over_tcp();
    let (first, second) = cluster.pair().await;
    let held = {
        let mesh = first.mesh.clone();
        tokio::spawn(async move { mesh.call(PEER, Lane::Control, "hold", TIMEOUT).await })
    };
    wait_until("the peer holds a request", || second.service.running.load(Ordering::SeqCst) == 1).await;
    assert_eq!(asked(&first).await, [0, 0, 0]);
    let old = first.credentials.current();
    first.credentials.publish(cluster.credentials(1));
    wait_until("all links have moved", || first.mesh.links().iter().all(|link| link.successions == 1)).await;
    second.service.gate.add_permits(1);
    within("the answer over the old connection", held).await.unwrap().unwrap();
    assert_eq!(asked(&first).await, [1, 1, 1]);
    // The old certificate is of no use any more, and nobody misses it.
    let mut parts = second.credentials.current().parts().clone();
    parts.revoked = RevokedSerials::from_iter([old.info().serial.clone()]);
    second.credentials.publish(Credentials::new(parts).unwrap());
    assert_eq!(asked(&first).await, [1, 1, 1]);
    assert!(first.mesh.links().iter().all(|link| link.connections == 1 && link.state == LinkState::Connected));
    // A publication with the same certificate moves nothing.
    let again = first.credentials.current().parts().clone();
    first.credentials.publish(Credentials::new(again).unwrap());
    assert_eq!(asked(&first).await, [1, 1, 1]);
}

#[tokio::test]
async fn a_peer_that_was_renewed_before_its_old_certificate_was_revoked_is_not_lost() {
    let cluster = Cluster::over_tcp();
    let (first, second) = cluster.pair().await;
    let old = second.credentials.current();
    // Node 2 dials nobody here: it tells node 1 that it has a new certificate.
    second.credentials.publish(cluster.credentials(2));
    wait_until("all links have moved", || first.mesh.links().iter().all(|link| link.successions == 1)).await;
    let mut parts = first.credentials.current().parts().clone();
    parts.revoked = RevokedSerials::from_iter([old.info().serial.clone()]);
    first.credentials.publish(Credentials::new(parts).unwrap());
    wait_until("all links have moved", || first.mesh.links().iter().all(|link| link.successions == 1)).await;
    assert_eq!(asked(&first).await, [1, 1, 1]);
    assert!(first.mesh.links().iter().all(|link| link.connections == 1), "{:?}", first.mesh.links());
}

#[tokio::test]
async fn connections_follow_a_peers_certificate_before_it_ends() {
    let cluster = Cluster::over_tcp();
    let (first, second) = (cluster.node(1).await, cluster.node(2).await);
    second.credentials.publish(cluster.credentials_for(2, Duration::from_secs(6)));
    first.dials(&[(2, &second)]).await;
    second.credentials.publish(cluster.credentials(2));
    wait_until("all links have moved", || first.mesh.links().iter().all(|link| link.successions > 0)).await;
    assert_eq!(asked(&first).await, [1, 1, 1]);
    assert!(first.mesh.links().iter().all(|link| link.connections == 1), "{:?}", first.mesh.links());
}

#[tokio::test]
async fn a_certificate_that_the_peer_refuses_costs_no_connection() {
    let cluster = Cluster::over_tcp();
    let (first, _second) = cluster.pair().await;
    let stranger = Cluster::over_tcp();
    let mut parts = stranger.credentials(1).parts().clone();
    parts.trust.add(cluster.authority.certificate().clone()).unwrap();
    first.credentials.publish(Credentials::new(parts).unwrap());
    // It tries, is refused, and goes on with what it has.
    let is_told = |link: &LinkStatus| link.last_error.as_ref().is_some_and(|text| text.contains("take over"));
    wait_until("a link tells of the refusal", || first.mesh.links().iter().any(is_told)).await;
    assert_eq!(asked(&first).await, [0, 0, 0]);
    first.credentials.publish(cluster.credentials(1));
    wait_until("all links have moved", || first.mesh.links().iter().all(|link| link.successions == 1)).await;
    assert!(first.mesh.links().iter().all(|link| link.connections == 1));
}

#[tokio::test]
async fn a_revocation_cuts_links_that_are_up() {
    let (first, second) = Cluster::in_memory().pair().await;
    let mut parts = second.credentials.current().parts().clone();
    parts.revoked = RevokedSerials::from_iter([first.credentials.current().info().serial.clone()]);
    second.credentials.publish(Credentials::new(parts).unwrap());
    wait_for_level(&first, "rejected", |level| matches!(level, PeerReachability::Rejected { .. })).await;
    wait_until("all lanes are down", || first.mesh.links().iter().all(|link| link.state != LinkState::Connected)).await;
    assert!(first.mesh.call(PEER, Lane::Control, "echo", TIMEOUT).await.is_err());
}

#[tokio::test]
async fn strangers_on_the_port_do_no_harm() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let cluster = Cluster::over_tcp();
    let (first, second) = cluster.pair().await;
    let mut strangers = Vec::new();
    for number in 0..40u8 {
        let mut stranger = tokio::net::TcpStream::connect(second.mesh.local_address()).await.unwrap();
        if number % 2 == 0 {
            stranger.write_all(&vec![number; 4096]).await.unwrap();
        }
        strangers.push(stranger);
    }
    // Half of them say nothing and hold a handshake each; members still get in.
    let third = cluster.node(3).await;
    third.dials(&[(2, &second)]).await;
    assert_eq!(first.mesh.call(PEER, Lane::Control, "echo", TIMEOUT).await.unwrap(), "echo");
    let mut answer = Vec::new();
    let _ = within("a stranger is shown out", strangers[0].read_to_end(&mut answer)).await;
}
