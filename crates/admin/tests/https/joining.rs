//! From a token to a member.

use flotilla_admin::api::{JoinRequest, JoinTokenRequest};
use flotilla_admin::join::{JoinToken, open_secret};
use flotilla_admin::{Client, ClientError, Login};
use flotilla_model::{Command, MemberRole, NodeId};

use crate::harness::{Harness, authority, code};

fn request(token: &JoinToken, name: &str, authority: &flotilla_pki::Authority) -> JoinRequest {
    JoinRequest {
        secret: token.secret.to_text(),
        name: name.to_owned(),
        role: MemberRole::Full,
        mesh_address: format!("{name}:44431"),
        admin_url: format!("https://{name}:8444"),
        transfer_url: format!("https://{name}:8443"),
        authority_pem: authority.certificate_pem(),
        secret_fingerprint: None,
    }
}

async fn token(harness: &Harness) -> JoinToken {
    let answer = harness.local().create_join_token(&JoinTokenRequest::default()).await.unwrap();
    assert_eq!(answer.url, "https://node-1:8444");
    let token: JoinToken = answer.token.parse().unwrap();
    assert_eq!((token.secret.id(), token.expires_at), (answer.id, answer.expires_at));
    token
}

/// As a node that knows nothing but the token.
fn newcomer(harness: &Harness, token: &JoinToken) -> Client {
    let tls = flotilla_pki::pinned_client_config(token.authority).unwrap();
    Client::new(&harness.url(), tls, Login::None).unwrap()
}

#[actix_web::test]
async fn a_token_admits_one_node_and_brings_the_secret() {
    let harness = Harness::start().await;
    let token = token(&harness).await;
    assert!(harness.ledger.state().join_tokens.get(&token.secret.hash()).is_some(), "only the hash is kept");
    let (client, ca) = (newcomer(&harness, &token), authority("node-3"));
    let answer = client.join(&request(&token, "node-3", &ca)).await.unwrap();
    assert_eq!((answer.node, answer.again), (NodeId(3), false));
    assert_eq!(answer.cluster_id, format!("{:032x}", 0xabc));
    assert_eq!(open_secret(&token.secret, &answer.sealed_secret), Ok(harness.secret.clone()));
    assert!(answer.authorities_pem.contains(&ca.certificate_pem()));
    let names: Vec<&str> = answer.members.iter().map(|member| member.name.as_str()).collect();
    assert_eq!(names, ["node-1", "node-2", "node-3"]);

    let again = client.join(&request(&token, "node-3", &ca)).await.unwrap();
    assert_eq!((again.node, again.again), (NodeId(3), true), "an answer that got lost can be asked for again");
    assert_eq!(code(client.join(&request(&token, "node-4", &ca)).await), "join-token-refused");
    assert_eq!(code(client.join(&request(&token, "node-3", &authority("node-3"))).await), "join-token-refused");
    assert_eq!(harness.ledger.state().members.len(), 3);
    harness.stop().await;
}

#[actix_web::test]
async fn unknown_and_expired_tokens_are_refused_without_a_log_entry() {
    let harness = Harness::start().await;
    let good = token(&harness).await;
    let foreign = JoinToken::generate(good.expires_at, good.authority).unwrap();
    let expired = JoinToken::generate(good.expires_at, good.authority).unwrap();
    harness.ledger.apply(Command::CreateJoinToken {
        secret_hash: expired.secret.hash(),
        expires_ms: 1,
        created_by: "test".to_owned(),
        now_ms: 1,
    });
    let client = newcomer(&harness, &good);
    let (digest, ca) = (harness.ledger.state().digest(), authority("node-3"));
    for token in [foreign, expired] {
        assert_eq!(code(client.join(&request(&token, "node-3", &ca)).await), "join-token-refused");
    }
    assert_eq!(harness.ledger.state().digest(), digest);
    harness.stop().await;
}

#[actix_web::test]
async fn every_field_of_a_join_is_checked() {
    let harness = Harness::start().await;
    let token = token(&harness).await;
    let (client, ca) = (newcomer(&harness, &token), authority("node-3"));
    let good = request(&token, "node-3", &ca);
    let two = format!("{}{}", ca.certificate_pem(), authority("other").certificate_pem());
    let cases = [
        ("secret", JoinRequest { secret: "AAAA".to_owned(), ..good.clone() }),
        ("name", JoinRequest { name: "no host".to_owned(), ..good.clone() }),
        ("mesh_address", JoinRequest { mesh_address: "node-3".to_owned(), ..good.clone() }),
        ("admin_url", JoinRequest { admin_url: "http://node-3".to_owned(), ..good.clone() }),
        ("transfer_url", JoinRequest { transfer_url: "https://".to_owned(), ..good.clone() }),
        ("authority_pem", JoinRequest { authority_pem: "rubbish".to_owned(), ..good.clone() }),
        ("authority_pem", JoinRequest { authority_pem: two, ..good.clone() }),
    ];
    for (field, bad) in cases {
        let error = client.join(&bad).await.unwrap_err();
        assert_eq!(error.problem().unwrap().field.as_deref(), Some(field), "{error}");
    }
    client.join(&good).await.unwrap();
    harness.stop().await;
}

#[actix_web::test]
async fn a_flood_of_guesses_is_slowed_down() {
    let harness = Harness::start().await;
    let good = token(&harness).await;
    let client = newcomer(&harness, &good);
    let guess = JoinToken::generate(good.expires_at, good.authority).unwrap();
    let (body, mut codes) = (request(&guess, "node-3", &authority("node-3")), Vec::new());
    for _ in 0..60 {
        codes.push(code(client.join(&body).await));
    }
    assert!(codes[..5].iter().all(|code| code == "join-token-refused"), "{codes:?}");
    assert!(codes.iter().any(|code| code == "too-many-requests"), "{codes:?}");
    harness.stop().await;
}

#[actix_web::test]
async fn a_token_of_another_node_does_not_fit() {
    let (harness, other) = (Harness::start().await, Harness::start().await);
    let token = token(&other).await;
    let error = newcomer(&harness, &token).join(&request(&token, "node-3", &authority("x"))).await.unwrap_err();
    assert!(matches!(error, ClientError::Unreachable { .. }), "{error}");
    harness.stop().await;
    other.stop().await;
}

#[actix_web::test]
async fn lifetimes_have_a_range() {
    let harness = Harness::start().await;
    for lifetime_s in [0, 59, 604_801, u64::MAX] {
        let request = JoinTokenRequest { lifetime_s: Some(lifetime_s) };
        let error = harness.local().create_join_token(&request).await.unwrap_err();
        assert_eq!(error.problem().unwrap().field.as_deref(), Some("lifetime_s"));
    }
    harness.stop().await;
}
