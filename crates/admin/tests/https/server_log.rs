//! What callers see of the server log when no node can be asked, and what is refused.

use flotilla_admin::api::{BASE_PATH, ServerLogQuery};
use flotilla_admin::{ClientError, Login};
use flotilla_model::NodeId;

use crate::harness::{Harness, PASSWORD};

#[actix_web::test]
async fn nodes_that_give_no_answer_are_named() {
    let harness = Harness::start().await;
    let log = harness.with_password("auditor", PASSWORD).server_log(&ServerLogQuery::default()).await.unwrap();
    assert!(log.items.is_empty() && log.next_cursor.is_none(), "{log:?}");
    let failures: Vec<_> = log.nodes.iter().map(|node| (node.node.0, node.failure.as_deref())).collect();
    assert_eq!(failures, [(1, Some("node 1 is not reached")), (2, Some("node 2 is not reached"))]);
    let again = ServerLogQuery { after: Some(log.position), node: Some(NodeId(2)), ..ServerLogQuery::default() };
    assert_eq!(harness.local().server_log(&again).await.unwrap().nodes.len(), 1);
    harness.stop().await;
}

#[actix_web::test]
async fn wrong_queries_are_refused_by_field() {
    let harness = Harness::start().await;
    let client = harness.local();
    let text = |text: &str| Some(text.to_owned());
    let none = ServerLogQuery::default;
    for (query, status, field) in [
        (ServerLogQuery { level: text("loud"), ..none() }, 400, Some("level")),
        (ServerLogQuery { cursor: text("5"), ..none() }, 400, Some("cursor")),
        (ServerLogQuery { after: text("x"), ..none() }, 400, Some("after")),
        (ServerLogQuery { limit: Some(0), ..none() }, 400, Some("limit")),
        (ServerLogQuery { contains: Some("x".repeat(300)), ..none() }, 400, Some("contains")),
        (ServerLogQuery { node: Some(NodeId(9)), ..none() }, 404, None),
    ] {
        match client.server_log(&query).await {
            Err(ClientError::Refused { problem, .. }) => {
                assert_eq!((problem.status, problem.field.as_deref()), (status, field), "{query:?}");
            }
            other => panic!("{query:?}: {other:?}"),
        }
    }
    assert!(harness.client(Login::None).server_log(&none()).await.is_err(), "it takes a log-in");
    harness.stop().await;
}

#[actix_web::test]
async fn a_stream_tells_first_which_nodes_answer() {
    let harness = Harness::start().await;
    let url = format!("{}{BASE_PATH}/serverLog/stream", harness.url());
    let request = harness.raw().get(url).basic_auth("auditor", Some(PASSWORD));
    let mut answer = request.send().await.unwrap().error_for_status().unwrap();
    assert_eq!(answer.headers()["content-type"], "text/event-stream");
    let first = String::from_utf8(answer.chunk().await.unwrap().unwrap().to_vec()).unwrap();
    assert!(first.starts_with("event: nodes\nid: 1-") && first.contains("node 2 is not reached"), "{first}");
    harness.stop().await;
    assert!(answer.chunk().await.is_ok_and(|chunk| chunk.is_none()), "it ends with the server");
}
