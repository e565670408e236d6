//! Streams: whole ones arrive whole, everything else is an error, memory stays bounded.

#![allow(clippy::unwrap_used, reason = "test code")]

mod common;

use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use common::*;
use flotilla_mesh::{CallError, Mesh, NotSentReason, Refusal, StreamError, UnknownReason};
use flotilla_model::NodeId;

const PEER: NodeId = NodeId(2);
const MIB: usize = 1024 * 1024;

fn resident_kib() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

async fn upload(mesh: &Mesh, header: &'static str, mib: usize) -> Result<Bytes, CallError> {
    let mut stream = mesh.upload(PEER, header).await?;
    for number in 0..mib {
        stream.send(Bytes::from(vec![number as u8; MIB])).await?;
    }
    stream.finish().await
}

fn digest(mib: usize) -> Vec<u8> {
    let mut digest = ring::digest::Context::new(&ring::digest::SHA256);
    for number in 0..mib {
        digest.update(&vec![number as u8; MIB]);
    }
    digest.finish().as_ref().to_vec()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_mib_go_both_ways_with_bounded_memory() {
    let (first, second) = Cluster::over_tcp().pair().await;
    upload(&first.mesh, "warm up", 4).await.unwrap();
    let before = resident_kib();
    let answer = within("the upload", upload(&first.mesh, "big", 200)).await.unwrap();
    assert_eq!(answer, digest(200));
    assert_eq!(second.service.uploaded.load(Ordering::SeqCst), 204 * MIB);
    let (header, mut chunks) = first.mesh.download(PEER, "200").await.unwrap();
    assert_eq!(header, "200 MiB");
    let mut received = ring::digest::Context::new(&ring::digest::SHA256);
    while let Some(chunk) = within("a chunk", chunks.next()).await.unwrap() {
        received.update(&chunk);
    }
    assert_eq!(received.finish().as_ref(), digest(200));
    assert_eq!(chunks.received_bytes(), 200 * MIB as u64);
    assert_eq!(chunks.next().await, Ok(None), "the end repeats");
    let grown = resident_kib().saturating_sub(before);
    assert!(grown < 40 * 1024, "memory grew by {grown} KiB");
}

#[tokio::test]
async fn a_connection_is_reused_after_a_stream_that_ended_in_order() {
    let cluster = Cluster::in_memory();
    let (first, second) = cluster.pair().await;
    upload(&first.mesh, "one", 1).await.unwrap();
    // With the secret changed on one side, a new connection would be refused.
    let other = flotilla_pki::ClusterSecret::generate().unwrap();
    second.secrets.publish(flotilla_pki::SecretSet::new(other));
    upload(&first.mesh, "two", 1).await.unwrap();
    let refused = upload(&first.mesh, "refuse at the end", 1).await.unwrap_err();
    assert_eq!(refused, CallError::Refused(Refusal::new(422, "no")));
    assert!(matches!(first.mesh.download(PEER, "missing").await, Err(CallError::Refused(_))));
    let (_, mut chunks) = first.mesh.download(PEER, "1").await.unwrap();
    while chunks.next().await.unwrap().is_some() {}
    upload(&first.mesh, "three", 1).await.unwrap();
    // A stream that was broken off takes its connection with it.
    drop(first.mesh.upload(PEER, "four").await.unwrap());
    let refused = upload(&first.mesh, "five", 1).await.unwrap_err();
    assert!(matches!(refused, CallError::NotSent(NotSentReason::NotConnected(_))), "{refused}");
}

#[tokio::test]
async fn an_upload_that_is_dropped_or_aborted_is_an_error_to_its_reader() {
    let (first, second) = Cluster::over_tcp().pair().await;
    let mut stream = first.mesh.upload(PEER, "dropped").await.unwrap();
    stream.send(Bytes::from(vec![1; 3 * MIB])).await.unwrap();
    drop(stream);
    wait_until("the reader sees it", || second.service.ends.lock().len() == 1).await;
    let mut stream = first.mesh.upload(PEER, "aborted").await.unwrap();
    stream.send(Bytes::from(vec![1; MIB])).await.unwrap();
    stream.abort(Refusal::new(499, "client went away")).await;
    wait_until("the reader sees it", || second.service.ends.lock().len() == 2).await;
    let ends = second.service.ends.lock().clone();
    assert!(ends[0].contains("cut off before its end"), "{ends:?}");
    assert!(ends[1].contains("client went away"), "{ends:?}");
    wait_until("no handler is left", || second.service.running() == 0).await;
}

#[tokio::test]
async fn a_receiver_that_fails_is_heard_in_the_middle() {
    let (first, second) = Cluster::over_tcp().pair().await;
    let refused = within("refused", upload(&first.mesh, "refuse at once", 300)).await.unwrap_err();
    assert_eq!(refused, CallError::Refused(Refusal::new(507, "full")));
    let panicked = within("panicked", upload(&first.mesh, "panic", 300)).await.unwrap_err();
    assert!(matches!(panicked, CallError::Unknown(UnknownReason::PeerFailed(_))), "{panicked}");
    let half = within("half read", upload(&first.mesh, "half", 300)).await.unwrap_err();
    assert!(matches!(half, CallError::Unknown(UnknownReason::PeerFailed(_))), "{half}");
    assert_eq!(second.service.uploaded.load(Ordering::SeqCst), 0);
    upload(&first.mesh, "fine", 1).await.unwrap();
}

#[tokio::test]
async fn a_download_that_fails_is_never_a_short_success() {
    let (first, second) = Cluster::over_tcp().pair().await;
    let missing = first.mesh.download(PEER, "missing").await.unwrap_err();
    assert_eq!(missing, CallError::Refused(Refusal::new(404, "no such blob")));
    assert!(matches!(first.mesh.download(PEER, "not started").await, Err(CallError::Refused(_))));
    for (header, expected) in [("6 abort", "disk read failed"), ("6 panic", "panicked")] {
        let (_, mut chunks) = first.mesh.download(PEER, header).await.unwrap();
        let error = loop {
            match within("a chunk", chunks.next()).await {
                Ok(Some(_)) => {}
                Ok(None) => panic!("a broken stream must not end as whole"),
                Err(error) => break error,
            }
        };
        assert!(matches!(&error, StreamError::Aborted(refusal) if refusal.text.contains(expected)), "{error}");
        assert_eq!(chunks.next().await, Err(error), "the error repeats");
        assert_eq!(chunks.received_bytes(), 3 * MIB as u64);
    }
    let (_, mut chunks) = first.mesh.download(PEER, "1000").await.unwrap();
    chunks.next().await.unwrap();
    second.mesh.abort().await;
    let cut = loop {
        match within("a chunk", chunks.next()).await {
            Ok(Some(_)) => {}
            Ok(None) => panic!("a cut stream must not end as whole"),
            Err(error) => break error,
        }
    };
    assert!(matches!(cut, StreamError::Cut(_)), "{cut}");
}

#[tokio::test]
async fn a_reader_that_goes_away_stops_the_sender() {
    let (first, second) = Cluster::over_tcp().pair().await;
    let (_, mut chunks) = first.mesh.download(PEER, "100000").await.unwrap();
    chunks.next().await.unwrap();
    assert_eq!(second.service.running(), 1);
    drop(chunks);
    wait_until("the sender stopped", || second.service.running() == 0).await;
}

#[tokio::test(start_paused = true)]
async fn a_receiver_that_does_not_read_holds_the_sender_and_stalls_in_the_end() {
    let cluster = Cluster::in_memory();
    let (first, _second) = cluster.pair().await;
    let mut stream = first.mesh.upload(PEER, "hang").await.unwrap();
    let mut sent = 0;
    let error = loop {
        match stream.send(Bytes::from(vec![0; MIB])).await {
            Ok(()) => sent += 1,
            Err(error) => break error,
        }
    };
    assert_eq!(error, StreamError::Stalled);
    assert!(sent <= 4, "{sent} MiB were buffered somewhere");
}

#[tokio::test]
async fn streams_at_once_are_bounded() {
    let mut cluster = Cluster::in_memory();
    cluster.limits.bulk_streams_max = 2;
    cluster.limits.bulk_stall_timeout = Duration::from_millis(200);
    let (first, _second) = cluster.pair().await;
    let streams = [first.mesh.upload(PEER, "a").await.unwrap(), first.mesh.upload(PEER, "b").await.unwrap()];
    assert_eq!(first.mesh.bulk()[0].streams, 2);
    let third = first.mesh.upload(PEER, "c").await.unwrap_err();
    assert_eq!(third, CallError::NotSent(NotSentReason::Deadline));
    drop(streams);
    upload(&first.mesh, "d", 1).await.unwrap();
    let long = first.mesh.upload(PEER, vec![0; 65 * 1024]).await.unwrap_err();
    assert!(matches!(long, CallError::NotSent(NotSentReason::TooLong { .. })));
}
