//! The outcome of a change is sought through trouble of the log, and told honestly.

use std::sync::atomic::Ordering;

use crate::log::Fate;
use crate::rig::{problem, rig};

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_is_sought_again_and_recorded_once() {
    let rig = rig().await;
    rig.log.next(&[Fate::NotDone, Fate::Lost, Fate::AnswerLost, Fate::NotDone]);
    assert_eq!(rig.put("/files/a", "hello").await.status(), 201);
    assert_eq!(rig.log.now().transfers.len(), 1);
    assert_eq!(rig.metrics.commits_repeated.load(Ordering::Relaxed), 4);
    assert_eq!(rig.get("/files/a").await, "hello");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_quorum_nothing_is_stored() {
    let rig = rig().await;
    rig.log.always(Fate::NotDone);
    problem(rig.put("/files/a", "hello").await, 503, "no-quorum").await;
    rig.nodes.settle(&rig.log, 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_of_an_unknown_outcome_are_kept() {
    let rig = rig().await;
    rig.log.always(Fate::Lost);
    problem(rig.put("/files/a", "hello").await, 504, "outcome-unknown").await;
    assert_eq!(rig.nodes.total(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_removal_is_not_repeated_blindly() {
    let rig = rig().await;
    assert_eq!(rig.put("/files/a", "hello").await.status(), 201);
    rig.log.next(&[Fate::NotDone]);
    assert_eq!(rig.ask("DELETE", "/files/a").send().await.unwrap().status(), 204);
    assert_eq!(rig.put("/files/a", "hello").await.status(), 201);
    rig.log.next(&[Fate::AnswerLost]);
    problem(rig.ask("DELETE", "/files/a").send().await.unwrap(), 504, "outcome-unknown").await;
    problem(rig.ask("DELETE", "/files/a").send().await.unwrap(), 404, "not-found").await;
}
