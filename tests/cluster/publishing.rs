//! Applications publish on a long stream while nodes are killed: what was acknowledged is there, once, whatever happened.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;

use anyhow::{Context, Result, bail, ensure};
use flotilla_local::wait_until;
use futures::channel::mpsc::{UnboundedSender, unbounded};
use reqwest::{Body, Response, StatusCode};
use serde_json::{Value, json};

use crate::common::{DEADLINE, PASSWORD, Scene};

const EVENTS: u64 = 400;
/// Events without an answer at a time.
const WINDOW: usize = 32;
/// Acknowledged before a node is killed.
const BEFORE_THE_KILL: usize = 100;

/// Lines of a response, as they come.
struct Lines {
    response: Response,
    received: Vec<u8>,
}

impl Lines {
    fn new(response: Response) -> Self {
        Self { response, received: Vec::new() }
    }

    /// The next line; an error when the connection is lost or has ended.
    async fn next(&mut self) -> Result<String> {
        loop {
            if let Some(end) = self.received.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.received.drain(..=end).collect();
                return Ok(String::from_utf8(line)?.trim_end().to_owned());
            }
            let chunk = tokio::time::timeout(DEADLINE, self.response.chunk()).await.context("no answer comes")??;
            self.received.extend_from_slice(&chunk.context("the stream has ended")?);
        }
    }
}

/// A stream on which `alice` publishes.
struct Publisher {
    lines: UnboundedSender<Result<Vec<u8>, Infallible>>,
    answers: Lines,
}

impl Publisher {
    async fn open(scene: &Scene, index: usize) -> Result<Self> {
        let (lines, body) = unbounded();
        let request = scene.cluster.client().post(url(scene, index, "/stream")).basic_auth("alice", Some(PASSWORD));
        let request = request.header("content-type", "application/x-ndjson").body(Body::wrap_stream(body));
        let response = request.send().await?.error_for_status()?;
        Ok(Self { lines, answers: Lines::new(response) })
    }

    fn send(&self, number: u64) -> Result<()> {
        Ok(self.lines.unbounded_send(Ok(format!("{}\n", event(number)).into_bytes()))?)
    }

    async fn answer(&mut self) -> Result<Value> {
        Ok(serde_json::from_str(&self.answers.next().await?)?)
    }
}

fn url(scene: &Scene, index: usize, path: &str) -> String {
    format!("{}/events{path}", scene.cluster.nodes[index].transfer_url())
}

fn event(number: u64) -> Value {
    json!({"kind": "order.created", "data": {"number": number}, "idempotency_key": format!("key-{number}")})
}

/// Numbers that are not acknowledged yet, and the ids of those that are.
struct Orders {
    open: BTreeSet<u64>,
    acknowledged: BTreeMap<u64, u64>,
}

impl Orders {
    fn new() -> Self {
        Self { open: (0..EVENTS).collect(), acknowledged: BTreeMap::new() }
    }

    /// Sends all open ones on one stream until each has an answer, or the stream breaks. Once enough are acknowledged,
    /// `victim` is killed, if it still runs.
    async fn publish(&mut self, scene: &mut Scene, through: usize, victim: usize) -> Result<()> {
        let mut stream = Publisher::open(scene, through).await?;
        let mut to_send: Vec<u64> = self.open.iter().rev().copied().collect();
        let mut sent = std::collections::VecDeque::new();
        loop {
            while sent.len() < WINDOW
                && let Some(number) = to_send.pop()
            {
                stream.send(number)?;
                sent.push_back(number);
            }
            let Some(number) = sent.pop_front() else { return Ok(()) };
            let answer = stream.answer().await?;
            match answer["id"].as_u64() {
                Some(id) => {
                    self.open.remove(&number);
                    self.acknowledged.insert(number, id);
                }
                None => {
                    let code = answer["error"]["code"].as_str().unwrap_or_default();
                    ensure!(["no-quorum", "outcome-unknown"].contains(&code), "refused for good: {answer}");
                }
            }
            let victim = &mut scene.cluster.nodes[victim];
            if self.acknowledged.len() == BEFORE_THE_KILL && victim.process_id().is_some() {
                victim.kill()?;
            }
        }
    }
}

/// What a follower is told from the beginning up to a last event that is published for this: id and number of each.
async fn told(scene: &Scene, index: usize) -> Result<Vec<(u64, u64)>> {
    let last = wait_until("the last event is published", DEADLINE, async || {
        let request = scene.cluster.client().post(url(scene, index, "")).basic_auth("alice", Some(PASSWORD));
        let answer = request.json(&event(EVENTS)).send().await?;
        if !answer.status().is_success() {
            return Ok(None);
        }
        Ok(answer.json::<Value>().await?["id"].as_u64())
    })
    .await?;
    let request = scene.cluster.client().get(url(scene, index, "/stream?after=0&kind=order.*"));
    let response = request.basic_auth("alice", Some(PASSWORD)).send().await?.error_for_status()?;
    let mut lines = Lines::new(response);
    let mut told = Vec::new();
    loop {
        let line = lines.next().await?;
        ensure!(!line.starts_with("event:"), "not an event of ours: {line}");
        let Some(data) = line.strip_prefix("data: ") else { continue };
        let frame: Value = serde_json::from_str(data)?;
        let (Some(id), Some(number)) = (frame["id"].as_u64(), frame["data"]["number"].as_u64()) else {
            bail!("not an event of ours: {frame}")
        };
        if id == last {
            return Ok(told);
        }
        told.push((id, number));
    }
}

