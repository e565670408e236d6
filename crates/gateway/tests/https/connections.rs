//! Connections: bounds, clients that stall, the ordered stop.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use tokio::io::AsyncReadExt;

use crate::raw::connect;
use crate::rig::{Rig, bytes_of, rig, rig_with, wait_until};

fn open(rig: &Rig) -> u64 {
    rig.metrics.connections_open.load(Ordering::Relaxed)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_body_is_cut() {
    let rig = rig_with(1, |config| config.body_timeout = Duration::from_millis(300)).await;
    let mut raw = connect(&rig).await.unwrap();
    raw.head("PUT /files/a", "Content-Length: 100000\r\n").await;
    raw.write("hello").await;
    assert_eq!(raw.status().await, 408);
    rig.nodes.settle(&rig.log, 0).await;
    assert!(rig.log.file("a").is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_head_is_cut() {
    let rig = rig_with(1, |config| {
        // The clock that actix takes for these may be half a second late.
        config.header_timeout = Duration::from_secs(1);
        config.keep_alive = Duration::from_secs(1);
    })
    .await;
    let mut silent = connect(&rig).await.unwrap();
    let mut slow = connect(&rig).await.unwrap();
    slow.write("GET /files/ HTTP/1.1\r\nHo").await;
    silent.until_closed().await;
    slow.until_closed().await;

    // The head of a second request, which actix itself would wait for without end.
    let mut second = connect(&rig).await.unwrap();
    second.head("OPTIONS /files/", "").await;
    assert_eq!(second.status().await, 204);
    second.write("OPTIONS /files/ HT").await;
    second.until_closed().await;

    let mut idle = connect(&rig).await.unwrap();
    idle.head("OPTIONS /files/", "").await;
    assert_eq!(idle.status().await, 204);
    idle.until_closed().await;
    wait_until("all are closed", || open(&rig) == 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_does_not_read_is_cut() {
    let rig = rig_with(1, |config| config.body_timeout = Duration::from_millis(300)).await;
    rig.put("/files/a", bytes_of(20_000_000, 1)).await;
    let before = open(&rig);
    let mut raw = connect(&rig).await.unwrap();
    raw.head("GET /files/a", "").await;
    assert_eq!(raw.status().await, 200);
    wait_until("it is cut", || open(&rig) == before).await;
    assert!(raw.until_closed().await.len() < 20_000_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tls_handshake_that_does_not_come_is_cut() {
    let rig = rig_with(1, |config| config.handshake_timeout = Duration::from_millis(200)).await;
    let mut stream = tokio::net::TcpStream::connect(rig.gateway.local_addr()).await.unwrap();
    let mut byte = [0; 1];
    assert_eq!(stream.read(&mut byte).await.unwrap_or(0), 0);
    wait_until("it is counted", || rig.metrics.handshakes_failed.load(Ordering::Relaxed) == 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_are_bounded() {
    let rig = rig_with(1, |config| config.connections_max = 2).await;
    let first = connect(&rig).await.unwrap();
    let _second = connect(&rig).await.unwrap();
    wait_until("both are open", || open(&rig) == 2).await;
    assert!(connect(&rig).await.is_err());
    assert_eq!(rig.metrics.connections_refused.load(Ordering::Relaxed), 1);
    drop(first);
    wait_until("one is gone", || open(&rig) == 1).await;
    assert!(connect(&rig).await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_lets_bodies_under_way_finish() {
    let rig = rig().await;
    let bytes = bytes_of(30_000_000, 1);
    rig.put("/files/down", bytes.clone()).await;
    let mut idle = connect(&rig).await.unwrap();
    idle.head("OPTIONS /files/", "").await;
    assert_eq!(idle.status().await, 204);
    let mut up = connect(&rig).await.unwrap();
    up.head("PUT /files/up", "Content-Length: 10\r\n").await;
    up.write("hello").await;
    let mut down = connect(&rig).await.unwrap();
    down.head("GET /files/down", "").await;
    assert_eq!(down.status().await, 200);
    wait_until("the upload runs", || rig.metrics.uploads_in_flight.load(Ordering::Relaxed) == 1).await;

    let (log, metrics, address) = (rig.log.clone(), rig.metrics.clone(), rig.gateway.local_addr());
    let stop = tokio::spawn(rig.gateway.stop(Duration::from_secs(20)));
    idle.until_closed().await;
    let mut refused = tokio::net::TcpStream::connect(address).await.unwrap();
    assert_eq!(refused.read(&mut [0]).await.unwrap_or(0), 0, "nothing new is taken");
    assert!(!stop.is_finished());
    let received = down.until_closed().await;
    assert!(received == bytes, "the download is whole");
    up.write("world").await;
    assert_eq!(up.status().await, 201);
    up.until_closed().await;
    assert!(stop.await.unwrap(), "all could finish");
    assert_eq!(log.file("up").unwrap().length, 10);
    assert_eq!(metrics.connections_open.load(Ordering::Relaxed), 0);
    assert!(tokio::net::TcpStream::connect(address).await.is_err(), "the port is free");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_cuts_what_takes_too_long() {
    let rig = rig().await;
    let mut up = connect(&rig).await.unwrap();
    up.head("PUT /files/up", "Content-Length: 1000000\r\n").await;
    up.write(bytes_of(400_000, 1)).await;
    wait_until("the upload runs", || rig.metrics.uploads_in_flight.load(Ordering::Relaxed) == 1).await;
    let (log, nodes, begin) = (rig.log.clone(), rig.nodes.clone(), Instant::now());
    assert!(!rig.gateway.stop(Duration::from_millis(200)).await);
    assert!(begin.elapsed() < Duration::from_secs(2));
    up.until_closed().await;
    assert!(log.file("up").is_none());
    nodes.settle(&log, 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn figures_are_counted() {
    let rig = rig().await;
    rig.put("/files/a", "hello").await;
    rig.get("/files/a").await;
    let put = &rig.metrics.requests[2][1];
    wait_until("the PUT is counted", || put.load(Ordering::Relaxed) == 1).await;
    wait_until("the GET is counted", || rig.metrics.requests[0][1].load(Ordering::Relaxed) == 1).await;
    assert_eq!(rig.metrics.bytes_in.load(Ordering::Relaxed), 5);
    assert!(rig.metrics.bytes_out.load(Ordering::Relaxed) > 5);
    let latencies: u64 = rig.metrics.latency[2].buckets.iter().map(|bucket| bucket.load(Ordering::Relaxed)).sum();
    assert_eq!(latencies, 1);
    wait_until("no request is under way", || rig.metrics.requests_in_flight.load(Ordering::Relaxed) == 0).await;
}
