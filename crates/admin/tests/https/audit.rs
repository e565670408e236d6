//! The audit log, and the history of parameters.

use flotilla_admin::api::{AuditError, AuditQuery, AuditView, BASE_PATH, BulkParameterChange, NodeId};
use flotilla_model::{AuditId, ChainCheck, ChainError};

use crate::harness::{Harness, PASSWORD, code};

const RETRIES: &str = "EventQueue.maxRetryCount";
const THREADS: &str = "Cluster.ThreadPools.ThreadPool.GeneralMessageProcessing.maxThreads";

fn change(name: &str, node: Option<u64>, value: &str) -> BulkParameterChange {
    BulkParameterChange {
        name: name.to_owned(),
        node: node.map(NodeId),
        value: Some(value.to_owned()),
        expected_version: None,
    }
}

#[actix_web::test]
async fn every_change_leaves_a_row_and_refused_ones_leave_none() {
    let harness = Harness::start().await;
    let client = harness.with_password("root", PASSWORD);
    client.set_parameter(RETRIES, Some("7"), None).await.unwrap();
    client.set_parameter(RETRIES, Some("9"), None).await.unwrap();
    assert!(client.set_parameter(RETRIES, Some("-1"), None).await.is_err());
    assert!(client.delete_account("nobody").await.is_err());
    let page = client.audit_log(&AuditQuery::default()).await.unwrap();
    let newest = &page.items[0];
    assert_eq!((newest.operation.as_str(), newest.subject.as_str()), ("parameter.set", RETRIES));
    assert_eq!((newest.before.as_deref(), newest.after.as_deref()), (Some("7"), Some("9")));
    assert_eq!((newest.who.as_str(), newest.remote.as_str()), ("root", "127.0.0.1"));
    assert!(page.items.iter().all(|row| !row.operation.starts_with("account.remove")));
    assert_eq!(&client.audit_row(newest.id).await.unwrap(), newest);
    assert_eq!(code(client.audit_row(9_999).await), "not-found");
    harness.stop().await;
}

#[actix_web::test]
async fn rows_are_found_by_noun_person_and_time_a_page_at_a_time() {
    let harness = Harness::start().await;
    let (root, local) = (harness.with_password("root", PASSWORD), harness.local());
    for value in ["1", "2", "3"] {
        root.set_parameter(RETRIES, Some(value), None).await.unwrap();
    }
    local.set_parameters(vec![change(RETRIES, None, "4"), change(THREADS, Some(1), "5")]).await.unwrap();
    let find = async |query: AuditQuery| root.audit_log(&query).await.unwrap();
    let noun = |noun: &str| AuditQuery { operation: Some(noun.to_owned()), ..AuditQuery::default() };
    assert_eq!(find(noun("parameter")).await.items.len(), 4);
    assert_eq!(find(noun("parameter.import")).await.items.len(), 1);
    assert_eq!(find(noun("param")).await.items.len(), 0, "a noun is whole");
    let mine = AuditQuery { who: Some("root".to_owned()), limit: Some(2), ..AuditQuery::default() };
    let first = find(mine.clone()).await;
    let second = find(AuditQuery { cursor: first.next_cursor, ..mine }).await;
    let after: Vec<_> = first.items.iter().chain(&second.items).filter_map(|row| row.after.as_deref()).collect();
    assert_eq!(after, ["3", "2", "1"]);
    let until = Some(first.items[0].at);
    assert!(find(AuditQuery { until, ..AuditQuery::default() }).await.items.iter().all(|row| Some(row.at) < until));
    harness.stop().await;
}

#[actix_web::test]
async fn a_parameters_history_is_kept_and_many_change_together() {
    let harness = Harness::start().await;
    let client = harness.with_password("root", PASSWORD);
    client.set_parameters(vec![change(RETRIES, None, "7"), change(THREADS, Some(1), "8")]).await.unwrap();
    client.set_parameter(RETRIES, None, None).await.unwrap();
    let history = client.parameter_history(None, RETRIES).await.unwrap();
    let values: Vec<_> = history.iter().map(|row| row.value.as_deref()).collect();
    assert_eq!(values, [None, Some("7")], "newest first");
    assert_eq!(history[0].changed_by, "root");
    assert_eq!(client.parameter_history(Some(NodeId(1)), THREADS).await.unwrap().len(), 1);
    assert!(client.parameter_history(None, THREADS).await.unwrap().is_empty());

    let error =
        client.set_parameters(vec![change(RETRIES, None, "3"), change("EventQueue.maxRetryCont", None, "1")]).await;
    let error = error.unwrap_err();
    let problem = error.problem().unwrap();
    assert_eq!((problem.status, problem.field.as_deref()), (404, Some("changes[1]")));
    assert!(problem.mend.as_deref().unwrap_or_default().contains(RETRIES), "{problem:?}");
    assert_eq!(code(client.set_parameters(vec![change("Files.replicas", Some(1), "1")]).await), "invalid-value");
    assert_eq!(code(client.set_parameters(Vec::new()).await), "invalid-value");
    let late = BulkParameterChange { expected_version: Some(1), ..change(THREADS, Some(1), "9") };
    assert_eq!(code(client.set_parameters(vec![change(RETRIES, None, "3"), late]).await), "version-conflict");
    assert_eq!(client.parameter(RETRIES).await.unwrap().value, "5", "none of it was set");
    harness.stop().await;
}

