//! The stream of changes.

use std::time::Duration;

use flotilla_admin::api::{AdministratorChange, ApiTokenRequest, BASE_PATH, Change, ChangeKind, Problem};
use flotilla_model::AdministratorRole;
use reqwest::Response;

use crate::harness::{Harness, PASSWORD};

/// Far more than the server takes between a change and its event.
const PATIENCE: Duration = Duration::from_secs(10);

struct Events {
    answer: Response,
    text: String,
}

impl Events {
    async fn follow(harness: &Harness, secret: &str, seen: Option<u64>) -> Self {
        let mut request = harness.raw().get(format!("{}{BASE_PATH}/changes", harness.url())).bearer_auth(secret);
        if let Some(seen) = seen {
            request = request.header("last-event-id", seen);
        }
        let answer = request.send().await.unwrap();
        assert_eq!(
            (answer.status().as_u16(), &answer.headers()["content-type"]),
            (200, &"text/event-stream".parse().unwrap())
        );
        Self { answer, text: String::new() }
    }

    /// Name and data of the next event; `None`: the stream has ended.
    async fn next(&mut self) -> Option<(String, Change)> {
        loop {
            if let Some((event, rest)) = self.text.split_once("\n\n") {
                let (event, rest) = (event.to_owned(), rest.to_owned());
                self.text = rest;
                let field = |name: &str| event.lines().find_map(|line| line.strip_prefix(name)).map(str::to_owned);
                if let (Some(name), Some(data)) = (field("event: "), field("data: ")) {
                    let change: Change = serde_json::from_str(&data).unwrap();
                    assert_eq!(field("id: "), Some(change.log_index.to_string()));
                    return Some((name, change));
                }
                continue;
            }
            let chunk =
                tokio::time::timeout(PATIENCE, self.answer.chunk()).await.expect("no event in time").unwrap()?;
            self.text.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    }

    async fn until(&mut self, kind: ChangeKind) -> Change {
        loop {
            let (name, change) = self.next().await.expect("the stream has ended");
            assert_eq!(name, "change");
            if change.kinds.contains(&kind) {
                return change;
            }
        }
    }
}

async fn token(harness: &Harness, name: &str, owner: &str) -> String {
    let request = ApiTokenRequest {
        name: name.to_owned(),
        role: AdministratorRole::Auditor,
        lifetime_s: None,
        description: None,
        owner: Some(owner.to_owned()),
    };
    harness.local().create_api_token(&request).await.unwrap().token
}

#[actix_web::test]
async fn who_follows_is_told_what_to_read_again() {
    let harness = Harness::start().await;
    let secret = harness.token.expose().to_owned();
    let mut events = Events::follow(&harness, &secret, None).await;
    let (name, present) = events.next().await.unwrap();
    assert_eq!((name.as_str(), present.kinds.as_slice()), ("present", &ChangeKind::ALL[..]));
    assert_eq!(present.log_index, harness.ledger.index());
    let nodes = present.nodes.unwrap();
    assert_eq!((nodes.len(), nodes[0].is_connected, nodes[1].is_connected), (2, None, Some(true)));
    assert!(present.queue.is_some());

    let client = harness.local();
    let done = client.set_parameter("Files.replicas", Some("1"), None).await.unwrap();
    let change = events.until(ChangeKind::Parameters).await;
    assert!(change.log_index >= done.log_index);
    assert_eq!(change.kinds, [ChangeKind::Parameters, ChangeKind::Audit]);
    assert!(change.queue.is_none() && change.nodes.is_none());
    client.delete_administrator("auditor").await.unwrap();
    events.until(ChangeKind::Administrators).await;

    // A client that comes again with what it saw last need not read anything that is in the log.
    let mut again = Events::follow(&harness, &secret, Some(harness.ledger.index())).await;
    assert_eq!(again.next().await.unwrap().1.kinds, [ChangeKind::Nodes]);
    let mut later = Events::follow(&harness, &secret, Some(1)).await;
    assert_eq!(later.next().await.unwrap().1.kinds, ChangeKind::ALL);
    harness.stop().await;
    // The server does not wait for those who listen.
    while events.next().await.is_some() {}
}

#[actix_web::test]
async fn a_stream_ends_with_the_right_to_look() {
    let harness = Harness::start().await;
    let (revoked, ended) = (token(&harness, "one", "auditor").await, token(&harness, "two", "operator").await);
    let mut by_revoked = Events::follow(&harness, &revoked, None).await;
    let mut by_ended = Events::follow(&harness, &ended, None).await;
    by_revoked.next().await.unwrap();
    by_ended.next().await.unwrap();
    let client = harness.local();
    client.revoke_api_token("one").await.unwrap();
    while by_revoked.next().await.is_some() {}
    by_ended.until(ChangeKind::ApiTokens).await;
    client.delete_administrator("operator").await.unwrap();
    while by_ended.next().await.is_some() {}

    let url = format!("{}{BASE_PATH}/changes", harness.url());
    let mut by_password = Events {
        answer: harness.raw().get(&url).basic_auth("root", Some(PASSWORD)).send().await.unwrap(),
        text: String::new(),
    };
    by_password.next().await.unwrap();
    let change = AdministratorChange {
        password: Some("another password".to_owned()),
        role: None,
        ..AdministratorChange::default()
    };
    client.put_administrator("root", &change).await.unwrap();
    while by_password.next().await.is_some() {}
    assert_eq!(harness.raw().get(&url).bearer_auth(&revoked).send().await.unwrap().status(), 401);
    harness.stop().await;
}

#[actix_web::test]
async fn as_many_as_there_may_be_follow_and_no_more() {
    let harness = Harness::start().await;
    let secret = harness.token.expose().to_owned();
    let mut all = Vec::new();
    let refused = loop {
        let request = harness.raw().get(format!("{}{BASE_PATH}/changes", harness.url())).bearer_auth(&secret);
        let answer = request.send().await.unwrap();
        if answer.status() != 200 {
            break answer;
        }
        all.push(answer);
        assert!(all.len() <= 32, "there is no bound");
    };
    assert_eq!((all.len(), refused.status().as_u16()), (32, 429));
    let problem: Problem = serde_json::from_slice(&refused.bytes().await.unwrap()).unwrap();
    assert_eq!(problem.code, "too-many-requests");
    harness.stop().await;
}
