//! A queue that fills up.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use flotilla_model::{Command, Step};
use serde_json::{Value, json};

use crate::events::client::{Publisher, line};
use crate::log::name;
use crate::raw::connect;
use crate::rig::{Rig, problem, rig};

/// A queue of 100 events with `count` in it; `ann`'s files and events of kind `a` have a route.
async fn filled(count: usize) -> Rig {
    let rig = rig().await;
    rig.log.set("EventQueue.maxEvents", "100");
    rig.log.route("ann", "a");
    rig.log.apply(&Command::PutRoute { account: name("ann"), steps: vec![Step::Checksum], expected_version: None });
    if count > 0 {
        rig.log.publish("ann", "a", count);
    }
    rig
}

fn event(kind: &str) -> Value {
    json!({"kind": kind, "data": 1})
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_queue_refuses_what_would_enter_it() {
    let rig = filled(100).await;
    let post = async |body: Value| rig.ask("POST", "/events").json(&body).send().await.unwrap();
    let refused = problem(post(event("a")).await, 503, "queue-full").await;
    assert!(refused["mend"].as_str().unwrap().contains("safe to retry"));
    let response = rig.ask("POST", "/events").json(&event("a")).send().await.unwrap();
    assert_eq!(response.headers()["retry-after"], "1");
    assert!(rig.log.published().is_empty(), "the log has no part in it");

    // What has no route does not enter the queue.
    assert_eq!(post(event("b")).await.status(), 201);
    let results: Value = post(json!([event("a"), event("b"), event("a")])).await.json().await.unwrap();
    assert_eq!(results["results"][0]["error"]["code"], "queue-full");
    assert!(results["results"][1]["id"].is_u64());
    assert_eq!(results["results"][2]["error"]["retry_after_s"], 1);

    problem(rig.put("/files/a", "hello").await, 503, "queue-full").await;
    assert_eq!(rig.nodes.total(), 0);
    let mut raw = connect(&rig).await.unwrap();
    raw.head("PUT /files/a", "Content-Length: 5\r\nExpect: 100-continue\r\n").await;
    assert_eq!(raw.status().await, 503, "before the body");

    rig.log.work_off();
    assert_eq!(post(event("a")).await.status(), 201);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_that_starts_no_event_does_not_mind() {
    let rig = filled(100).await;
    rig.log.apply(&Command::PutRoute { account: name("ann"), steps: vec![], expected_version: None });
    assert_eq!(rig.put("/files/a", "hello").await.status(), 201);
    assert_eq!(rig.metrics.slowed.load(Ordering::Relaxed), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_queue_is_told_on_a_stream_and_the_stream_goes_on() {
    let rig = filled(99).await;
    let mut publisher = Publisher::open(&rig).await;
    publisher.send([line(&event("a")), line(&event("b")), line(&event("a"))].concat()).await;
    assert!(publisher.answer().await.unwrap()["id"].is_u64());
    assert!(publisher.answer().await.unwrap()["id"].is_u64());
    let answer = publisher.answer().await.unwrap();
    assert_eq!(answer["error"]["code"], "queue-full", "the log's own bound");
    assert_eq!(answer["error"]["retry_after_s"], 1);

    let begin = Instant::now();
    publisher.send([line(&event("a")), line(&event("b"))].concat()).await;
    assert_eq!(publisher.answer().await.unwrap()["error"]["code"], "queue-full");
    assert!(begin.elapsed() >= Duration::from_secs(1), "who sends on is held up");
    assert!(publisher.answer().await.unwrap()["id"].is_u64());
    assert_eq!(rig.log.published(), [3, 1], "what has no room does not burden the log");

    rig.log.work_off();
    publisher.send(line(&event("a"))).await;
    assert!(publisher.answer().await.unwrap()["id"].is_u64());
}

#[tokio::test(flavor = "multi_thread")]
async fn near_its_bound_the_queue_slows_those_who_fill_it() {
    let rig = filled(0).await;
    assert_eq!(rig.put("/files/a", "hello").await.status(), 201);
    assert_eq!(rig.metrics.slowed.load(Ordering::Relaxed), 0);
    rig.log.publish("ann", "a", 94);
    // At 95 of 100 the queue has half of its urgency.
    let half = Duration::from_millis(500);
    let begin = Instant::now();
    assert_eq!(rig.put("/files/b", "hello").await.status(), 201);
    assert!(begin.elapsed() >= half);
    assert_eq!(rig.metrics.slowed.load(Ordering::Relaxed), 1);

    let begin = Instant::now();
    assert_eq!(rig.ask("POST", "/events").json(&event("a")).send().await.unwrap().status(), 201);
    assert!(begin.elapsed() >= half);
    assert_eq!(rig.metrics.slowed.load(Ordering::Relaxed), 2);

    let mut publisher = Publisher::open(&rig).await;
    let begin = Instant::now();
    publisher.send(line(&event("a"))).await;
    assert!(publisher.answer().await.unwrap()["id"].is_u64());
    assert!(begin.elapsed() >= half);
    publisher.send(line(&event("b"))).await;
    assert!(publisher.answer().await.unwrap()["id"].is_u64());
    assert_eq!(rig.metrics.slowed.load(Ordering::Relaxed), 3, "what does not enter the queue is not slowed");
}
