//! What people do with events, one or many at once.

use flotilla_admin::api::{EventQuery, Resolution, ResolveRequest, StepChange};
use flotilla_model::{EventId, Step, WorkEnd};

use crate::harness::{Harness, PASSWORD, code};
use crate::queue::{add_publisher, bury, claim, complete, event, failed, publish};

/// Events 1-3 are dead, 4 is ready.
async fn three_dead_letters() -> Harness {
    let harness = Harness::start().await;
    let ledger = &harness.ledger;
    add_publisher(ledger, "ann", None);
    publish(ledger, "ann", vec![event("x"); 3], 0);
    bury(ledger, "gone");
    publish(ledger, "ann", vec![event("x")], 0);
    harness
}

fn another_webhook() -> StepChange {
    StepChange::Webhook {
        url: "https://example.org/repaired".to_owned(),
        key: Some("hush hush".to_owned()),
        keep_key: false,
        timeout_ms: 1000,
        idempotent: true,
    }
}

#[actix_web::test]
async fn many_change_and_each_refused_one_is_told() {
    let harness = three_dead_letters().await;
    let client = harness.local();
    let changed = client.retry_events(&[1, 4, 99], None).await.unwrap();
    assert_eq!((changed.changed, changed.refused.len()), (1, 2));
    let refused: Vec<_> = changed.refused.iter().map(|one| (one.id.0, one.code.as_str())).collect();
    assert_eq!(refused, [(4, "wrong-state"), (99, "not-found")]);
    assert!(changed.refused[0].detail.contains("is ready"), "{changed:?}");
    assert_eq!(client.event(1).await.unwrap().state, "ready");

    let changed = client.discard_events(&[2, 2]).await.unwrap();
    assert_eq!((changed.changed, changed.refused[0].code.as_str()), (1, "not-found"));
    assert_eq!(client.cancel_events(&[1, 3, 4]).await.unwrap().changed, 3);
    let statistics = client.event_statistics().await.unwrap();
    assert_eq!((statistics.discarded_total, statistics.cancelled_total, statistics.room.events), (1, 3, 0));
    harness.stop().await;
}

#[actix_web::test]
async fn one_event_is_cancelled_and_a_doubtful_step_is_not() {
    let harness = three_dead_letters().await;
    let client = harness.local();
    client.cancel_event(4).await.unwrap();
    assert_eq!(code(client.cancel_event(4).await), "not-found");
    let ended = client.event(4).await.unwrap_err();
    assert!(ended.problem().unwrap().detail.contains("event 4 was cancelled at 20"), "{ended}");
    publish(&harness.ledger, "ann", vec![event("x")], 0);
    let (event, attempt) = claim(&harness.ledger, 1)[0];
    harness.ledger.apply(flotilla_model::Command::BeginStep {
        event,
        attempt,
        node: flotilla_model::NodeId(2),
        session: crate::harness::SESSION,
        step: 0,
        now_ms: crate::harness::NOW_MS,
    });
    assert_eq!(code(client.cancel_event(event.0).await), "wrong-state");
    harness.stop().await;
}

#[actix_web::test]
async fn another_route_is_an_administrators_to_give() {
    let harness = three_dead_letters().await;
    let (operator, root) = (harness.with_password("operator", PASSWORD), harness.with_password("root", PASSWORD));
    let steps = || Some(vec![another_webhook()]);
    assert_eq!(code(operator.retry_events(&[1], steps()).await), "forbidden");
    assert_eq!(code(root.retry_events(&[1], Some(vec![])).await), "invalid-value");
    let nobody = StepChange::Publish { account: "nobody".to_owned(), folder: String::new() };
    let error = root.retry_events(&[1], Some(vec![another_webhook(), nobody])).await.unwrap_err();
    assert_eq!(error.problem().unwrap().field.as_deref(), Some("steps[1].account"));
    assert_eq!(operator.event(1).await.unwrap().state, "dead", "nothing was changed by what was refused");

    assert_eq!(operator.retry_events(&[1], None).await.unwrap().changed, 1);
    assert_eq!(root.retry_events(&[2], steps()).await.unwrap().changed, 1);
    let state = harness.ledger.state();
    let Step::Webhook { url, key: Some(key), .. } = &state.events.get(&EventId(2)).unwrap().route.steps[0] else {
        panic!("another step")
    };
    assert_eq!(url, "https://example.org/repaired");
    assert!(!key.0.windows(4).any(|window| window == b"hush"), "sealed");
    harness.stop().await;
}

#[actix_web::test]
async fn doubtful_steps_are_answered_for_in_bulk() {
    let harness = three_dead_letters().await;
    let (ledger, client) = (&harness.ledger, harness.local());
    publish(ledger, "ann", vec![event("x")], 0);
    complete(ledger, claim(ledger, 10), WorkEnd::OutcomeUnknown { step: 0, reason: "cut".to_owned() });
    let changed = client.resolve_events(&[4, 1], Resolution::Happened).await.unwrap();
    assert_eq!((changed.changed, changed.refused[0].id), (1, EventId(1)));
    assert_eq!(client.event(4).await.unwrap().next_step, 1, "it goes on behind the step");
    client.resolve_event(5, &ResolveRequest { answer: Resolution::DoItAgain }).await.unwrap();
    assert_eq!(client.event(5).await.unwrap().next_step, 0);
    harness.stop().await;
}

#[actix_web::test]
async fn a_thousand_go_in_one_request_and_no_more() {
    let harness = Harness::start().await;
    let (ledger, client) = (&harness.ledger, harness.local());
    add_publisher(ledger, "ann", None);
    publish(ledger, "ann", vec![event("x"); 1024], 0);
    complete(ledger, claim(ledger, 1024), failed("gone"));
    let all = client.event_ids(&EventQuery::default()).await.unwrap().items;
    assert_eq!(client.retry_events(&all, None).await.unwrap().changed, 1024);
    let too_many: Vec<_> = (1..=1025).collect();
    for refused in [client.retry_events(&too_many, None).await, client.cancel_events(&[]).await] {
        let error = refused.unwrap_err();
        assert_eq!(error.problem().unwrap().field.as_deref(), Some("ids"), "{error}");
    }
    harness.stop().await;
}

#[actix_web::test]
async fn an_auditor_changes_nothing() {
    let harness = three_dead_letters().await;
    let auditor = harness.with_password("auditor", PASSWORD);
    let one = &[1];
    for refused in [
        auditor.retry_events(one, None).await,
        auditor.discard_events(one).await,
        auditor.cancel_events(one).await,
        auditor.resolve_events(one, Resolution::Happened).await,
    ] {
        assert_eq!(code(refused), "forbidden");
    }
    assert_eq!(code(auditor.cancel_event(1).await), "forbidden");
    assert_eq!(auditor.event(1).await.unwrap().state, "dead");
    harness.stop().await;
}
