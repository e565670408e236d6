//! What REST promises scripts when a node dies: repeated requests, conditions, live changes.

use anyhow::{Context, Result};
use flotilla_admin::api::{BASE_PATH, Change, ChangeKind};
use flotilla_local::wait_until;
use reqwest::header::HeaderValue;
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};

use crate::common::{ADA, ADAS_PASSWORD, DEADLINE, Scene};

fn ask(scene: &Scene, index: usize, method: Method, path: &str) -> RequestBuilder {
    let url = format!("{}{BASE_PATH}/{path}", scene.cluster.nodes[index].admin_url());
    scene.cluster.client().request(method, url).basic_auth(ADA, Some(ADAS_PASSWORD))
}

async fn create_token(scene: &Scene, index: usize, name: &str) -> Result<Response> {
    let request = ask(scene, index, Method::POST, "api-tokens").header("idempotency-key", "nightly-1");
    Ok(request.json(&json!({"name": name, "role": "auditor"})).send().await?)
}

#[tokio::test]
async fn a_request_repeated_after_its_node_died_is_answered_as_before() -> Result<()> {
    let mut scene = Scene::with_administrator(3, "administrator").await?;
    let primary = scene.primary_as_seen_by(0).await?;
    let (other, third) = ((primary + 1) % 3, (primary + 2) % 3);
    let first = create_token(&scene, primary, "backup").await?;
    let (status, made) = (first.status(), first.json::<Value>().await?);
    assert!(status.is_success() && made["token"].is_string(), "{status}: {made}");
    scene.cluster.nodes[primary].kill()?;
    let (again, repeated) = wait_until("another node answers", DEADLINE, async || {
        let answer = create_token(&scene, other, "backup").await?;
        let status = answer.status();
        Ok((status != StatusCode::SERVICE_UNAVAILABLE).then_some((status, answer.json::<Value>().await?)))
    })
    .await?;
    assert_eq!((again, &repeated), (status, &made));
    let reused = create_token(&scene, third, "another").await?;
    assert_eq!(reused.status(), StatusCode::UNPROCESSABLE_ENTITY, "{}", reused.text().await?);
    let tokens: Value = ask(&scene, third, Method::GET, "api-tokens").send().await?.json().await?;
    assert_eq!(tokens["items"].as_array().map(Vec::len), Some(1), "{tokens}");
    Ok(())
}

