//! What callers see of the last hour when no node can be asked, and what is refused.

use flotilla_admin::Login;
use flotilla_admin::api::{HistoryQuery, SAMPLE_EVERY_MS};
use flotilla_model::NodeId;

use crate::harness::{Harness, PASSWORD, code};

#[actix_web::test]
async fn nodes_that_give_no_answer_are_named() {
    let harness = Harness::start().await;
    let history = harness.with_password("auditor", PASSWORD).history(&HistoryQuery::default()).await.unwrap();
    assert_eq!(history.every_ms, SAMPLE_EVERY_MS);
    let told: Vec<_> =
        history.nodes.iter().map(|node| (node.node.0, node.name.as_str(), node.failure.as_deref())).collect();
    let expected = [(1, "node-1", Some("node 1 is not reached")), (2, "node-2", Some("node 2 is not reached"))];
    assert_eq!(told, expected);
    assert!(history.nodes.iter().all(|node| node.samples.is_empty()));
    let of_one = HistoryQuery { node: Some(NodeId(2)), ..HistoryQuery::default() };
    assert_eq!(harness.local().history(&of_one).await.unwrap().nodes.len(), 1);
    let of_nobody = HistoryQuery { node: Some(NodeId(9)), ..HistoryQuery::default() };
    assert_eq!(code(harness.local().history(&of_nobody).await), "not-found");
    assert!(harness.client(Login::None).history(&HistoryQuery::default()).await.is_err(), "it takes a log-in");
    harness.stop().await;
}
