//! `GET` and `DELETE /events/{id}`.

use flotilla_model::{Command, NodeId, SessionId, Step};
use reqwest::Response;
use serde_json::{Value, json};

use crate::log::{Fate, name};
use crate::rig::{PASSWORD, Rig, problem, rig};

async fn get(rig: &Rig, id: u64) -> Value {
    let response = rig.ask("GET", &format!("/events/{id}")).send().await.unwrap();
    assert_eq!(response.status(), 200);
    response.json().await.unwrap()
}

async fn delete(rig: &Rig, id: u64) -> Response {
    rig.ask("DELETE", &format!("/events/{id}")).send().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_is_seen_until_after_its_end() {
    let rig = rig().await;
    rig.log.route("ann", "a");
    let event =
        json!({"kind": "a", "data": {"n": 1}, "ordering_key": "k", "priority": 2, "expires": "2999-01-01T00:00:00Z"});
    for _ in 0..2 {
        assert_eq!(rig.ask("POST", "/events").json(&event).send().await.unwrap().status(), 201);
    }
    let first = get(&rig, 1).await;
    for (field, value) in [
        ("id", json!(1)),
        ("kind", json!("a")),
        ("state", json!("ready")),
        ("priority", json!(2)),
        ("ordering_key", json!("k")),
        ("expires", json!("2999-01-01T00:00:00Z")),
        ("data", json!({"n": 1})),
        ("ended_at", Value::Null),
    ] {
        assert_eq!(first[field], value, "{first}");
    }
    assert_eq!(get(&rig, 2).await["state"], "blocked");
    assert_eq!(rig.ask("HEAD", "/events/1").send().await.unwrap().status(), 200);
    rig.log.work_off();
    let first = get(&rig, 1).await;
    assert_eq!((&first["state"], &first["data"]), (&json!("completed"), &json!({"n": 1})));
    assert!(first["ended_at"].is_string());
    assert_eq!(get(&rig, 2).await["state"], "ready");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_without_a_route_has_ended_at_once() {
    let rig = rig().await;
    let id = rig.log.publish("ann", "a", 1);
    assert_eq!(get(&rig, id).await["state"], "completed");
    problem(delete(&rig, id).await, 409, "event-ended").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_is_cancelled_once() {
    let rig = rig().await;
    rig.log.route("ann", "a");
    let id = rig.log.publish("ann", "a", 2);
    assert_eq!(delete(&rig, id).await.status(), 204);
    assert_eq!(get(&rig, id).await["state"], "cancelled");
    assert_eq!(delete(&rig, id).await.status(), 204, "once more is no fault");
    rig.log.next(&[Fate::AnswerLost]);
    assert_eq!(delete(&rig, id - 1).await.status(), 204, "the answer was lost");
    assert_eq!(rig.log.now().totals().events_cancelled, 2);
    problem(delete(&rig, 4711).await, 404, "no-such-event").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_in_a_step_that_may_have_had_an_effect_is_not_cancelled() {
    let rig = rig().await;
    let (url, timeout_ms) = ("https://example.org".to_owned(), 1000);
    rig.log.apply(&Command::PutKindRoute {
        account: name("ann"),
        kind: flotilla_model::KindPattern::parse("a").unwrap(),
        steps: vec![Step::Webhook { url, key: None, timeout_ms, idempotent: false }],
        lane: None,
        priority: None,
        expected_version: None,
    });
    let id = rig.log.publish("ann", "a", 1);
    let (node, session, event) = (NodeId(1), SessionId(1), flotilla_model::EventId(id));
    rig.log.apply(&Command::Claim { node, session, count: 1, steal_after_ms: 0, now_ms: 2 });
    rig.log.apply(&Command::BeginStep { event, attempt: 1, node, session, step: 0, now_ms: 2 });
    assert_eq!(get(&rig, id).await["state"], "leased");
    problem(delete(&rig, id).await, 409, "event-busy").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn others_events_are_as_none_and_so_are_events_of_files() {
    let rig = rig().await;
    let hash = rig.passwords.hash(PASSWORD).await.unwrap();
    rig.log.put_account("bob", Some(&hash), true, (None, None));
    rig.log.route("bob", "a");
    let (queued, ended) = (rig.log.publish("bob", "a", 1), rig.log.publish("bob", "b", 1));
    rig.log.apply(&Command::PutRoute { account: name("ann"), steps: vec![Step::Checksum], expected_version: None });
    assert_eq!(rig.put("/files/a", "hello").await.status(), 201);
    let file = *rig.log.now().events.iter().next_back().unwrap().0;
    for id in [queued, ended, file.0] {
        let path = format!("/events/{id}");
        problem(rig.ask("GET", &path).send().await.unwrap(), 404, "no-such-event").await;
        problem(delete(&rig, id).await, 404, "no-such-event").await;
    }
    assert_eq!(rig.log.now().events.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_lags_behind_asks_for_the_latest() {
    let rig = rig().await;
    rig.log.route("ann", "a");
    rig.log.lag();
    let id = rig.log.publish("ann", "a", 1);
    assert_eq!(get(&rig, id).await["state"], "ready");
    assert_eq!(delete(&rig, id).await.status(), 204);
}
