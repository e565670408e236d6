//! What accounts' holders are at: their log-ins in browsers and their uploads in parts.

use flotilla_admin::api::AuditQuery;
use flotilla_model::{AccountName, BlobId, Command, FilePath, LoginSessionId, NodeId, PutCondition, Sha256, UploadId};

use crate::delegates::scene;
use crate::harness::{Harness, NOW_MS, PASSWORD, code};

fn account(name: &str) -> AccountName {
    AccountName::parse(name).unwrap()
}

fn log_in(harness: &Harness, name: &str, id: u128) {
    let account_version = harness.ledger.state().accounts.get(&account(name)).unwrap().version;
    harness.ledger.apply(Command::OpenPartnerSession {
        id: LoginSessionId(id),
        account: account(name),
        account_version,
        expires_ms: u64::MAX,
        remote: "192.0.2.7".to_owned(),
        user_agent: "Browser 1".to_owned(),
        now_ms: NOW_MS,
    });
}

fn upload(harness: &Harness, name: &str, id: u128) {
    harness.ledger.apply(Command::OpenUpload {
        account: account(name),
        id: UploadId(id),
        path: FilePath::parse("in/large.bin").unwrap(),
        length: 30,
        sha256: None,
        condition: PutCondition::Any,
        expires_ms: u64::MAX,
        now_ms: NOW_MS,
    });
    harness.ledger.apply(Command::AppendToUpload {
        account: account(name),
        id: UploadId(id),
        offset: 0,
        blob: BlobId(1000 + id),
        length: 10,
        sha256: Sha256([7; 32]),
        holders: vec![NodeId(1), NodeId(2)],
        expires_ms: u64::MAX,
        now_ms: NOW_MS,
    });
}

#[actix_web::test]
async fn log_ins_of_partners_are_seen_and_ended() {
    let (harness, dora) = scene().await;
    let client = harness.local();
    log_in(&harness, "ann", 1);
    log_in(&harness, "ann", 2);
    log_in(&harness, "bob", 3);
    let seen = dora.account_sessions("ann").await.unwrap();
    let ids: Vec<_> = seen.iter().map(|session| session.id.clone()).collect();
    assert_eq!(ids, [2, 1].map(|id| LoginSessionId(id).to_string()));
    assert_eq!((seen[0].remote.as_str(), seen[0].user_agent.as_str()), ("192.0.2.7", "Browser 1"));

    let of_bob = LoginSessionId(3).to_string();
    assert_eq!(code(client.end_account_session("ann", &of_bob).await), "not-found", "it is another account's");
    assert_eq!(code(client.end_account_session("ann", "no id").await), "not-found");
    assert_eq!(code(dora.account_sessions("bob").await), code(dora.account_sessions("nobody").await));
    dora.end_account_session("ann", &ids[0]).await.unwrap();
    assert_eq!(client.account_sessions("ann").await.unwrap().len(), 1);
    assert_eq!(client.account_sessions("bob").await.unwrap().len(), 1);
    assert_eq!(code(client.account_sessions("nobody").await), "not-found");

    let row = client.audit_log(&AuditQuery::default()).await.unwrap().items.remove(0);
    assert_eq!((row.operation.as_str(), row.subject.as_str()), ("partner-session.end", ids[0].as_str()));
    assert_eq!((row.before.as_deref(), row.after), (Some("of ann"), None));
    harness.stop().await;
}

/// What a page of the console offers, or the status of its refusal.
async fn offered(harness: &Harness, who: &str, path: &str) -> Result<(bool, bool), u16> {
    let request = harness.raw().get(format!("{}/console/accounts/{path}", harness.url()));
    let answer = request.basic_auth(who, Some(PASSWORD)).send().await.unwrap();
    if answer.status() != 200 {
        return Err(answer.status().as_u16());
    }
    let page = answer.text().await.unwrap();
    assert!(page.contains("192.0.2.7") && page.contains("in/large.bin"), "{page}");
    Ok((page.contains("/sessions/end\""), page.contains("/uploads/cancel\"")))
}

#[actix_web::test]
async fn the_page_of_an_account_offers_what_one_may_do() {
    let (harness, _) = scene().await;
    log_in(&harness, "ann", 1);
    upload(&harness, "ann", 1);
    for (who, may) in [
        ("auditor", (false, false)),
        ("operator", (false, true)),
        ("root", (true, true)),
        // Of accounts of theirs delegates may both.
        ("dora", (true, true)),
    ] {
        assert_eq!(offered(&harness, who, "ann").await, Ok(may), "{who}");
    }
    assert_eq!(offered(&harness, "dora", "bob").await, Err(403));
    assert_eq!(offered(&harness, "root", "nobody").await, Err(404));
    harness.stop().await;
}

#[actix_web::test]
async fn uploads_in_parts_are_seen_and_given_up() {
    let (harness, dora) = scene().await;
    let client = harness.local();
    upload(&harness, "ann", 1);
    upload(&harness, "bob", 2);
    let seen = dora.account_uploads("ann").await.unwrap();
    let id = UploadId(1).to_string();
    let [view] = seen.as_slice() else { panic!("{seen:?}") };
    assert_eq!((view.id.as_str(), view.path.as_str()), (id.as_str(), "in/large.bin"));
    assert_eq!((view.received_bytes, view.size_bytes, view.parts, view.transfer), (10, 30, 1, None));

    assert_eq!(code(client.cancel_account_upload("ann", &UploadId(2).to_string()).await), "not-found");
    dora.cancel_account_upload("ann", &id).await.unwrap();
    assert!(client.account_uploads("ann").await.unwrap().is_empty());
    assert_eq!(client.account_uploads("bob").await.unwrap().len(), 1);
    assert_eq!(code(client.cancel_account_upload("ann", &id).await), "not-found");

    let row = client.audit_log(&AuditQuery::default()).await.unwrap().items.remove(0);
    assert_eq!((row.operation, row.subject), ("upload.cancel".to_owned(), format!("{id} of ann")));
    assert_eq!(row.before.as_deref(), Some("in/large.bin: 10 of 30 bytes"));
    harness.stop().await;
}
