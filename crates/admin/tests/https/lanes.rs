//! Lanes: seen, weighed, paused; and what the metrics say of them.

use flotilla_admin::api::{LaneChange, LaneQuery};
use flotilla_model::WorkEnd;

use crate::harness::{Harness, PASSWORD, code};
use crate::queue::{add_account, add_publisher, bury, claim, complete, event, publish};

fn paused(is_paused: bool) -> LaneChange {
    LaneChange { is_paused: Some(is_paused), ..LaneChange::default() }
}

#[actix_web::test]
async fn a_lane_is_paused_resumed_and_weighed() {
    let harness = Harness::start().await;
    let (ledger, client) = (&harness.ledger, harness.local());
    add_publisher(ledger, "ann", None);
    publish(ledger, "ann", vec![event("x"); 3], 0);
    client.set_lane("ann", &paused(true)).await.unwrap();
    assert!(claim(ledger, 10).is_empty(), "nothing of it is given out");
    let lane = client.lane("ann").await.unwrap();
    assert_eq!((lane.ready, lane.is_paused, lane.weight, lane.published_total), (3, true, 1, 3));
    let cluster = client.cluster().await.unwrap();
    assert_eq!((cluster.lanes_paused, cluster.paused_lanes), (1, vec!["ann".to_owned()]));

    let heavier = LaneChange { weight: Some(5), ..paused(false) };
    client.set_lane("ann", &heavier).await.unwrap();
    complete(ledger, claim(ledger, 2), WorkEnd::Done);
    bury(ledger, "gone");
    let lane = client.lane("ann").await.unwrap();
    assert_eq!((lane.ready, lane.dead, lane.completed_total, lane.failed_total, lane.weight), (0, 1, 2, 1, 5));
    harness.stop().await;
}

#[actix_web::test]
async fn a_lane_can_be_set_before_its_first_event_but_not_by_a_slip_of_the_pen() {
    let harness = Harness::start().await;
    let client = harness.local();
    add_account(&harness.ledger, "ann");
    assert_eq!(code(client.lane("ann").await), "not-found");
    client.set_lane("ann", &paused(true)).await.unwrap();
    assert!(client.lane("ann").await.unwrap().is_paused);
    assert_eq!(code(client.set_lane("bulk", &paused(true)).await), "not-found");
    add_publisher(&harness.ledger, "bob", Some("bulk"));
    client.set_lane("bulk", &paused(true)).await.unwrap();
    assert_eq!(harness.ledger.state().lanes.len(), 2);
    harness.stop().await;
}

#[actix_web::test]
async fn what_makes_no_sense_is_refused() {
    let harness = Harness::start().await;
    let client = harness.local();
    add_account(&harness.ledger, "ann");
    for (name, change, field) in [
        ("ann", LaneChange::default(), "weight"),
        ("ann", LaneChange { weight: Some(0), is_paused: None }, "weight"),
        ("ann", LaneChange { weight: Some(1001), is_paused: None }, "weight"),
        ("a/b", paused(true), "name"),
        ("", paused(true), "name"),
    ] {
        let error = client.set_lane(name, &change).await.unwrap_err();
        let problem = error.problem().unwrap();
        let is_right = problem.field.as_deref() == Some(field) || (name.is_empty() && problem.code == "not-found");
        assert!(is_right, "{name:?} {change:?}: {problem:?}");
    }
    let auditor = harness.with_password("auditor", PASSWORD);
    assert_eq!(code(auditor.set_lane("ann", &paused(true)).await), "forbidden");
    let operator = harness.with_password("operator", PASSWORD);
    operator.set_lane("ann", &paused(true)).await.unwrap();
    harness.stop().await;
}

#[actix_web::test]
async fn lanes_come_in_pages_and_by_what_is_in_them() {
    let harness = Harness::start().await;
    let (ledger, client) = (&harness.ledger, harness.local());
    for number in 0..5 {
        add_publisher(ledger, &format!("a{number}"), None);
        publish(ledger, &format!("a{number}"), vec![event("x")], 0);
    }
    client.set_lane("a3", &paused(true)).await.unwrap();
    complete(ledger, claim(ledger, 10), WorkEnd::Done);
    let (mut query, mut names) = (LaneQuery { limit: Some(2), ..LaneQuery::default() }, Vec::new());
    loop {
        let page = client.lanes(&query).await.unwrap();
        names.push(page.items.into_iter().map(|lane| lane.name).collect::<Vec<_>>());
        query.cursor = page.next_cursor;
        if query.cursor.is_none() {
            break;
        }
    }
    assert_eq!(names, [vec!["a0", "a1"], vec!["a2", "a3"], vec!["a4"]]);
    for query in [
        LaneQuery { has_events: Some(true), ..LaneQuery::default() },
        LaneQuery { is_paused: Some(true), ..LaneQuery::default() },
    ] {
        let page = client.lanes(&query).await.unwrap();
        assert_eq!((page.items.len(), page.items[0].name.as_str()), (1, "a3"));
    }
    let beyond = LaneQuery { cursor: Some(u64::MAX), ..LaneQuery::default() };
    assert!(client.lanes(&beyond).await.unwrap().items.is_empty());
    harness.stop().await;
}

#[actix_web::test]
async fn metrics_name_the_deepest_lanes_and_sum_up_the_rest() {
    let harness = Harness::start().await;
    let ledger = &harness.ledger;
    for number in 0..205 {
        let name = format!("a{number}");
        add_publisher(ledger, &name, None);
        // Five of them are the shallowest.
        publish(ledger, &name, vec![event("x"); if number % 41 == 0 { 1 } else { 2 }], 0);
    }
    let client = harness.local();
    client.set_lane("a1", &paused(true)).await.unwrap();
    let text = client.metrics().await.unwrap();
    for line in [
        "flotilla_lanes 205",
        "flotilla_lanes_paused 1",
        "flotilla_queue_ready 405",
        "flotilla_events_published_total 405",
        "flotilla_lane_events{lane=\"a1\",state=\"ready\"} 2",
        "flotilla_lane_events{lane=\"_other\",state=\"ready\"} 5",
        "flotilla_lane_paused{lane=\"a1\"} 1",
        "flotilla_lane_weight{lane=\"a1\"} 1",
        "flotilla_lane_published_total{lane=\"a1\"} 2",
    ] {
        assert!(text.lines().any(|found| found == line), "{line} is missing");
    }
    assert!(text.contains("flotilla_lane_oldest_ready_age_seconds{lane=\"a1\"} "));
    let series = text.lines().filter(|line| line.starts_with("flotilla_lane_weight{")).count();
    assert_eq!(series, 200);
    assert!(!text.contains("lane=\"a41\""), "a shallow one has no series of its own");
    harness.stop().await;
}
