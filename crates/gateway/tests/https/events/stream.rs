//! `POST /events/stream`: lines up, answers down.

use std::sync::atomic::Ordering;
use std::time::Duration;

use flotilla_model::EventId;
use futures::stream;
use serde_json::{Value, json};

use crate::events::client::{Publisher, line};
use crate::raw::connect;
use crate::rig::{Rig, header, problem, rig, rig_with, wait_until};

/// A gateway that waits for the outcome of a proposal for as long as a test holds it back.
async fn patient_rig() -> Rig {
    rig_with(1, |config| config.commit_timeout = Duration::from_secs(60)).await
}

fn event(data: impl Into<Value>) -> String {
    line(&json!({"kind": "order.created", "data": data.into()}))
}

#[tokio::test(flavor = "multi_thread")]
async fn each_event_is_answered_while_the_stream_goes_on() {
    let rig = rig().await;
    let mut publisher = Publisher::open(&rig).await;
    for number in 1..=3 {
        publisher.send(event(number)).await;
        assert_eq!(publisher.answer().await, Some(json!({"id": number})));
    }
    assert_eq!(rig.log.published(), [1, 1, 1], "a lone event does not wait for others");
    assert_eq!(rig.metrics.event_streams.load(Ordering::Relaxed), 1);
    publisher.finish().await;
    assert_eq!(publisher.answer().await, None);
    wait_until("the stream is gone", || rig.metrics.event_streams.load(Ordering::Relaxed) == 0).await;
    wait_until("it is counted", || rig.metrics.requests[8][1].load(Ordering::Relaxed) == 1).await;
    let latencies: u64 = rig.metrics.latency[8].buckets.iter().map(|bucket| bucket.load(Ordering::Relaxed)).sum();
    assert_eq!(latencies, 0, "how long a stream lasts is no latency");
}

