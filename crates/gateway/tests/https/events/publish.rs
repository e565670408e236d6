//! `POST /events` with one event.

use std::sync::atomic::Ordering;

use flotilla_model::EventId;
use reqwest::Response;
use serde_json::{Value, json};

use crate::rig::{Rig, header, problem, rig};

async fn post(rig: &Rig, event: &Value) -> Response {
    rig.ask("POST", "/events").json(event).send().await.unwrap()
}

async fn answer(response: Response, status: u16) -> Value {
    assert_eq!(response.status().as_u16(), status);
    assert_eq!(header(&response, "content-type"), "application/json");
    response.json().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn one_event_is_published_with_all_that_it_brings() {
    let rig = rig().await;
    rig.log.route("ann", "order.*");
    let event = json!({
        "kind": "order.created", "data": {"n": 1}, "ordering_key": "k", "priority": 9,
        "not_before": "2999-01-01T00:00:00Z", "expires": "2999-01-02T00:00:00Z"
    });
    let traced = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let response = rig.ask("POST", "/events").header("traceparent", traced).json(&event).send().await.unwrap();
    assert_eq!(header(&response, "location"), "/events/1");
    assert_eq!(answer(response, 201).await, json!({"id": 1, "duplicate": false}));
    let state = rig.log.now();
    let event = state.events.get(&EventId(1)).unwrap();
    assert_eq!((event.kind.name(), event.account.as_str(), event.origin.0), ("order.created", "ann", 1));
    assert_eq!(*event.data().unwrap().read().unwrap(), *br#"{"n":1}"#);
    assert_eq!(event.ordering_key().unwrap().as_str(), "k");
    assert_eq!((event.priority.value(), event.state.name()), (9, "waiting"));
    assert_eq!(event.options.as_ref().unwrap().trace_id, Some(0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736));
    assert_eq!(rig.metrics.events_published.load(Ordering::Relaxed), 1);
    assert_eq!(rig.metrics.requests[8][1].load(Ordering::Relaxed), 1, "counted as POST");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_idempotency_key_makes_one_event_of_two() {
    let rig = rig().await;
    let event = json!({"kind": "a", "data": 1, "idempotency_key": "first"});
    assert_eq!(answer(post(&rig, &event).await, 201).await, json!({"id": 1, "duplicate": false}));
    let response = post(&rig, &event).await;
    assert_eq!(header(&response, "location"), "/events/1");
    assert_eq!(answer(response, 200).await, json!({"id": 1, "duplicate": true}));

    let keyed =
        |key: &'static str, event: Value| rig.ask("POST", "/events").header("Idempotency-Key", key).json(&event).send();
    let bare = json!({"kind": "a", "data": 1});
    assert_eq!(answer(keyed("first", bare.clone()).await.unwrap(), 200).await["duplicate"], true);
    assert_eq!(answer(keyed("\"first\"", bare.clone()).await.unwrap(), 200).await["id"], 1);
    assert_eq!(answer(keyed("second", bare.clone()).await.unwrap(), 201).await["id"], 2);
    assert_eq!(answer(keyed("first", event.clone()).await.unwrap(), 200).await["id"], 1, "the same in both places");
    let refused = problem(keyed("second", event).await.unwrap(), 400, "bad-header").await;
    assert_eq!(refused["field"], "idempotency-key");
    problem(keyed("third", json!([bare])).await.unwrap(), 400, "bad-header").await;
    assert_eq!(rig.metrics.events_repeated.load(Ordering::Relaxed), 4);
    assert_eq!(rig.log.now().journal.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_changes_nothing() {
    let rig = rig().await;
    let raw =
        |kind: &'static str, body: String| rig.ask("POST", "/events").header("content-type", kind).body(body).send();
    let event = json!({"kind": "a", "data": 1}).to_string();
    for kind in ["text/plain", "application/x-ndjson", "application/jsonx", ""] {
        let refused = problem(raw(kind, event.clone()).await.unwrap(), 415, "media-type-unsupported").await;
        assert_eq!(refused["field"], "content-type");
    }
    let untyped = rig.ask("POST", "/events").body(event.clone()).send().await.unwrap();
    problem(untyped, 415, "media-type-unsupported").await;
    let packed = rig.ask("POST", "/events").header("content-encoding", "gzip");
    problem(packed.json(&1).send().await.unwrap(), 415, "media-type-unsupported").await;

    let json = "application/json; charset=utf-8";
    for (body, field) in
        [("", None), ("{", None), (r#"{"kind":"a"}"#, Some("data")), (r#"{"kind":"é","data":1}"#, Some("kind"))]
    {
        let refused = problem(raw(json, body.to_owned()).await.unwrap(), 400, "bad-event").await;
        assert_eq!(refused["field"].as_str(), field, "{body}");
    }
    let large = json!({"kind": "a", "data": "x".repeat(64 << 10)});
    problem(post(&rig, &large).await, 413, "event-too-large").await;
    problem(raw(json, " ".repeat((8 << 20) + 1)).await.unwrap(), 413, "batch-too-large").await;
    let expired = json!({"kind": "a", "data": 1, "expires": "2001-01-01T00:00:00Z"});
    problem(post(&rig, &expired).await, 422, "event-expired").await;
    let unknown = rig.client.post(rig.url("/events")).basic_auth("eve", Some("x")).json(&1).send().await.unwrap();
    problem(unknown, 401, "unauthorized").await;
    assert_eq!((rig.log.now().journal.len(), rig.metrics.events_published.load(Ordering::Relaxed)), (0, 0));

    let largest = json!({"kind": "a", "data": "x".repeat((64 << 10) - 2)});
    answer(post(&rig, &largest).await, 201).await;
    assert_eq!(answer(raw(json, event).await.unwrap(), 201).await["id"], 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn methods_and_paths_are_told() {
    let rig = rig().await;
    for (method, path, allow) in [
        ("PUT", "/events", "OPTIONS, POST"),
        ("DELETE", "/events/stream", "OPTIONS, GET, POST"),
        ("HEAD", "/events/stream", "OPTIONS, GET, POST"),
        ("POST", "/events/7", "OPTIONS, GET, HEAD, DELETE"),
    ] {
        let response = rig.ask(method, path).send().await.unwrap();
        assert_eq!((response.status().as_u16(), header(&response, "allow")), (405, allow), "{method} {path}");
        let options = rig.client.request(reqwest::Method::OPTIONS, rig.url(path)).send().await.unwrap();
        assert_eq!((options.status().as_u16(), header(&options, "allow")), (204, allow), "{path}");
    }
    problem(rig.ask("GET", "/events/seven").send().await.unwrap(), 404, "no-such-event").await;
    problem(rig.ask("GET", "/eventful").send().await.unwrap(), 404, "not-found").await;
}
