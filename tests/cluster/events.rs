//! Events and GMP workers: steps, retries, dead letters, the live size of the pool.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use flotilla_local::wait_until;
use parking_lot::Mutex;
use reqwest::StatusCode;

use crate::common::{DEADLINE, Scene};

const POOL: &str = "Cluster.ThreadPools.ThreadPool.GeneralMessageProcessing.maxThreads";

/// A receiver of webhooks that answers each POST with a fixed status and keeps what came.
pub(crate) struct Receiver {
    url: String,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Receiver {
    fn start(port: u16, status: &'static str) -> Result<Self> {
        Self::on(TcpListener::bind((Ipv4Addr::LOCALHOST, port))?, status)
    }

    /// Answers what waits for an answer at `listener` already, and all that comes.
    pub(crate) fn on(listener: TcpListener, status: &'static str) -> Result<Self> {
        let url = format!("http://{}/hook", listener.local_addr()?);
        let requests = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&requests);
        // Ends with the test's process.
        std::thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                let mut text = Vec::new();
                let mut buffer = [0; 4096];
                while let Ok(length) = stream.read(&mut buffer) {
                    text.extend_from_slice(&buffer[..length]);
                    if length == 0 || text.ends_with(b"}") {
                        break;
                    }
                }
                kept.lock().push(String::from_utf8_lossy(&text).into_owned());
                let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
                // The next request shows whether this one was answered.
                let _ = stream.write_all(answer.as_bytes());
            }
        });
        Ok(Self { url, requests })
    }
}

fn header<'a>(request: &'a str, name: &str) -> Option<&'a str> {
    request.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
}

#[tokio::test]
async fn a_route_checks_publishes_and_tells() -> Result<()> {
    let scene = Scene::start(3).await?;
    let receiver = Receiver::start(0, "200 OK")?;
    scene.partner("bob", &[]).await?;
    scene.partner("alice", &[]).await?;
    let hook = format!("webhook={}", receiver.url);
    let route = ["route", "set", "alice", "--step", "checksum", "--step", "publish=bob:from-alice", "--step", &hook];
    let mut arguments = route.to_vec();
    arguments.push("--webhook-key-stdin");
    scene.cluster.command_with_input(0, &arguments, "a signing key\n").await?;

    let id = scene.upload(1, "alice", "in/a.txt", b"hello".to_vec()).await?;
    let row = scene.ended(2, id).await?;
    assert_eq!(row.state, "Processed", "{row:?}");
    let kinds: Vec<_> = row.steps.iter().map(|step| (step.kind.as_str(), step.succeeded)).collect();
    assert_eq!(kinds, [("checksum", true), ("publish", true), ("webhook", true)]);
    assert_eq!(scene.get(0, "bob", "from-alice/a.txt").await?, (StatusCode::OK, b"hello".to_vec()));

    let requests = receiver.requests.lock().clone();
    assert_eq!(requests.len(), 1);
    let request = &requests[0];
    let body = request.split("\r\n\r\n").nth(1).context("no body")?;
    assert!(body.contains(r#""path":"in/a.txt""#), "{body}");
    assert!(header(request, "idempotency-key").is_some_and(|key| key.ends_with("-2")), "{request}");
    let timestamp = header(request, "flotilla-timestamp").context("no timestamp")?;
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, b"a signing key");
    let tag = ring::hmac::sign(&key, format!("{timestamp}.{body}").as_bytes());
    let expected: String = tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(header(request, "flotilla-signature"), Some(format!("sha256={expected}").as_str()));
    Ok(())
}

#[tokio::test]
async fn a_failing_step_is_retried_then_dead_then_retried_by_hand() -> Result<()> {
    let scene = Scene::start(3).await?;
    scene.cluster.command(0, &["param", "set", "EventQueue.maxRetryCount", "2"]).await?;
    scene.cluster.command(0, &["param", "set", "EventQueue.retryDelayInterval", "0"]).await?;
    // A port on which nobody listens until later.
    let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
    scene.partner("alice", &["checksum", &format!("webhook=http://127.0.0.1:{port}/hook")]).await?;
    let id = scene.upload(0, "alice", "a.txt", b"hello".to_vec()).await?;
    let row = scene.ended(1, id).await?;
    assert_eq!(row.state, "Failed subtransmission");
    let tries = row.steps.iter().filter(|step| step.kind == "webhook" && !step.succeeded).count();
    assert_eq!(tries, 3, "one try and two retries: {row:?}");
    assert_eq!(row.steps.iter().filter(|step| step.kind == "checksum").count(), 1, "what succeeded is not repeated");

    let dead = scene.cluster.command(2, &["events", "list", "--state", "dead"]).await?;
    let event = dead["items"][0]["id"].as_u64().context("no dead letter")?;
    let receiver = Receiver::start(port, "204 No Content")?;
    scene.cluster.command(2, &["events", "retry", &event.to_string()]).await?;
    let row = wait_until("the event is processed", DEADLINE, async || {
        let row = scene.transfer(0, id).await?;
        Ok((row.state == "Processed").then_some(row))
    })
    .await?;
    assert!(row.steps.last().is_some_and(|step| step.succeeded), "{row:?}");
    assert_eq!(receiver.requests.lock().len(), 1);
    Ok(())
}

#[tokio::test]
async fn the_pool_changes_size_live_on_all_nodes() -> Result<()> {
    let scene = Scene::start(3).await?;
    let mut processes = Vec::new();
    for index in 0..3 {
        let status = scene.node_status(index).await?;
        assert_eq!(status.gmp.workers, 4, "the default");
        processes.push(status.process_id);
    }
    for size in [100u64, 7] {
        scene.cluster.command(1, &["param", "set", POOL, &size.to_string()]).await?;
        for (index, process) in processes.iter().enumerate() {
            wait_until("the pool has its new size", Duration::from_secs(20), async || {
                let status = scene.node_status(index).await?;
                assert_eq!(status.process_id, *process, "no restart");
                Ok((status.gmp.workers == size).then_some(()))
            })
            .await?;
        }
    }
    Ok(())
}
