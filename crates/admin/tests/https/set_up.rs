//! Members, lead, secret, Transaction Managers, synchronisation, doctor: who may, and what is refused.

use flotilla_admin::ClientError;
use flotilla_admin::api::{NodeId, ServersImport};

use crate::harness::{Harness, PASSWORD, code};

fn status<T>(answer: Result<T, ClientError>) -> u16 {
    match answer {
        Ok(_) => 200,
        Err(error) => error.problem().map_or(0, |problem| problem.status),
    }
}

#[actix_web::test]
async fn an_auditor_looks_and_an_operator_steers_and_neither_changes_members_or_secrets() {
    let harness = Harness::start().await;
    let import = ServersImport { text: String::new(), remove_missing: false, dry_run: true };
    for (name, steers) in [("auditor", 403), ("operator", 200)] {
        let client = harness.with_password(name, PASSWORD);
        for seen in [
            status(client.primary().await),
            status(client.servers().await),
            status(client.secret().await),
            status(client.transaction_managers().await),
            status(client.sync_status().await),
            status(client.audit_log(&Default::default()).await),
        ] {
            assert_eq!(seen, 200, "{name} may look");
        }
        assert_eq!(status(client.stop_transaction_manager(Some(NodeId(2))).await), steers, "{name}");
        assert_eq!(status(client.start_transaction_manager(None).await), steers, "{name}");
        assert_eq!(status(client.hand_over(None).await) == 403, steers == 403, "{name}");
        assert_eq!(status(client.examine(None).await), steers, "{name}");
        for refused in [
            status(client.invite_server("ft9.example.org", None).await),
            status(client.move_server(NodeId(2), 0).await),
            status(client.remove_server(NodeId(2)).await),
            status(client.set_server_leaving(NodeId(2), true).await),
            status(client.set_server_leaving(NodeId(2), false).await),
            status(client.import_servers(&import).await),
            status(client.export_secret().await),
            status(client.rotate_secret(None).await),
            status(client.finish_rotation(true).await),
            status(client.repair_sync(NodeId(2)).await),
        ] {
            assert_eq!(refused, 403, "{name}");
        }
    }
    harness.stop().await;
}

#[actix_web::test]
async fn the_secret_is_shown_by_export_alone_and_that_leaves_a_row() {
    let harness = Harness::start().await;
    let client = harness.with_password("root", PASSWORD);
    let view = client.secret().await.unwrap();
    assert_eq!((view.fingerprint, view.rotation), (harness.secret.fingerprint(), None));
    let export = client.export_secret().await.unwrap();
    assert_eq!(export.secret, *harness.secret.to_text());
    let rows = client.audit_log(&Default::default()).await.unwrap().items;
    assert_eq!((rows[0].operation.as_str(), rows[0].subject.as_str()), ("secret.export", export.fingerprint.as_str()));
    assert!(rows.iter().all(|row| !format!("{row:?}").contains(export.secret.lines().nth(1).unwrap())));

    assert_eq!(code(client.rotate_secret(Some(export.secret)).await), "wrong-state");
    assert_eq!(code(client.rotate_secret(Some("rubbish".to_owned())).await), "invalid-value");
    assert_eq!(code(client.finish_rotation(true).await), "wrong-state");
    client.rotate_secret(None).await.unwrap();
    assert_eq!(code(client.rotate_secret(None).await), "wrong-state");
    let rotation = client.secret().await.unwrap().rotation.unwrap();
    assert_eq!((rotation.adopted, rotation.missing), (vec![], vec![NodeId(1), NodeId(2)]));
    let late = client.finish_rotation(false).await.unwrap_err();
    assert!(late.to_string().contains("node 1 does not have the new cluster secret"), "{late}");
    client.finish_rotation(true).await.unwrap();
    harness.stop().await;
}

#[actix_web::test]
async fn a_host_is_let_in_by_hand_for_a_time() {
    let harness = Harness::start().await;
    let client = harness.local();
    let invited = client.invite_server("ft9.example.org", Some(600)).await.unwrap();
    assert_eq!(invited.url, "https://node-1:8444");
    let again = client.invite_server("ft9.example.org", None).await.unwrap();
    assert!(again.expires_at > invited.expires_at, "asked again it has longer");
    for (host, lifetime, field) in [("no host", None, "host"), ("ft9", Some(1), "lifetime_s")] {
        let refused = client.invite_server(host, lifetime).await.unwrap_err();
        assert_eq!(refused.problem().unwrap().field.as_deref(), Some(field));
    }
    harness.stop().await;
}

#[actix_web::test]
async fn members_are_moved_and_those_that_are_needed_stay() {
    let harness = Harness::start().await;
    let client = harness.local();
    client.move_server(NodeId(2), 0).await.unwrap();
    let order: Vec<_> = client.servers().await.unwrap().into_iter().map(|row| row.node.0).collect();
    assert_eq!(order, [2, 1]);
    assert_eq!(code(client.move_server(NodeId(9), 0).await), "not-found");
    // Node 1 is not up in this harness, so node 2 is all that is.
    assert_eq!(code(client.remove_server(NodeId(2)).await), "quorum-at-stake");
    assert_eq!(code(client.remove_server(NodeId(9)).await), "not-found");
    // Neither can it begin to leave, nor who is unknown.
    assert_eq!(code(client.set_server_leaving(NodeId(2), true).await), "quorum-at-stake");
    assert_eq!(code(client.set_server_leaving(NodeId(9), true).await), "not-found");
    client.set_server_leaving(NodeId(1), true).await.unwrap();
    let rows = client.servers().await.unwrap();
    let left = rows.iter().find(|row| row.node == NodeId(1)).unwrap().leaving.unwrap();
    assert_eq!((left.contents, left.events), (0, 0));
    assert_eq!(rows.iter().filter(|row| row.leaving.is_some()).count(), 1);
    client.set_server_leaving(NodeId(1), false).await.unwrap();
    assert!(client.servers().await.unwrap().iter().all(|row| row.leaving.is_none()));
    client.remove_server(NodeId(1)).await.unwrap();
    assert_eq!(code(client.remove_server(NodeId(2)).await), "last-of-its-kind");
    harness.stop().await;
}

#[actix_web::test]
async fn what_cannot_be_asked_of_a_node_is_told() {
    let harness = Harness::start().await;
    let client = harness.local();
    assert_eq!(code(client.hand_over(Some(NodeId(2))).await), "unavailable");
    assert_eq!(code(client.repair_sync(NodeId(9)).await), "not-found");
    assert_eq!(code(client.examine(Some(NodeId(9))).await), "not-found");
    let managers = client.transaction_managers().await.unwrap();
    assert!(managers.iter().all(|row| row.failure.is_some()), "{managers:?}");
    let found = client.examine(None).await.unwrap();
    assert_eq!(found.failed, 2, "each gives no answer: {found:?}");
    let status = client.sync_status().await.unwrap();
    assert_eq!(status.nodes[1].agreed_index, Some(64));
    harness.stop().await;
}
