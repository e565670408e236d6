//! Peers that do not keep to the rules, by hand over an admitted connection.

#![allow(clippy::unwrap_used, reason = "test code")]

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use flotilla_model::NodeId;
use parking_lot::Mutex;
use tokio::io::{AsyncWriteExt, ReadHalf, WriteHalf};
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_rustls::TlsStream;
use tokio_util::sync::CancellationToken;

use crate::error::{CODE_BUSY, CallError, NotSentReason, Refusal, UnknownReason};
use crate::handler::Handler;
use crate::handshake::{Admission, Admitted};
use crate::lane::Lane;
use crate::limits::Limits;
use crate::network::BoxedStream;
use crate::rpc::{ConnectionEnd, RequestClient, Serving, serve};
use crate::stats::Stats;
use crate::testing::admitted_pair;
use crate::wire::cut::CutReason;
use crate::wire::frame::{Frame, Kind};
use crate::wire::reader::FrameReader;
use crate::wire::refused::{RefusedBody, RefusedClass};

const HOUR: Duration = Duration::from_secs(3600);

/// Answers with as many bytes as asked for; without a number it hangs.
struct Sized;

#[async_trait]
impl Handler for Sized {
    async fn request(&self, _from: NodeId, _lane: Lane, body: Bytes) -> Result<Bytes, Refusal> {
        match String::from_utf8_lossy(&body).parse::<usize>() {
            Ok(length) => Ok(Bytes::from(vec![b'x'; length])),
            Err(_) => std::future::pending().await,
        }
    }
}

/// A peer that speaks by hand.
struct Raw {
    reader: FrameReader<ReadHalf<TlsStream<BoxedStream>>>,
    writer: WriteHalf<TlsStream<BoxedStream>>,
}

impl Raw {
    fn new(admitted: Admitted) -> Self {
        let (read, writer) = tokio::io::split(admitted.stream);
        Self { reader: FrameReader::new(read, usize::MAX / 2, Arc::default()), writer }
    }

    async fn send(&mut self, frame: Frame) {
        let mut wire = BytesMut::new();
        frame.put_head(&mut wire);
        wire.extend_from_slice(&frame.body);
        self.send_bytes(&wire).await;
    }

    async fn send_bytes(&mut self, bytes: &[u8]) {
        self.writer.write_all(bytes).await.unwrap();
        self.writer.flush().await.unwrap();
    }

    fn request(id: u64, body: &'static str) -> Frame {
        Frame { kind: Kind::Request, id, deadline_ms: 3_600_000, body: Bytes::from(body) }
    }

    /// The next frame that is no sign of life.
    async fn next(&mut self) -> Frame {
        loop {
            let frame = self.reader.next().await.unwrap();
            if !matches!(frame.kind, Kind::Ping | Kind::Pong) {
                return frame;
            }
        }
    }
}

/// Notes requests as they come, and lets others run before it answers.
#[derive(Default)]
struct Noting(Mutex<Vec<Bytes>>);

#[async_trait]
impl Handler for Noting {
    async fn request(&self, _from: NodeId, _lane: Lane, body: Bytes) -> Result<Bytes, Refusal> {
        self.0.lock().push(body.clone());
        tokio::task::yield_now().await;
        Ok(body)
    }
}

/// A served connection with a raw dialler.
async fn served(limits: Limits) -> (Raw, JoinHandle<ConnectionEnd>, Arc<Admission>) {
    served_by(Arc::new(Sized), limits).await
}

async fn served_by(handler: Arc<dyn Handler>, limits: Limits) -> (Raw, JoinHandle<ConnectionEnd>, Arc<Admission>) {
    let [(_, near), (admission, far)] = admitted_pair(Lane::Control, limits).await;
    let admission = Arc::new(admission);
    let serving = Serving {
        handler,
        stop: CancellationToken::new(),
        superseded: CancellationToken::new(),
        expired: CancellationToken::new(),
    };
    let task = tokio::spawn({
        let admission = admission.clone();
        async move { serve(far, &admission, serving).await }
    });
    (Raw::new(near), task, admission)
}

/// A client with a raw acceptor.
async fn asking(limits: Limits) -> (RequestClient, JoinHandle<ConnectionEnd>, Raw) {
    let [(admission, near), (_, far)] = admitted_pair(Lane::Control, limits).await;
    let client = RequestClient::new(limits.control);
    let task = tokio::spawn({
        let client = client.clone();
        async move { client.run(near, &admission, &Arc::new(Stats::default()), &CancellationToken::new()).await }
    });
    (client, task, Raw::new(far))
}