#[tokio::test(flavor = "multi_thread")]
async fn thousands_of_events_in_flight_are_answered_in_order() {
    let rig = rig().await;
    let count = 20_000_u64;
    let body: String = (0..count)
        .map(|number| match number % 1000 {
            999 => "oops\n".to_owned(),
            _ => event(json!({"number": number, "text": "x".repeat(number as usize % 500)})),
        })
        .collect();
    // Pieces that have nothing to do with the lines.
    let pieces: Vec<_> = body.into_bytes().chunks(7919).map(|piece| Ok::<_, std::io::Error>(piece.to_vec())).collect();
    let request = rig.ask("POST", "/events/stream").header("content-type", "application/x-ndjson");
    let response = request.body(reqwest::Body::wrap_stream(stream::iter(pieces))).send().await.unwrap();
    assert_eq!(header(&response, "content-type"), "application/x-ndjson");
    assert_eq!(header(&response, "cache-control"), "no-store");
    let answers = response.text().await.unwrap();
    let answers: Vec<Value> = answers.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(answers.len() as u64, count);
    let state = rig.log.now();
    for (number, answer) in answers.iter().enumerate() {
        if number % 1000 == 999 {
            assert_eq!(answer["error"]["code"], "bad-event");
            continue;
        }
        let Some(entry) = state.journal.get(EventId(answer["id"].as_u64().unwrap())) else {
            assert!(number < 10_000, "only the oldest have left the journal");
            continue;
        };
        let data: Value = serde_json::from_slice(&entry.data.read().unwrap()).unwrap();
        assert_eq!(data["number"], number, "the answer is that of its event");
    }
    assert!(rig.log.published().len() < 2000, "{} proposals", rig.log.published().len());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_while_proposals_are_under_way_goes_together() {
    let rig = patient_rig().await;
    rig.log.shut();
    let mut publisher = Publisher::open(&rig).await;
    for number in 0..4 {
        publisher.send(event(number)).await;
        let log = &rig.log;
        wait_until("it is proposed", || log.published().len() == number + 1).await;
    }
    for number in 4..300 {
        publisher.send(event(number)).await;
    }
    // What it reads it reads in order: when this is through, so is all before it.
    publisher.send("{}\n").await;
    rig.log.open();
    for number in 0..300 {
        let id = publisher.answer().await.unwrap()["id"].as_u64().unwrap();
        let state = rig.log.now();
        let data = state.journal.get(EventId(id)).unwrap().data.clone();
        assert_eq!(*data.read().unwrap(), *number.to_string().into_bytes(), "the answer is that of its event");
    }
    assert_eq!(publisher.answer().await.unwrap()["error"]["field"], "kind");
    let published = rig.log.published();
    assert_eq!(published[..4], [1; 4]);
    assert!(published.len() < 100, "{published:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn events_with_an_order_are_under_way_one_proposal_at_a_time() {
    let rig = patient_rig().await;
    rig.log.shut();
    let mut publisher = Publisher::open(&rig).await;
    let ordered = |data: u64| line(&json!({"kind": "a", "data": data, "ordering_key": "k"}));
    publisher.send(ordered(1)).await;
    wait_until("it is proposed", || rig.log.published() == [1]).await;
    publisher.send([ordered(2), event(3), ordered(4)].concat()).await;
    // Another stream goes on meanwhile; this one's second proposal is not there when its is.
    let mut other = Publisher::open(&rig).await;
    other.send(event(5)).await;
    wait_until("the other's is proposed", || rig.log.published() == [1, 1]).await;
    rig.log.open();
    for _ in 0..4 {
        assert!(publisher.answer().await.unwrap()["id"].is_u64());
    }
    assert_eq!(rig.log.published(), [1, 1, 3]);
    let datas: Vec<_> = rig.log.now().journal.iter().map(|entry| entry.data.read().unwrap().into_owned()).collect();
    let own: Vec<_> = datas.iter().filter(|data| **data != b"5").map(|data| data[0] - b'0').collect();
    assert_eq!(own, [1, 2, 3, 4]);
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_lines_are_answered_and_the_stream_goes_on() {
    let rig = rig().await;
    let mut publisher = Publisher::open(&rig).await;
    let large = line(&json!({"kind": "a", "data": "x".repeat(64 << 10)}));
    for (text, code, field) in [
        ("nonsense\n", "bad-event", None),
        ("{\"kind\":\"a\",\"data\":1,\"priority\":11}\n", "bad-event", Some("priority")),
        ("{\"kind\":\"a\",\"data\":[1,}\n", "bad-event", Some("data")),
        ("{\"kind\":\"a\",\"data\":1} {\"kind\":\"a\",\"data\":1}\n", "bad-event", None),
        ("[{\"kind\":\"a\",\"data\":1}]\n", "bad-event", None),
        (&large, "event-too-large", Some("data")),
    ] {
        publisher.send(text).await;
        let answer = publisher.answer().await.unwrap();
        let error = &answer["error"];
        assert_eq!((error["code"].as_str(), error["field"].as_str()), (Some(code), field), "{answer}");
        assert!(!error["detail"].as_str().unwrap().is_empty());
    }
    publisher.send(b"\xff\xfe\n").await;
    assert_eq!(publisher.answer().await.unwrap()["error"]["code"], "bad-event");
    // Blank lines have no answer; a carriage return is a space.
    publisher.send("\n  \r\n\t\n{\"kind\":\"a\",\"data\":1}\r\n").await;
    assert_eq!(publisher.answer().await, Some(json!({"id": 1})));
    // The last line needs no end.
    publisher.send(event(2).trim_end()).await;
    publisher.finish().await;
    assert_eq!(publisher.answer().await, Some(json!({"id": 2})));
    assert_eq!(publisher.answer().await, None);
    assert_eq!(rig.metrics.events_refused.load(Ordering::Relaxed), 7);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_that_is_too_long_ends_the_stream() {
    let rig = rig().await;
    let mut publisher = Publisher::open(&rig).await;
    publisher.send([event(1), "x".repeat(80 << 10)].concat()).await;
    assert_eq!(publisher.answer().await, Some(json!({"id": 1})));
    assert_eq!(publisher.answer().await.unwrap()["error"]["code"], "line-too-long");
    assert_eq!(publisher.answer().await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_breaks_off_publishes_whole_lines_only() {
    let rig = rig().await;
    let mut publisher = Publisher::open(&rig).await;
    publisher.send([&event(1), "{\"kind\":\"a\",\"data\":2}"].concat()).await;
    assert_eq!(publisher.answer().await, Some(json!({"id": 1})));
    drop(publisher);
    wait_until("the stream is gone", || rig.metrics.event_streams.load(Ordering::Relaxed) == 0).await;
    assert_eq!(rig.log.published(), [1]);

    let mut broken = Publisher::open(&rig).await;
    broken.send(event(3)).await;
    assert_eq!(broken.answer().await, Some(json!({"id": 2})));
    broken.send_raw("not a chunk\r\n").await;
    assert_eq!(broken.answer().await.unwrap()["error"]["code"], "body-cut-off");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_does_not_read_is_read_no_further_and_then_cut() {
    let rig = rig_with(1, |config| config.body_timeout = Duration::from_millis(500)).await;
    let mut raw = connect(&rig).await.unwrap();
    let headers = "Content-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n";
    raw.head("POST /events/stream", headers).await;
    let lines = "x\n".repeat(32 << 10);
    let chunk = format!("{:x}\r\n{lines}\r\n", lines.len());
    let mut sent = 0;
    // Each line costs a hundred bytes of answer, and nobody takes them.
    while tokio::io::AsyncWriteExt::write_all(&mut raw.0, chunk.as_bytes()).await.is_ok() {
        sent += 1;
        assert!(sent < 10_000, "all was read");
    }
    wait_until("it is cut", || rig.metrics.event_streams.load(Ordering::Relaxed) == 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_are_bounded_by_node_and_account() {
    let rig = rig().await;
    rig.log.set("Gateway.maxEventStreams", "3");
    let first = Publisher::open(&rig).await;
    let _second = Publisher::open(&rig).await;
    let open = || rig.ask("POST", "/events/stream").header("content-type", "application/x-ndjson").body("").send();
    problem(open().await.unwrap(), 503, "streams-full").await;
    let follower = rig.ask("GET", "/events/stream").send().await.unwrap();
    assert_eq!(follower.status(), 200, "they have places of their own");
    drop(first);
    wait_until("there is room", || rig.metrics.event_streams.load(Ordering::Relaxed) == 1).await;
    assert_eq!(open().await.unwrap().status(), 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_is_refused_before_its_body() {
    let rig = rig().await;
    let open =
        |kind: &'static str| rig.ask("POST", "/events/stream").header("content-type", kind).body(event(1)).send();
    problem(open("application/json").await.unwrap(), 415, "media-type-unsupported").await;
    let request = rig.client.post(rig.url("/events/stream")).header("content-type", "application/x-ndjson");
    problem(request.basic_auth("ann", Some("wrong")).body(event(1)).send().await.unwrap(), 401, "unauthorized").await;

    // A body without an end does not hold the answer up.
    let mut raw = connect(&rig).await.unwrap();
    raw.head("POST /events/stream", "Content-Type: text/plain\r\nTransfer-Encoding: chunked\r\n").await;
    assert_eq!(raw.status().await, 415);
    assert!(rig.log.published().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_http_client_that_streams_both_ways_gets_on_with_it() {
    let rig = rig().await;
    let (sender, receiver) = futures::channel::mpsc::unbounded::<Result<String, std::io::Error>>();
    let request = rig.ask("POST", "/events/stream").header("content-type", "application/x-ndjson");
    let mut response = request.body(reqwest::Body::wrap_stream(receiver)).send().await.unwrap();
    for id in 1..=5 {
        sender.unbounded_send(Ok(event(id))).unwrap();
        let answer = response.chunk().await.unwrap().unwrap();
        assert_eq!(answer, format!("{{\"id\":{id}}}\n"));
    }
    drop(sender);
    assert_eq!(response.chunk().await.unwrap(), None);
}
