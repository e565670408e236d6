//! Parameters.

use flotilla_admin::LedgerError;
use flotilla_admin::api::NodeId;

use crate::harness::{Harness, code};

const THREADS: &str = "Cluster.ThreadPools.ThreadPool.GeneralMessageProcessing.maxThreads";

#[actix_web::test]
async fn a_parameter_is_set_and_set_back() {
    let harness = Harness::start().await;
    let client = harness.with_password("root", crate::harness::PASSWORD);
    let before = client.parameter(THREADS).await.unwrap();
    assert_eq!((before.value.as_str(), before.is_default, before.range.as_str()), ("4", true, "1 to 1000"));
    let done = client.set_parameter(THREADS, Some(" 100 "), Some(before.version)).await.unwrap();
    let after = client.parameter(THREADS).await.unwrap();
    assert_eq!((after.value.as_str(), after.is_default, Some(after.version)), ("100", false, done.version));
    assert_eq!(after.changed_by.as_deref(), Some("root"));
    assert_eq!(code(client.set_parameter(THREADS, Some("5"), Some(before.version)).await), "version-conflict");
    client.set_parameter(THREADS, None, None).await.unwrap();
    assert_eq!(client.parameter(THREADS).await.unwrap().value, "4");
    assert_eq!(client.parameters().await.unwrap().len(), flotilla_config::parameters::CATALOGUE.len());
    harness.stop().await;
}

#[actix_web::test]
async fn a_node_may_have_its_own_value_where_the_catalogue_says_so() {
    let harness = Harness::start().await;
    let client = harness.local();
    let (own, other) = (Some(NodeId(1)), Some(NodeId(77)));
    client.set_parameter(THREADS, Some("8"), None).await.unwrap();
    assert_eq!(client.parameter_of(own, THREADS).await.unwrap().value, "8", "the cluster's, without one of its own");
    let before = client.parameter_of(own, THREADS).await.unwrap();
    let done = client.set_parameter_of(own, THREADS, Some("16"), Some(before.version)).await.unwrap();
    let shown = client.parameter_of(own, THREADS).await.unwrap();
    assert_eq!((shown.value.as_str(), Some(shown.version)), ("16", done.version));
    let cluster = client.parameter(THREADS).await.unwrap();
    assert_eq!((cluster.value.as_str(), cluster.scope.as_str()), ("8", "cluster or node"));
    assert_eq!(cluster.nodes.iter().map(|own| (own.node, own.value.as_str())).collect::<Vec<_>>(), [(NodeId(1), "16")]);
    client.set_parameter_of(own, THREADS, None, None).await.unwrap();
    assert_eq!(client.parameter_of(own, THREADS).await.unwrap().value, "8");
    assert!(client.parameter(THREADS).await.unwrap().nodes.is_empty());

    for error in [
        client.set_parameter_of(other, THREADS, Some("5"), None).await.unwrap_err(),
        client.parameter_of(other, THREADS).await.unwrap_err(),
    ] {
        assert_eq!(error.problem().unwrap().status, 404, "{error}");
    }
    for error in [
        client.set_parameter_of(own, "Files.replicas", Some("1"), None).await.unwrap_err(),
        client.parameter_of(own, "Files.replicas").await.unwrap_err(),
    ] {
        let problem = error.problem().unwrap();
        assert_eq!((problem.status, problem.field.as_deref()), (400, Some("node")));
    }
    harness.stop().await;
}

#[actix_web::test]
async fn bad_values_and_names_change_nothing() {
    let harness = Harness::start().await;
    let client = harness.local();
    let digest = harness.ledger.state().digest();
    let error = client.set_parameter(THREADS, Some("1001"), None).await.unwrap_err();
    let problem = error.problem().unwrap();
    assert_eq!((problem.status, problem.field.as_deref()), (400, Some("value")));
    assert_eq!(problem.mend.as_deref(), Some("write 1 to 1000"));
    for error in [
        client.set_parameter("maxThreads", Some("5"), None).await.unwrap_err(),
        client.parameter("maxThreads").await.unwrap_err(),
    ] {
        let problem = error.problem().unwrap();
        assert_eq!(problem.status, 404);
        assert!(problem.mend.as_deref().unwrap().contains(THREADS));
    }
    assert_eq!(harness.ledger.state().digest(), digest);
    harness.stop().await;
}

#[actix_web::test]
async fn not_done_and_not_known_are_told_apart() {
    let harness = Harness::start().await;
    let client = harness.local();
    let reason = || "there is no primary".to_owned();
    harness.ledger.fail_with(Some(LedgerError::Unavailable { reason: reason() }));
    let error = client.set_parameter(THREADS, Some("5"), None).await.unwrap_err();
    assert!(error.is_retryable() && error.problem().unwrap().code == "unavailable", "{error}");
    harness.ledger.fail_with(Some(LedgerError::Unknown { reason: reason() }));
    let error = client.set_parameter(THREADS, Some("5"), None).await.unwrap_err();
    assert!(!error.is_retryable() && error.problem().unwrap().code == "outcome-unknown", "{error}");
    harness.stop().await;
}
