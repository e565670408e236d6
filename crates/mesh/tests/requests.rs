//! Requests: many at once, deadlines, cancellation, bounds, and what a caller is told when things break.

#![allow(clippy::unwrap_used, reason = "test code")]

mod common;

use std::time::Duration;

use bytes::Bytes;
use common::*;
use flotilla_mesh::{CallError, Lane, NotSentReason, Refusal, UnknownReason};
use flotilla_model::NodeId;
use futures::future::join_all;

const PEER: NodeId = NodeId(2);
/// Longer than any test waits: what ends earlier was ended by something else than its deadline.
const NEVER: Duration = Duration::from_secs(3600);
const SHORT: Duration = Duration::from_millis(50);

#[tokio::test]
async fn every_lane_carries_requests_and_says_who_asks() {
    for cluster in [Cluster::in_memory(), Cluster::over_tcp()] {
        let (first, _second) = cluster.pair().await;
        for lane in Lane::REQUEST_LANES {
            let answer = first.mesh.call(PEER, lane, "who", TIMEOUT).await.unwrap();
            assert_eq!(answer, format!("1 {lane:?}"));
        }
        let wrong = first.mesh.call(PEER, Lane::Bulk, "x", TIMEOUT).await;
        assert_eq!(wrong, Err(CallError::NotSent(NotSentReason::WrongLane)));
        let stranger = first.mesh.call(NodeId(9), Lane::Raft, "x", TIMEOUT).await;
        assert_eq!(stranger, Err(CallError::NotSent(NotSentReason::NoSuchPeer(NodeId(9)))));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_concurrent_calls_get_their_own_answers() {
    let cluster = Cluster::over_tcp();
    let (first, second) = cluster.pair().await;
    let calls = (0..10_000u32).map(|number| {
        let body = Bytes::from([&[b'e'][..], &number.to_be_bytes(), &vec![7; (number % 300) as usize]].concat());
        let mesh = first.mesh.clone();
        async move { mesh.call(PEER, Lane::Control, body.clone(), TIMEOUT).await.map(|answer| answer == body) }
    });
    for answer in within("10,000 calls", join_all(calls)).await {
        assert_eq!(answer, Ok(true));
    }
    assert_eq!(second.service.begun(), 10_000);
    let control = first.mesh.links().into_iter().find(|link| link.lane == Lane::Control).unwrap();
    assert_eq!((control.in_flight, control.connections), (0, 1));
}

#[tokio::test]
async fn answers_come_in_any_order() {
    let (first, second) = Cluster::in_memory().pair().await;
    let mesh = first.mesh.clone();
    let slow = tokio::spawn(async move { mesh.call(PEER, Lane::Control, "hang", NEVER).await });
    wait_until("the slow one runs", || second.service.running() == 1).await;
    assert_eq!(first.mesh.call(PEER, Lane::Control, "echo", TIMEOUT).await.unwrap(), "echo");
    second.service.gate.add_permits(1);
    assert_eq!(slow.await.unwrap().unwrap(), "hang");
}

#[tokio::test]
async fn refusals_panics_and_long_answers_are_told_apart() {
    let (first, _second) = Cluster::in_memory().pair().await;
    let call = |body: &'static str| first.mesh.call(PEER, Lane::Liveness, body, TIMEOUT);
    assert_eq!(call("refuse").await, Err(CallError::Refused(Refusal::new(409, "as asked"))));
    assert!(matches!(call("panic").await, Err(CallError::Unknown(UnknownReason::PeerFailed(_)))));
    // The liveness lane carries 64 KiB.
    assert_eq!(call("b64").await.unwrap().len(), 64 * 1024);
    assert!(matches!(call("b65").await, Err(CallError::Unknown(UnknownReason::PeerFailed(_)))));
    let long = first.mesh.call(PEER, Lane::Liveness, vec![b'e'; 64 * 1024 + 1], TIMEOUT).await.unwrap_err();
    assert!(matches!(long, CallError::NotSent(NotSentReason::TooLong { limit_bytes: 65_536, .. })), "{long}");
    assert!(!long.is_safe_to_retry());
    assert_eq!(call("still there").await.unwrap(), "still there");
}

#[tokio::test]
async fn a_deadline_frees_the_slot_and_stops_the_peer() {
    let mut cluster = Cluster::in_memory();
    cluster.limits.control.in_flight_max = 1;
    let (first, second) = cluster.pair().await;
    for _ in 0..3 {
        let late = first.mesh.call(PEER, Lane::Control, "hang", SHORT).await;
        assert!(matches!(late, Err(CallError::Unknown(_))), "{late:?}");
    }
    wait_until("the peer gave up too", || second.service.running() == 0).await;
    assert_eq!(first.mesh.call(PEER, Lane::Control, "echo", TIMEOUT).await.unwrap(), "echo");
}

#[tokio::test]
async fn a_dropped_call_is_cancelled_at_the_peer() {
    let (first, second) = Cluster::in_memory().pair().await;
    let mesh = first.mesh.clone();
    let call = tokio::spawn(async move { mesh.call(PEER, Lane::Control, "hang", NEVER).await });
    wait_until("the request runs", || second.service.running() == 1).await;
    call.abort();
    wait_until("the peer stopped it", || second.service.running() == 0).await;
    let in_flight = || first.mesh.links().iter().map(|link| link.in_flight).sum::<usize>();
    wait_until("nothing waits", || in_flight() == 0).await;
}

#[tokio::test]
async fn callers_beyond_the_limit_wait_and_are_certainly_not_sent_when_time_is_up() {
    let mut cluster = Cluster::in_memory();
    cluster.limits.control.in_flight_max = 2;
    let (first, second) = cluster.pair().await;
    let hang = || {
        let mesh = first.mesh.clone();
        tokio::spawn(async move { mesh.call(PEER, Lane::Control, "hang", NEVER).await })
    };
    let hanging = [hang(), hang()];
    wait_until("both run", || second.service.running() == 2).await;
    let third = first.mesh.call(PEER, Lane::Control, "echo", SHORT).await;
    assert_eq!(third, Err(CallError::NotSent(NotSentReason::Deadline)));
    assert_eq!(second.service.begun(), 2);
    second.service.gate.add_permits(2);
    for call in hanging {
        call.await.unwrap().unwrap();
    }
    assert_eq!(first.mesh.call(PEER, Lane::Control, "echo", TIMEOUT).await.unwrap(), "echo");
}

#[tokio::test]
async fn bytes_in_flight_are_bounded_too() {
    let mut cluster = Cluster::in_memory();
    cluster.limits.control.queued_max_bytes = 100 * 1024;
    let (first, second) = cluster.pair().await;
    let mesh = first.mesh.clone();
    let big = tokio::spawn(async move { mesh.call(PEER, Lane::Control, vec![b'h'; 80 * 1024], TIMEOUT).await });
    wait_until("the big one runs", || second.service.running() == 1).await;
    let next = first.mesh.call(PEER, Lane::Control, vec![b'e'; 30 * 1024], SHORT).await;
    assert_eq!(next, Err(CallError::NotSent(NotSentReason::Deadline)));
    assert!(first.mesh.call(PEER, Lane::Control, vec![b'e'; 10 * 1024], TIMEOUT).await.is_ok());
    second.service.gate.add_permits(1);
    big.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_killed_peer_leaves_sent_requests_unknown_and_later_ones_not_sent() {
    for cluster in [Cluster::in_memory(), Cluster::over_tcp()] {
        let (first, second) = cluster.pair().await;
        let mesh = first.mesh.clone();
        let sent = tokio::spawn(async move { mesh.call(PEER, Lane::Control, "hang", NEVER).await });
        wait_until("the request runs", || second.service.running() == 1).await;
        second.mesh.abort().await;
        let sent = within("the sent call ends", sent).await.unwrap();
        assert!(matches!(sent, Err(CallError::Unknown(UnknownReason::ConnectionEnded(_)))), "{sent:?}");
        let later = first.mesh.call(PEER, Lane::Control, "echo", TIMEOUT).await.unwrap_err();
        assert!(matches!(later, CallError::NotSent(NotSentReason::NotConnected(_))), "{later}");
        assert!(later.is_safe_to_retry());
    }
}

#[tokio::test]
async fn an_orderly_shutdown_finishes_what_runs_and_refuses_what_comes() {
    let (first, second) = Cluster::in_memory().pair().await;
    let mesh = first.mesh.clone();
    let running = tokio::spawn(async move { mesh.call(PEER, Lane::Control, "hang", NEVER).await });
    wait_until("the request runs", || second.service.running() == 1).await;
    let mesh = second.mesh.clone();
    let shutdown = tokio::spawn(async move { mesh.shutdown().await });
    let refused = loop {
        match first.mesh.call(PEER, Lane::Control, "echo", TIMEOUT).await {
            Ok(_) => tokio::task::yield_now().await,
            Err(error) => break error,
        }
    };
    assert_eq!(refused, CallError::NotSent(NotSentReason::PeerShutsDown));
    second.service.gate.add_permits(1);
    assert_eq!(running.await.unwrap().unwrap(), "hang");
    assert!(within("shutdown", shutdown).await.unwrap(), "everything ended in order");
}
