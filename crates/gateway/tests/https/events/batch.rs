//! `POST /events` with an array.

use serde_json::{Value, json};

use crate::log::Fate;
use crate::rig::{Rig, problem, rig};

async fn post(rig: &Rig, events: &Value) -> Vec<Value> {
    let response = rig.ask("POST", "/events").json(events).send().await.unwrap();
    assert_eq!(response.status(), 200);
    response.json::<Value>().await.unwrap()["results"].as_array().unwrap().clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_event_has_its_own_answer() {
    let rig = rig().await;
    let results = post(
        &rig,
        &json!([
            {"kind": "a", "data": 1, "idempotency_key": "k"},
            {"kind": "a b", "data": 1},
            {"kind": "a", "data": 2},
            7,
            {"kind": "a", "data": 3, "idempotency_key": "k"},
            {"kind": "a", "data": 4, "expires": "2001-01-01T00:00:00Z"}
        ]),
    )
    .await;
    assert_eq!(results[0], json!({"id": 1, "duplicate": false}));
    assert_eq!((&results[1]["error"]["code"], &results[1]["error"]["field"]), (&json!("bad-event"), &json!("kind")));
    assert_eq!(results[2], json!({"id": 2, "duplicate": false}));
    assert_eq!(results[3]["error"]["code"], "bad-event");
    assert_eq!(results[4], json!({"id": 1, "duplicate": true}));
    assert_eq!(results[5]["error"]["code"], "event-expired");
    assert_eq!(results.len(), 6);
    assert!(post(&rig, &json!([])).await.is_empty());
    assert_eq!(rig.log.published(), [4], "one proposal");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_batch_goes_in_several_proposals() {
    let rig = rig().await;
    let events: Vec<Value> = (0..1000).map(|number| json!({"kind": "a", "data": number})).collect();
    let results = post(&rig, &json!(events)).await;
    assert!(results.iter().zip(1..).all(|(result, id)| *result == json!({"id": id, "duplicate": false})));
    assert_eq!((results.len(), rig.log.published()), (1000, vec![512, 488]));
    let data: Vec<_> = rig.log.now().journal.iter().map(|entry| entry.data.read().unwrap().into_owned()).collect();
    assert!(data.iter().zip(0_u64..).all(|(data, number)| *data == number.to_string().into_bytes()));

    let large: Vec<Value> = (0..20).map(|_| json!({"kind": "a", "data": "x".repeat(60_000)})).collect();
    assert_eq!(post(&rig, &json!(large)).await.len(), 20);
    assert_eq!(rig.log.published()[2..], [5, 5, 5, 5], "by bytes");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_that_is_no_array_of_at_most_a_thousand_is_refused_as_a_whole() {
    let rig = rig().await;
    let events = vec![json!({"kind": "a", "data": 1}); 1001];
    let response = rig.ask("POST", "/events").json(&events).send().await.unwrap();
    problem(response, 413, "batch-too-large").await;
    let cut = rig.ask("POST", "/events").header("content-type", "application/json");
    problem(cut.body("[{\"kind\":\"a\",\"data\":1},").send().await.unwrap(), 400, "bad-event").await;
    assert!(rig.log.published().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_no_outcome_is_said_of_each_event() {
    let rig = rig().await;
    rig.log.next(&[Fate::AnswerLost]);
    let two = json!([{"kind": "a", "data": 1}, {"kind": "a", "data": 2}]);
    let results = post(&rig, &two).await;
    assert!(results.iter().all(|result| result["error"]["code"] == "outcome-unknown"), "{results:?}");
    rig.log.always(Fate::NotDone);
    for result in post(&rig, &two).await {
        assert_eq!((&result["error"]["code"], &result["error"]["retry_after_s"]), (&json!("no-quorum"), &json!(1)));
    }
}
