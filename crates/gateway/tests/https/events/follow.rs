//! `GET /events/stream`.

use std::sync::atomic::Ordering;
use std::time::Duration;

use serde_json::json;

use crate::events::client::Follower;
use crate::rig::{problem, rig, rig_with, wait_until};

#[tokio::test(flavor = "multi_thread")]
async fn events_are_followed_from_a_position_and_as_they_come() {
    let rig = rig().await;
    rig.log.publish("ann", "order.created", 3);
    let mut all = Follower::open(&rig, "?after=0", None).await;
    let mut later = Follower::open(&rig, "?after=2", None).await;
    let mut new = Follower::open(&rig, "", None).await;
    for id in 1..=3 {
        assert_eq!(all.id().await, id);
    }
    assert_eq!(later.id().await, 3);
    assert_eq!(new.frame().await.unwrap().id, Some(3), "it begins behind what is there");
    rig.log.publish("ann", "order.created", 1);
    let frame = all.next().await.unwrap();
    let event = frame.json();
    assert_eq!((event["id"].clone(), event["kind"].clone()), (json!(4), json!("order.created")));
    assert_eq!(
        (event["data"].clone(), event["published_at"].clone()),
        (json!({"by": "test"}), json!("1970-01-01T00:00:00.001Z"))
    );
    assert_eq!((later.id().await, new.id().await), (4, 4));
    assert_eq!(rig.metrics.followers.load(Ordering::Relaxed), 3);
    drop((all, later, new));
    wait_until("they are gone", || rig.metrics.followers.load(Ordering::Relaxed) == 0).await;
    assert_eq!(rig.metrics.events_followed.load(Ordering::Relaxed), 3 + 1 + 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_own_events_of_the_kinds_asked_for() {
    let rig = rig().await;
    rig.log.put_account("bob", Some("x"), true, (None, None));
    let mut one = Follower::open(&rig, "?after=0&kind=order.created", None).await;
    let mut some = Follower::open(&rig, "?after=0&kind=order.*", None).await;
    let mut any = Follower::open(&rig, "?after=0&kind=*", None).await;
    for (account, kind) in [
        ("bob", "order.created"),
        ("ann", "order.created"),
        ("ann", "order.paid"),
        ("ann", "orders"),
        ("bob", "order.paid"),
        ("ann", "order.created"),
    ] {
        rig.log.publish(account, kind, 1);
    }
    assert_eq!([one.id().await, one.id().await], [2, 6]);
    assert_eq!([some.id().await, some.id().await, some.id().await], [2, 3, 6]);
    assert_eq!([any.id().await, any.id().await, any.id().await, any.id().await], [2, 3, 4, 6]);
}

#[tokio::test(flavor = "multi_thread")]
async fn across_reconnects_each_event_comes_once() {
    let rig = rig().await;
    let total = 5000;
    let publishing = {
        let log = rig.log.clone();
        tokio::task::spawn_blocking(move || {
            for _ in 0..total / 10 {
                log.publish("ann", "a", 10);
            }
        })
    };
    let mut last = 0;
    for taken in [1, 7, 500, 1, 3000].into_iter().cycle() {
        // What stands in the URL does not count for one that comes back.
        let mut follower = Follower::open(&rig, "?after=0", (last > 0).then_some(last)).await;
        for _ in 0..taken.min(total as u64 - last) {
            assert_eq!(follower.id().await, last + 1);
            last += 1;
        }
        if last == total as u64 {
            break;
        }
    }
    publishing.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_left_the_journal_is_told_of() {
    let rig = rig().await;
    rig.log.set("EventQueue.maxHistory", "3");
    rig.log.publish("ann", "a", 5);
    rig.log.publish("ann", "a", 5);
    let mut follower = Follower::open(&rig, "?after=2", None).await;
    let frame = follower.next().await.unwrap();
    assert_eq!((frame.event.as_str(), frame.id), ("lost", Some(7)));
    assert_eq!(frame.json(), json!({"after": 2, "continues_from": 8}));
    assert_eq!([follower.id().await, follower.id().await, follower.id().await], [8, 9, 10]);
    // Who has seen all that went is told nothing.
    let mut follower = Follower::open(&rig, "", Some(7)).await;
    assert_eq!(follower.id().await, 8);
    // Nor does one who follows miss anything: what is lost comes to him before it is lost.
    rig.log.publish("ann", "a", 1);
    assert_eq!([follower.id().await, follower.id().await, follower.id().await], [9, 10, 11]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_follower_that_falls_behind_is_told_what_it_missed() {
    let rig = rig().await;
    rig.log.set("EventQueue.maxHistory", "100");
    let mut follower = Follower::open(&rig, "?after=0", None).await;
    follower.frame().await.unwrap();
    // It reads nothing meanwhile, and the system's buffers do not take this much.
    let total = 400_000;
    for _ in 0..total / 1000 {
        rig.log.publish("ann", "a", 1000);
    }
    let (mut position, mut seen, mut missed) = (0, 0, 0);
    while position < total {
        let frame = follower.next().await.unwrap();
        let id = frame.id.unwrap();
        if frame.event == "lost" {
            assert_eq!(frame.json(), json!({"after": position, "continues_from": id + 1}));
            missed += id - position;
        } else {
            assert_eq!(id, position + 1, "nothing is left out in silence");
            seen += 1;
        }
        position = id;
    }
    assert_eq!(seen + missed, total);
    assert!(missed > 0 && seen > 0, "{seen} seen, {missed} missed");
}

#[tokio::test(flavor = "multi_thread")]
async fn heartbeats_move_the_position_of_one_for_whom_there_is_nothing() {
    let rig = rig_with(1, |config| config.heartbeat = Duration::from_millis(20)).await;
    rig.log.put_account("bob", Some("x"), true, (None, None));
    let mut follower = Follower::open(&rig, "?after=0", None).await;
    assert_eq!(follower.frame().await.unwrap().id, Some(0));
    let last = rig.log.publish("bob", "a", 7);
    loop {
        let frame = follower.frame().await.unwrap();
        assert!(frame.is_comment && frame.data.is_empty(), "{frame:?}");
        if frame.id == Some(last) {
            break;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_followed_is_refused() {
    let rig = rig().await;
    rig.log.publish("ann", "a", 3);
    let ask = |query: &str| rig.ask("GET", &format!("/events/stream{query}")).send();
    for (query, field) in [
        ("?after=x", "query"),
        ("?after=-1", "query"),
        ("?from=1", "query"),
        ("?kind=a*b", "kind"),
        ("?kind=", "kind"),
        ("?kind=file.received", "kind"),
        ("?after=4", "after"),
    ] {
        let refused = problem(ask(query).await.unwrap(), 400, "bad-query").await;
        assert_eq!(refused["field"], field, "{query}");
    }
    let header = rig.ask("GET", "/events/stream").header("last-event-id", "x").send().await.unwrap();
    problem(header, 400, "bad-header").await;
    let beyond = rig.ask("GET", "/events/stream").header("last-event-id", "99").send().await.unwrap();
    problem(beyond, 400, "bad-query").await;
    rig.log.lag();
    rig.log.publish("ann", "a", 3);
    assert_eq!(ask("?after=6").await.unwrap().status(), 200, "a position that this node does not know yet");
}
