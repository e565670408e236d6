//! Which events are found, in pages, and how much is looked at for them.

use flotilla_admin::Client;
use flotilla_admin::api::{EventQuery, from_ms};
use flotilla_model::{NewEvent, Priority, WorkEnd};

use crate::harness::{Harness, NOW_MS, code};
use crate::queue::{add_publisher, bury, claim, complete, event, ordered, publish};

/// Events 1-3 of ann are dead, 4 is of unknown outcome, 5 waits for its next try, 6 is leased; of bob, in the lane `bulk`:
/// 7 is ready, 8 blocked behind it, 9 waits for its time.
fn fill(harness: &Harness) {
    let ledger = &harness.ledger;
    add_publisher(ledger, "ann", None);
    add_publisher(ledger, "bob", Some("bulk"));
    publish(ledger, "ann", vec![event("order.created"), event("order.paid")], 0);
    bury(ledger, "answered 500 Internal Server Error");
    publish(ledger, "ann", vec![event("stock.low")], 1000);
    bury(ledger, "no answer");
    publish(ledger, "ann", vec![event("order.created")], 2000);
    complete(ledger, claim(ledger, 1), WorkEnd::OutcomeUnknown { step: 0, reason: "cut off".to_owned() });
    publish(ledger, "ann", vec![event("order.created")], 3000);
    complete(ledger, claim(ledger, 1), WorkEnd::Failed { reason: "answered 503".to_owned(), retryable: true });
    publish(ledger, "ann", vec![event("order.created")], 4000);
    claim(ledger, 1);
    let later = NewEvent { not_before_ms: Some(NOW_MS + 1_000_000), ..event("report") };
    publish(ledger, "bob", vec![ordered("report", "k"), ordered("report", "k"), later], 5000);
}

async fn found(client: &Client, query: EventQuery) -> Vec<u64> {
    let page = client.events(&query).await.unwrap();
    assert_eq!(page.next_cursor, None);
    let ids = client.event_ids(&query).await.unwrap();
    assert_eq!(
        page.items.iter().map(|row| row.id.0).collect::<Vec<_>>(),
        ids.items,
        "both lists are of the same events"
    );
    ids.items
}

#[actix_web::test]
async fn each_filter_finds_its_events_and_all_must_hold() {
    let harness = Harness::start().await;
    fill(&harness);
    let client = harness.local();
    let query = EventQuery::default;
    let text = |text: &str| Some(text.to_owned());
    for (query, expected) in [
        (query(), &[1, 2, 3, 4, 5, 6, 7, 8, 9][..]),
        (EventQuery { state: text("dead"), ..query() }, &[1, 2, 3]),
        (EventQuery { state: text("outcome-unknown"), ..query() }, &[4]),
        (EventQuery { state: text("waiting"), ..query() }, &[5, 9]),
        (EventQuery { state: text("leased"), ..query() }, &[6]),
        (EventQuery { state: text("ready"), ..query() }, &[7]),
        (EventQuery { state: text("blocked"), ..query() }, &[8]),
        (EventQuery { account: text("bob"), ..query() }, &[7, 8, 9]),
        (EventQuery { account: text("nobody"), ..query() }, &[]),
        (EventQuery { lane: text("bulk"), ..query() }, &[7, 8, 9]),
        (EventQuery { lane: text("bulk"), state: text("ready"), ..query() }, &[7]),
        (EventQuery { lane: text("bulk"), state: text("dead"), ..query() }, &[]),
        (EventQuery { lane: text("nowhere"), ..query() }, &[]),
        (EventQuery { kind: text("order.*"), ..query() }, &[1, 2, 4, 5, 6]),
        (EventQuery { kind: text("order.paid"), ..query() }, &[2]),
        (EventQuery { kind: text("file.received"), ..query() }, &[]),
        (EventQuery { reason: text("internal server"), ..query() }, &[1, 2]),
        (EventQuery { reason: text("503"), ..query() }, &[5]),
        (EventQuery { created_before: Some(from_ms(NOW_MS + 1000)), ..query() }, &[1, 2]),
        (EventQuery { created_before: Some(from_ms(NOW_MS + 1001)), state: text("dead"), ..query() }, &[1, 2, 3]),
        (EventQuery { state: text("dead"), kind: text("order.*"), reason: text("500"), ..query() }, &[1, 2]),
    ] {
        assert_eq!(found(&client, query.clone()).await, expected, "{query:?}");
    }
    harness.stop().await;
}

#[actix_web::test]
async fn what_is_rare_among_many_is_found_through_an_index_or_by_and_by() {
    let harness = Harness::start().await;
    let ledger = &harness.ledger;
    add_publisher(ledger, "ann", None);
    add_publisher(ledger, "bob", None);
    publish(ledger, "ann", vec![event("first")], 0);
    bury(ledger, "gone");
    for _ in 0..25 {
        publish(ledger, "ann", vec![event("many"); 1000], 0);
    }
    publish(ledger, "bob", vec![event("rare")], 0);
    let client = harness.local();
    let text = |text: &str| Some(text.to_owned());
    for (query, id) in [
        (EventQuery { state: text("dead"), ..EventQuery::default() }, 1),
        (EventQuery { state: text("ready"), lane: text("bob"), ..EventQuery::default() }, 25_002),
    ] {
        assert_eq!(found(&client, query).await, [id]);
    }
    // No index: one request does not look through all of them.
    let mut query = EventQuery { kind: text("rare"), ..EventQuery::default() };
    let page = client.events(&query).await.unwrap();
    assert_eq!((page.items.len(), page.next_cursor), (0, Some(20_000)));
    query.cursor = page.next_cursor;
    assert_eq!(found(&client, query).await, [25_002]);
    harness.stop().await;
}