#[tokio::test]
async fn a_peer_that_breaks_the_protocol_is_cut_off_and_told_why() {
    let mut too_long = BytesMut::new();
    too_long.extend_from_slice(&u32::MAX.to_be_bytes());
    for (bytes, reason) in [
        (&too_long[..], CutReason::FrameTooLong),
        (&b"\0\0\0\x03abc"[..], CutReason::Malformed),
        (&b"\0\0\0\x09\xff\0\0\0\0\0\0\0\0"[..], CutReason::Malformed),
        // A request without room for its deadline.
        (&b"\0\0\0\x0a\x01\0\0\0\0\0\0\0\x01\0"[..], CutReason::Malformed),
        // A frame of streams has no place here.
        (&b"\0\0\0\x09\x0b\0\0\0\0\0\0\0\0"[..], CutReason::Malformed),
    ] {
        let (mut raw, task, _) = served(Limits::default()).await;
        raw.send_bytes(bytes).await;
        let last = raw.next().await;
        assert_eq!((last.kind, last.id), (Kind::Goodbye, reason.code()), "{bytes:?}");
        assert!(raw.reader.next().await.is_err(), "nothing follows");
        drop(raw);
        assert_eq!(task.await.unwrap(), ConnectionEnd::Cut(reason));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn handlers_begin_in_the_order_in_which_requests_came() {
    const REQUESTS: u64 = 2_000;
    let noting = Arc::new(Noting::default());
    let (raw, task, _admission) = served_by(noting.clone(), Limits::default()).await;
    let Raw { mut reader, mut writer } = raw;
    let bodies: Vec<_> = (1..=REQUESTS).map(|id| Bytes::from(id.to_string())).collect();
    let asked = bodies.clone();
    let asking = tokio::spawn(async move {
        for (id, body) in (1..).zip(asked) {
            let mut wire = BytesMut::new();
            let frame = Frame { kind: Kind::Request, id, deadline_ms: 3_600_000, body };
            frame.put_head(&mut wire);
            wire.extend_from_slice(&frame.body);
            writer.write_all(&wire).await.unwrap();
        }
        writer.flush().await.unwrap();
        writer
    });
    let mut answers = 0;
    while answers < REQUESTS {
        answers += u64::from(reader.next().await.unwrap().kind == Kind::Response);
    }
    assert_eq!(*noting.0.lock(), bodies);
    drop((reader, asking.await.unwrap()));
    task.await.unwrap();
}

#[tokio::test]
async fn an_answering_peer_that_breaks_the_protocol_is_cut_off_and_calls_end() {
    let (client, task, mut raw) = asking(Limits::default()).await;
    let call = tokio::spawn(async move { client.call(Bytes::from_static(b"x"), Instant::now() + HOUR).await });
    assert_eq!(raw.next().await.kind, Kind::Request);
    raw.send_bytes(b"\0\0\0\x09\xff\0\0\0\0\0\0\0\0").await;
    assert!(matches!(call.await.unwrap(), Err(CallError::Unknown(UnknownReason::ConnectionEnded(_)))));
    assert_eq!(raw.next().await.id, CutReason::Malformed.code());
    drop(raw);
    assert_eq!(task.await.unwrap(), ConnectionEnd::Cut(CutReason::Malformed));
}

#[tokio::test]
async fn requests_beyond_the_limit_are_refused_as_not_processed() {
    let mut limits = Limits::default();
    limits.control.in_flight_max = 4;
    let (mut raw, _task, _) = served(limits).await;
    // The accepting side allows twice the limit, see `jobs::SLACK`.
    for id in 0..8 {
        raw.send(Raw::request(id, "hang")).await;
    }
    raw.send(Raw::request(8, "0")).await;
    let refused = raw.next().await;
    assert_eq!((refused.kind, refused.id), (Kind::Refused, 8));
    let body = RefusedBody::decode(refused.body);
    assert_eq!((body.class, body.code), (RefusedClass::NotProcessed, CODE_BUSY));
    // A cancellation makes room.
    raw.send(Frame::bare(Kind::Cancel, 3)).await;
    raw.send(Raw::request(9, "2")).await;
    let answer = raw.next().await;
    assert_eq!((answer.kind, answer.id, &answer.body[..]), (Kind::Response, 9, &b"xx"[..]));
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_does_not_take_its_answers_is_cut_off_and_told_at_the_next_hello() {
    let (mut raw, task, admission) = served(Limits::default()).await;
    let started = Instant::now();
    for id in 0..10 {
        raw.send(Raw::request(id, "1000000")).await;
    }
    let keep_pinging = tokio::spawn(async move {
        let mut ticks = tokio::time::interval(Duration::from_secs(1));
        loop {
            ticks.tick().await;
            let mut wire = BytesMut::new();
            Frame::bare(Kind::Ping, 1).put_head(&mut wire);
            if raw.writer.write_all(&wire).await.is_err() || raw.writer.flush().await.is_err() {
                return;
            }
        }
    });
    assert_eq!(task.await.unwrap(), ConnectionEnd::Cut(CutReason::SlowPeer));
    let limit = Limits::default().write_timeout(2 * 1024 * 1024);
    assert!(started.elapsed() < limit, "{:?}", started.elapsed());
    assert_eq!(admission.take_untold_cut(NodeId(1), Lane::Control), Some(CutReason::SlowPeer));
    keep_pinging.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_does_not_take_requests_is_cut_off_and_unsent_ones_are_known() {
    let (client, task, raw) = asking(Limits::default()).await;
    let calls: Vec<_> = (0..3)
        .map(|_| {
            let client = client.clone();
            let body = Bytes::from(vec![0; 1024 * 1024]);
            tokio::spawn(async move { client.call(body, Instant::now() + HOUR).await })
        })
        .collect();
    assert_eq!(task.await.unwrap(), ConnectionEnd::Cut(CutReason::SlowPeer));
    let mut outcomes = Vec::new();
    for call in calls {
        outcomes.push(call.await.unwrap().unwrap_err());
    }
    // The first filled the connection; the last never left the queue.
    assert!(matches!(outcomes[0], CallError::Unknown(UnknownReason::ConnectionEnded(_))), "{outcomes:?}");
    assert_eq!(outcomes[2], CallError::NotSent(NotSentReason::ConnectionEnded));
    drop(raw);
}

#[tokio::test(start_paused = true)]
async fn a_request_that_waits_behind_a_stuck_connection_is_withdrawn_at_its_deadline() {
    let (client, _task, raw) = asking(Limits::default()).await;
    let big = {
        let client = client.clone();
        let body = Bytes::from(vec![0; 1024 * 1024]);
        tokio::spawn(async move { client.call(body, Instant::now() + HOUR).await })
    };
    // Let the big one fill the connection; then its successor cannot be sent.
    tokio::time::sleep(Duration::from_millis(10)).await;
    let late = client.call(Bytes::from_static(b"x"), Instant::now() + Duration::from_millis(50)).await;
    assert_eq!(late, Err(CallError::NotSent(NotSentReason::Deadline)));
    assert_eq!(client.in_flight(), 1);
    big.abort();
    drop(raw);
}

#[tokio::test(start_paused = true)]
async fn a_peer_without_signs_of_life_is_cut_off_by_either_side() {
    let limits = Limits::default();
    let (client, task, raw) = asking(limits).await;
    let started = Instant::now();
    assert_eq!(task.await.unwrap(), ConnectionEnd::Cut(CutReason::Silent));
    assert!(started.elapsed() <= limits.control.silence_timeout + limits.control.ping_interval * 3);
    drop((client, raw));
    let (raw, task, _) = served(limits).await;
    let started = Instant::now();
    assert_eq!(task.await.unwrap(), ConnectionEnd::Cut(CutReason::Silent));
    assert!(started.elapsed() <= limits.control.silence_timeout * 2 + limits.control.ping_interval * 3);
    drop(raw);
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_is_heard_is_asked_rarely_and_its_silence_is_noticed_as_early() {
    let limits = Limits::default();
    let (_client, task, mut raw) = asking(limits).await;
    let (interval, timeout) = (limits.control.ping_interval, limits.control.silence_timeout);
    let heard_for = interval * 60;
    let mut pings = 0;
    // Says something in each interval, asked or not.
    let talking = async {
        let mut ticks = tokio::time::interval(interval);
        loop {
            tokio::select! {
                frame = raw.reader.next() => pings += u32::from(frame.unwrap().kind == Kind::Ping),
                _ = ticks.tick() => {
                    let mut wire = BytesMut::new();
                    Frame::bare(Kind::Pong, 0).put_head(&mut wire);
                    raw.writer.write_all(&wire).await.unwrap();
                    raw.writer.flush().await.unwrap();
                }
            }
        }
    };
    assert!(tokio::time::timeout(heard_for, talking).await.is_err());
    assert!((10..=13).contains(&pings), "{pings} pings in 60 intervals");
    let begun = Instant::now();
    assert_eq!(task.await.unwrap(), ConnectionEnd::Cut(CutReason::Silent));
    assert!(begun.elapsed() <= timeout + interval * 3, "{:?}", begun.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_asks_without_end_and_never_reads_is_cut_off() {
    let mut limits = Limits::default();
    limits.control.in_flight_max = 1;
    // Far away, so that the flood is what ends it.
    limits.write_stall_timeout = HOUR;
    let (mut raw, task, _) = served(limits).await;
    let mut wire = BytesMut::new();
    for id in 0..2000 {
        Raw::request(id, "").put_head(&mut wire);
    }
    let flood = tokio::spawn(async move { while raw.writer.write_all(&wire).await.is_ok() {} });
    assert_eq!(task.await.unwrap(), ConnectionEnd::Cut(CutReason::Flood));
    flood.abort();
}