#[tokio::test]
async fn a_condition_holds_on_whichever_node() -> Result<()> {
    let mut scene = Scene::with_administrator(3, "administrator").await?;
    scene.partner("alice", &[]).await?;
    scene.converged().await?;
    let primary = scene.primary_as_seen_by(0).await?;
    let (other, third) = ((primary + 1) % 3, (primary + 2) % 3);
    let seen = ask(&scene, primary, Method::GET, "accounts/alice").send().await?;
    let version = seen.headers().get("etag").context("no ETag")?.clone();
    scene.cluster.nodes[primary].kill()?;
    let patch = async |index: usize| -> Result<StatusCode> {
        let request = ask(&scene, index, Method::PATCH, "accounts/alice").header("if-match", version.clone());
        let request = request.header("content-type", "application/merge-patch+json");
        Ok(request.body(r#"{"is_enabled": false}"#).send().await?.status())
    };
    let status = wait_until("changes are taken again", DEADLINE, async || {
        let status = patch(other).await?;
        Ok((status != StatusCode::SERVICE_UNAVAILABLE).then_some(status))
    })
    .await?;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(patch(third).await?, StatusCode::PRECONDITION_FAILED, "it is another version now");
    Ok(())
}

#[tokio::test]
async fn a_certificate_is_changed_only_if_it_is_the_one_that_is_meant() -> Result<()> {
    let scene = Scene::with_administrator(3, "administrator").await?;
    scene.cluster.command(0, &["cert", "generate", "--node", "3", "--alias", "spare"]).await?;
    let path = "certificates/3/spare";
    let seen = ask(&scene, 2, Method::GET, path).send().await?;
    let first = seen.headers().get("etag").context("no ETag")?.clone();
    let shown: Value = seen.json().await?;
    assert_eq!(first.to_str()?, format!("{}", shown["fingerprint"]), "the fingerprint in quotes");
    // Asked through two nodes that are not the one that has it, by two who saw the same certificate.
    let change = async |index: usize, method: Method, path: &str, tag: &HeaderValue| -> Result<Response> {
        Ok(ask(&scene, index, method, path).header("if-match", tag).send().await?)
    };
    let renewed = change(0, Method::POST, "certificates/3/spare/renew", &first).await?;
    assert_eq!(renewed.status(), StatusCode::OK);
    let second = renewed.headers().get("etag").context("no ETag")?.clone();
    assert_ne!(second, first);
    for (method, path) in [(Method::POST, "certificates/3/spare/renew"), (Method::DELETE, path)] {
        let refused = change(1, method.clone(), path, &first).await?;
        let (status, problem) = (refused.status(), refused.json::<Value>().await?);
        assert_eq!(
            (status, &problem["code"]),
            (StatusCode::PRECONDITION_FAILED, &json!("version-conflict")),
            "{method}"
        );
    }
    assert_eq!(change(1, Method::DELETE, path, &second).await?.status(), StatusCode::OK);
    scene.converged().await?;
    assert_eq!(ask(&scene, 1, Method::GET, path).send().await?.status(), StatusCode::NOT_FOUND);
    Ok(())
}

/// The stream of changes of one node.
struct Changes {
    answer: Response,
    text: String,
}

impl Changes {
    async fn follow(scene: &Scene, index: usize, seen: Option<u64>) -> Result<Self> {
        let mut request = ask(scene, index, Method::GET, "changes");
        if let Some(seen) = seen {
            request = request.header("last-event-id", seen);
        }
        Ok(Self { answer: request.send().await?.error_for_status()?, text: String::new() })
    }

    /// `None`: the stream has ended, in order or not.
    async fn next(&mut self) -> Result<Option<Change>> {
        loop {
            while let Some((event, rest)) = self.text.split_once("\n\n") {
                let data = event.lines().find_map(|line| line.strip_prefix("data: ")).map(str::to_owned);
                self.text = rest.to_owned();
                if let Some(data) = data {
                    return Ok(Some(serde_json::from_str(&data)?));
                }
            }
            match tokio::time::timeout(DEADLINE, self.answer.chunk()).await.context("no event in time")? {
                Ok(Some(chunk)) => self.text.push_str(std::str::from_utf8(&chunk)?),
                Ok(None) | Err(_) => return Ok(None),
            }
        }
    }

    async fn until(&mut self, kind: ChangeKind) -> Result<Change> {
        loop {
            let change = self.next().await?.context("the stream has ended")?;
            if change.kinds.contains(&kind) {
                return Ok(change);
            }
        }
    }
}

#[tokio::test]
async fn changes_are_followed_from_one_node_to_the_next() -> Result<()> {
    let mut scene = Scene::with_administrator(3, "auditor").await?;
    let primary = scene.primary_as_seen_by(0).await?;
    let (followed, next) = ((primary + 1) % 3, (primary + 2) % 3);
    let mut changes = Changes::follow(&scene, followed, None).await?;
    let present = changes.next().await?.context("no first event")?;
    assert_eq!(present.kinds, ChangeKind::ALL);
    scene.cluster.command(primary, &["param", "set", "EventQueue.maxRetryCount", "7"]).await?;
    let change = changes.until(ChangeKind::Parameters).await?;
    assert!(change.log_index > present.log_index, "{change:?}");
    scene.cluster.nodes[followed].kill()?;
    while changes.next().await?.is_some() {}
    // What happened meanwhile is not told in full, but that something did.
    scene.cluster.command(primary, &["param", "set", "EventQueue.maxRetryCount", "8"]).await?;
    let mut changes = Changes::follow(&scene, next, Some(change.log_index)).await?;
    let present = changes.next().await?.context("no first event")?;
    assert!(present.kinds.contains(&ChangeKind::Parameters), "{present:?}");
    Ok(())
}