#[actix_web::test]
async fn pages_of_an_index_follow_each_other() {
    let harness = Harness::start().await;
    let ledger = &harness.ledger;
    add_publisher(ledger, "ann", None);
    let with = |priority| NewEvent { priority: Priority::new(priority), ..event("x") };
    // Claimed in the order of their priorities, listed in that of their ids.
    publish(ledger, "ann", vec![with(1), with(9), with(5), with(7), with(3)], 0);
    for state in ["ready", "leased", "dead"] {
        match state {
            "leased" => assert_eq!(claim(ledger, 5).len(), 5),
            "dead" => {
                let leases = (1..=5).map(|id| (flotilla_model::EventId(id), 1)).collect();
                complete(ledger, leases, crate::queue::failed("gone"));
            }
            _ => {}
        }
        let (mut query, mut pages) = (EventQuery::default(), Vec::new());
        (query.state, query.limit) = (Some(state.to_owned()), Some(2));
        loop {
            let page = harness.local().events(&query).await.unwrap();
            pages.push(page.items.iter().map(|row| row.id.0).collect::<Vec<_>>());
            query.cursor = page.next_cursor;
            if query.cursor.is_none() {
                break;
            }
        }
        assert_eq!(pages, [vec![1, 2], vec![3, 4], vec![5]], "{state}");
    }
    harness.stop().await;
}

#[actix_web::test]
async fn one_event_is_told_in_full() {
    let harness = Harness::start().await;
    fill(&harness);
    let client = harness.local();
    let row = client.event(5).await.unwrap();
    assert_eq!((row.state.as_str(), row.reason.as_deref()), ("waiting", Some("answered 503")));
    assert_eq!((row.lane.as_str(), row.priority, row.failures, row.attempt), ("ann", 4, 1, 1));
    assert_eq!((row.runs.len(), row.runs[0].detail.as_str(), row.runs[0].succeeded), (1, "answered 503", false));
    assert_eq!(client.event(4).await.unwrap().doubtful_step, Some(0));
    assert!(client.event(6).await.unwrap().lease_expires_at.is_some());
    let row = client.event(8).await.unwrap();
    assert_eq!((row.lane.as_str(), row.ordering_key.as_deref()), ("bulk", Some("k")));
    // As it was sent: digits, order of keys and all.
    assert_eq!(row.data.unwrap().get(), r#"{"z": 1, "a": 12345678901234567890.10}"#);
    assert!(client.events(&EventQuery::default()).await.unwrap().items[7].data.is_none(), "not in a list");
    harness.stop().await;
}

#[actix_web::test]
async fn data_that_is_no_json_is_shown_as_base64() {
    let harness = Harness::start().await;
    let ledger = &harness.ledger;
    add_publisher(ledger, "ann", None);
    for (data, shown) in [(&b"\xff\x00"[..], "/wA="), (b"{", "ew=="), (b"", "")] {
        let new = NewEvent { data: flotilla_model::Payload::new(data), ..event("x") };
        let id = publish(ledger, "ann", vec![new], 0)[0];
        let row = harness.local().event(id.0).await.unwrap();
        assert_eq!((row.data.is_none(), row.data_base64.as_deref()), (true, Some(shown)));
    }
    let deep = format!("{}{}", "[".repeat(30_000), "]".repeat(30_000));
    let new = NewEvent { data: flotilla_model::Payload::new(deep.as_bytes()), ..event("x") };
    let id = publish(ledger, "ann", vec![new], 0)[0];
    let row = harness.local().event(id.0).await.unwrap();
    assert!(row.data.is_some_and(|data| data.get() == deep) || row.data_base64.is_some());
    harness.stop().await;
}

#[actix_web::test]
async fn a_wrong_filter_is_refused() {
    let harness = Harness::start().await;
    let client = harness.local();
    let text = |text: &str| Some(text.to_owned());
    for query in [
        EventQuery { state: text("READY"), ..EventQuery::default() },
        EventQuery { account: text("../etc"), ..EventQuery::default() },
        EventQuery { lane: text("a b"), ..EventQuery::default() },
        EventQuery { kind: text("*.x"), ..EventQuery::default() },
        EventQuery { reason: text(&"x".repeat(1000)), ..EventQuery::default() },
        EventQuery { limit: Some(10_001), ..EventQuery::default() },
        EventQuery { limit: Some(0), ..EventQuery::default() },
    ] {
        assert_eq!(code(client.events(&query).await), "invalid-value", "{query:?}");
        assert_eq!(code(client.event_ids(&query).await), "invalid-value", "{query:?}");
    }
    let last = EventQuery { cursor: Some(u64::MAX), ..EventQuery::default() };
    assert!(found(&client, last).await.is_empty());
    harness.stop().await;
}
