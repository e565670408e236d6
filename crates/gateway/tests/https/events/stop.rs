//! The gateway stops while streams are open.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::events::client::{Follower, Publisher, line};
use crate::rig::{rig, rig_with, wait_until};

fn event() -> String {
    line(&json!({"kind": "a", "data": 1}))
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_end_with_what_is_acknowledged() {
    let rig = rig_with(1, |config| config.commit_timeout = Duration::from_secs(60)).await;
    let mut idle = Publisher::open(&rig).await;
    let mut busy = Publisher::open(&rig).await;
    let mut follower = Follower::open(&rig, "?after=0", None).await;
    follower.frame().await.unwrap();
    rig.log.shut();
    busy.send(event()).await;
    wait_until("it is proposed", || rig.log.published() == [1]).await;
    let (log, metrics) = (rig.log.clone(), rig.metrics.clone());
    let stop = tokio::spawn(rig.gateway.stop(Duration::from_secs(20)));

    let answer = idle.answer().await.unwrap();
    assert_eq!(answer["error"]["code"], "stopping", "{answer}");
    assert_eq!(idle.answer().await, None);
    drop(idle);
    assert_eq!(follower.next().await, None);
    drop(follower);
    log.open();
    assert_eq!(busy.answer().await, Some(json!({"id": 1})));
    let answer = busy.answer().await.unwrap();
    assert!(answer["error"]["detail"].as_str().unwrap().contains("was not published"), "{answer}");
    assert_eq!(busy.answer().await, None);
    drop(busy);
    assert!(stop.await.unwrap(), "all could finish");
    assert_eq!((metrics.event_streams.load(Ordering::Relaxed), metrics.followers.load(Ordering::Relaxed)), (0, 0));
    assert_eq!(log.now().journal.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outcome_that_does_not_come_holds_no_stop_up() {
    let rig = rig_with(1, |config| config.commit_timeout = Duration::from_secs(60)).await;
    rig.log.shut();
    let mut publisher = Publisher::open(&rig).await;
    publisher.send(event()).await;
    wait_until("it is proposed", || rig.log.published() == [1]).await;
    let begin = Instant::now();
    let stop = tokio::spawn(rig.gateway.stop(Duration::from_secs(20)));
    let answer = publisher.answer().await.unwrap();
    assert_eq!(answer["error"]["code"], "stopping");
    assert!(answer["error"]["detail"].as_str().unwrap().contains("may or may not"), "{answer}");
    assert_eq!(publisher.answer().await, None);
    drop(publisher);
    assert!(stop.await.unwrap());
    assert!(begin.elapsed() < Duration::from_secs(15));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_does_not_leave_is_cut() {
    let rig = rig().await;
    let mut publisher = Publisher::open(&rig).await;
    let begin = Instant::now();
    assert!(!rig.gateway.stop(Duration::from_millis(300)).await);
    assert!(begin.elapsed() < Duration::from_secs(8));
    assert_eq!(publisher.answer().await.unwrap()["error"]["code"], "stopping");
}