async fn assert_each_once(scene: &Scene, index: usize, orders: &Orders) -> Result<()> {
    let told = told(scene, index).await?;
    assert!(told.is_sorted_by(|before, after| before.0 < after.0), "ids rise: {told:?}");
    let mut by_number: Vec<_> = told.iter().map(|(id, number)| (*number, *id)).collect();
    by_number.sort_unstable();
    let acknowledged: Vec<_> = orders.acknowledged.iter().map(|(number, id)| (*number, *id)).collect();
    assert_eq!(by_number, acknowledged, "each event is there once, under the id that was acknowledged");
    assert_eq!(by_number.len() as u64, EVENTS);
    Ok(())
}

#[tokio::test]
async fn a_stream_goes_on_when_the_primary_dies() -> Result<()> {
    let mut scene = Scene::start(3).await?;
    scene.partner("alice", &[]).await?;
    let primary = scene.primary_as_seen_by(0).await?;
    let secondary = (primary + 1) % 3;
    let mut orders = Orders::new();
    // What an election refuses is sent again; the stream itself stays.
    while !orders.open.is_empty() {
        orders.publish(&mut scene, secondary, primary).await?;
    }
    ensure!(scene.cluster.nodes[primary].process_id().is_none(), "the primary was not killed");
    assert_each_once(&scene, (primary + 2) % 3, &orders).await
}

#[tokio::test]
async fn a_publisher_whose_node_dies_goes_on_through_another() -> Result<()> {
    let mut scene = Scene::start(3).await?;
    scene.partner("alice", &[]).await?;
    let primary = scene.primary_as_seen_by(0).await?;
    let mut orders = Orders::new();
    orders.publish(&mut scene, primary, primary).await.expect_err("the stream breaks with its node");
    assert!(orders.acknowledged.len() >= BEFORE_THE_KILL && !orders.open.is_empty(), "killed in the middle");
    while !orders.open.is_empty() {
        orders.publish(&mut scene, (primary + 1) % 3, primary).await?;
    }
    assert_each_once(&scene, (primary + 2) % 3, &orders).await
}

#[tokio::test]
async fn a_stream_on_a_node_that_comes_to_stand_by_ends_with_the_address_that_serves() -> Result<()> {
    let scene = Scene::start(3).await?;
    scene.partner("alice", &[]).await?;
    let leader = scene.primary_as_seen_by(0).await?;
    let other = (leader + 1) % 3;
    let mut stream = Publisher::open(&scene, other).await?;
    stream.send(0)?;
    assert!(stream.answer().await?["id"].is_u64());
    let request = scene.cluster.client().get(url(&scene, other, "/stream?after=0"));
    let mut follower = Lines::new(request.basic_auth("alice", Some(PASSWORD)).send().await?.error_for_status()?);

    scene.cluster.command(0, &["param", "set", "Cluster.mode", "passive"]).await?;
    let serving = scene.cluster.nodes[leader].transfer_url();
    let last = stream.answers.next().await?;
    assert!(last.contains("standby") && last.contains(&serving), "{last}");
    assert!(stream.answers.next().await.is_err(), "it goes on");
    loop {
        let line = follower.next().await?;
        if line.contains("standby") {
            assert!(line.contains(&serving), "{line}");
            break;
        }
    }

    // The primary's own goes on.
    let mut stream = Publisher::open(&scene, leader).await?;
    stream.send(1)?;
    assert!(stream.answer().await?["id"].is_u64());
    Ok(())
}

#[tokio::test]
async fn without_a_majority_a_stream_says_so_and_works_again_after() -> Result<()> {
    let mut scene = Scene::start(3).await?;
    scene.partner("alice", &[]).await?;
    let mut stream = Publisher::open(&scene, 0).await?;
    stream.send(0)?;
    let first = stream.answer().await?;
    assert!(first["id"].is_u64(), "{first}");
    for other in [1, 2] {
        scene.cluster.nodes[other].kill()?;
    }
    stream.send(1)?;
    let refused = stream.answer().await?;
    let code = refused["error"]["code"].as_str().unwrap_or_default();
    assert!(["no-quorum", "outcome-unknown"].contains(&code), "{refused}");
    scene.cluster.start_node(1)?;
    scene.cluster.wait_ready(1).await?;
    let second = wait_until("the same stream publishes again", DEADLINE, async || {
        stream.send(1)?;
        Ok(stream.answer().await?["id"].as_u64())
    })
    .await?;
    let request = scene.cluster.client().get(url(&scene, 1, &format!("/{second}")));
    let answer = request.basic_auth("alice", Some(PASSWORD)).send().await?;
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(answer.json::<Value>().await?["data"]["number"], 1);
    assert_eq!(told(&scene, 1).await?, [(first["id"].as_u64().context("no id")?, 0), (second, 1)]);
    Ok(())
}
