//! Streams through fail-overs, and through changes of their account.

use std::sync::atomic::Ordering;
use std::time::Duration;

use serde_json::{Value, json};

use crate::events::client::{Follower, Publisher, line};
use crate::log::Fate;
use crate::rig::{rig, rig_with, wait_until};

fn keyed(key: &str) -> String {
    line(&json!({"kind": "a", "data": 1, "idempotency_key": key}))
}

fn bare() -> String {
    line(&json!({"kind": "a", "data": 1}))
}

fn code(answer: &Value) -> &str {
    answer["error"]["code"].as_str().unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_not_done_is_proposed_again() {
    let rig = rig().await;
    let mut publisher = Publisher::open(&rig).await;
    rig.log.next(&[Fate::NotDone, Fate::NotDone]);
    publisher.send(bare()).await;
    assert_eq!(publisher.answer().await, Some(json!({"id": 1})));
    assert_eq!(rig.metrics.commits_repeated.load(Ordering::Relaxed), 2);

    rig.log.always(Fate::NotDone);
    publisher.send(bare()).await;
    let answer = publisher.answer().await.unwrap();
    assert_eq!((code(&answer), &answer["error"]["retry_after_s"]), ("no-quorum", &json!(1)));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_outcome_is_sought_when_every_event_has_a_key() {
    let rig = rig().await;
    let mut publisher = Publisher::open(&rig).await;
    rig.log.next(&[Fate::AnswerLost]);
    publisher.send([keyed("a"), keyed("b")].concat()).await;
    assert_eq!(publisher.answer().await, Some(json!({"id": 1, "duplicate": true})));
    assert_eq!(publisher.answer().await, Some(json!({"id": 2, "duplicate": true})));
    rig.log.next(&[Fate::Lost]);
    publisher.send(keyed("c")).await;
    assert_eq!(publisher.answer().await, Some(json!({"id": 3})));

    rig.log.next(&[Fate::AnswerLost]);
    publisher.send([keyed("d"), bare()].concat()).await;
    for _ in 0..2 {
        let answer = publisher.answer().await.unwrap();
        assert_eq!((code(&answer), &answer["error"]["retry_after_s"]), ("outcome-unknown", &Value::Null));
    }
    publisher.send(keyed("d")).await;
    assert_eq!(publisher.answer().await, Some(json!({"id": 4, "duplicate": true})), "it had happened");
    assert_eq!(rig.log.now().journal.len(), 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_that_are_not_remembered_make_no_repeat_safe() {
    let rig = rig().await;
    rig.log.set("EventQueue.deduplicationWindow", "0");
    let mut publisher = Publisher::open(&rig).await;
    rig.log.next(&[Fate::AnswerLost]);
    publisher.send(keyed("a")).await;
    assert_eq!(code(&publisher.answer().await.unwrap()), "outcome-unknown");
    assert_eq!(rig.log.now().journal.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_of_an_account_that_is_disabled_end() {
    let rig = rig_with(1, |config| config.commit_timeout = Duration::from_secs(60)).await;
    let mut idle = Publisher::open(&rig).await;
    let mut follower = Follower::open(&rig, "", None).await;
    follower.frame().await.unwrap();
    let mut busy = Publisher::open(&rig).await;
    rig.log.shut();
    busy.send(bare()).await;
    wait_until("it is proposed", || rig.log.published() == [1]).await;
    rig.log.put_account("ann", None, false, (None, None));

    assert_eq!(code(&idle.answer().await.unwrap()), "account-disabled");
    assert_eq!(idle.answer().await, None);
    let frame = follower.next().await.unwrap();
    assert_eq!((frame.event.as_str(), code(&frame.json())), ("error", "account-disabled"));
    assert_eq!(follower.next().await, None);
    rig.log.open();
    assert_eq!(code(&busy.answer().await.unwrap()), "account-disabled", "the log refused its event");
    assert_eq!(code(&busy.answer().await.unwrap()), "account-disabled", "and this is why the stream ends");
    assert_eq!(busy.answer().await, None);
    assert!(rig.log.now().journal.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_of_an_account_that_is_changed_end_with_what_was_acknowledged() {
    let rig = rig().await;
    let mut publisher = Publisher::open(&rig).await;
    let mut other = Publisher::open(&rig).await;
    rig.log.put_account("bob", Some("x"), true, (None, None));
    publisher.send(bare()).await;
    assert_eq!(publisher.answer().await, Some(json!({"id": 1})), "another account does not matter");
    rig.log.put_account("ann", Some("another password"), true, (None, None));
    assert_eq!(code(&publisher.answer().await.unwrap()), "account-changed");
    assert_eq!(publisher.answer().await, None);
    assert_eq!(code(&other.answer().await.unwrap()), "account-changed");
}