#[actix_web::test]
async fn a_trial_refuses_what_the_change_would_and_changes_nothing() {
    let harness = Harness::start().await;
    let client = harness.with_password("root", PASSWORD);
    let before = client.audit_log(&AuditQuery::default()).await.unwrap().items.len();
    let late = BulkParameterChange { expected_version: Some(999), ..change(RETRIES, None, "3") };
    for (changes, expected) in [
        (vec![change(RETRIES, None, "7"), change(THREADS, Some(9), "8")], "not-found"),
        (vec![change("Cluster.Crypto.Alias", None, "nobody-has-it")], "alias-unusable"),
        (vec![change(RETRIES, None, "7"), late], "version-conflict"),
        (vec![change(RETRIES, None, "-1")], "invalid-value"),
    ] {
        assert_eq!(code(client.try_parameters(changes.clone()).await), expected);
        assert_eq!(code(client.set_parameters(changes).await), expected);
    }
    client.try_parameters(vec![change(RETRIES, None, "7")]).await.unwrap();
    assert_eq!(client.parameter(RETRIES).await.unwrap().value, "5");
    assert_eq!(client.audit_log(&AuditQuery::default()).await.unwrap().items.len(), before);
    let operator = harness.with_password("operator", PASSWORD);
    assert_eq!(code(operator.try_parameters(vec![change(RETRIES, None, "7")]).await), "forbidden");
    harness.stop().await;
}

#[actix_web::test]
async fn version_0_is_that_of_a_row_that_is_not_there() {
    let harness = Harness::start().await;
    let client = harness.local();
    let own = Some(NodeId(1));
    client.set_parameter_of(own, THREADS, Some("8"), Some(0)).await.unwrap();
    assert_eq!(code(client.set_parameter_of(own, THREADS, Some("9"), Some(0)).await), "version-conflict");
    assert_eq!(code(client.set_parameter_of(own, THREADS, None, Some(0)).await), "version-conflict");
    assert_eq!(client.parameter_of(own, THREADS).await.unwrap().value, "8");
    harness.stop().await;
}

#[actix_web::test]
async fn the_log_is_exported_oldest_first_and_holds_together() {
    let harness = Harness::start().await;
    let client = harness.with_password("auditor", PASSWORD);
    let root = harness.with_password("root", PASSWORD);
    for value in ["1", "2", "3", "4"] {
        root.set_parameter(RETRIES, Some(value), None).await.unwrap();
    }
    let rows = async |after| {
        let lines = client.export_audit_log(after).await.unwrap();
        let lines = lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        lines.map(|line| serde_json::from_slice(line).unwrap()).collect::<Vec<AuditView>>()
    };
    let all = rows(None).await;
    let ids: Vec<u64> = all.iter().map(|row| row.id).collect();
    assert_eq!(ids, [1, 2, 3, 4]);
    let mut check = ChainCheck::default();
    all.iter().for_each(|row| row.follow(&mut check).unwrap());
    assert_eq!(rows(Some(2)).await, all[2..]);
    assert!(rows(Some(4)).await.is_empty());

    let broken = |change: fn(&mut Vec<AuditView>)| {
        let (mut rows, mut check) = (all.clone(), ChainCheck::default());
        change(&mut rows);
        rows.iter().try_for_each(|row| row.follow(&mut check)).unwrap_err()
    };
    assert_eq!(broken(|rows| rows[3].subject.push('x')), AuditError::Hash { id: 4 });
    assert_eq!(broken(|rows| rows[1].previous = Some("x".to_owned())), AuditError::Previous { id: 2 });
    let altered = ChainError::Altered { id: AuditId(2), next: AuditId(3) };
    let remade = |rows: &mut Vec<AuditView>| rows[2].previous = Some("0".repeat(64));
    assert_eq!(broken(remade), altered.into());
    let wide = harness.raw().get(format!("{}{BASE_PATH}/logs/audit/export?limit=10001", harness.url()));
    assert_eq!(wide.bearer_auth(harness.token.expose()).send().await.unwrap().status(), 400);
    harness.stop().await;
}
