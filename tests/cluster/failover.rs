//! Nodes killed and frozen under load: nothing acknowledged is lost, work goes on.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::Result;
use flotilla_local::wait_until;
use parking_lot::Mutex;
use reqwest::StatusCode;

use crate::common::{DEADLINE, PASSWORD, Scene, flotilla};

/// What a partner has been told, and the longest time that it had to wait for that.
#[derive(Default)]
struct Told {
    acknowledged: BTreeMap<String, Vec<u8>>,
    longest_wait: Duration,
}

/// Partners that send small files all the time, each to the next node when one does not answer.
struct Load {
    stop: Arc<AtomicBool>,
    told: Arc<Mutex<Told>>,
    tasks: Vec<tokio::task::JoinHandle<()>>,
}

impl Load {
    fn start(scene: &Scene, partners: usize) -> Self {
        let (stop, told) = (Arc::new(AtomicBool::new(false)), Arc::new(Mutex::new(Told::default())));
        let bases: Vec<String> = (0..scene.cluster.nodes.len()).map(|index| scene.file_url(index, "")).collect();
        let tasks = (0..partners)
            .map(|partner| {
                let (stop, told, bases) = (Arc::clone(&stop), Arc::clone(&told), bases.clone());
                let client = scene.cluster.client().clone();
                tokio::spawn(async move {
                    let mut node = partner;
                    for number in 0u32.. {
                        if stop.load(Ordering::Relaxed) {
                            return;
                        }
                        let path = format!("load/{partner}/{number}");
                        let body = format!("{path} {}", "x".repeat(number as usize % 5000)).into_bytes();
                        let begun = Instant::now();
                        while !send(&client, &bases[node % bases.len()], &path, &body).await {
                            node += 1;
                        }
                        let mut told = told.lock();
                        told.longest_wait = told.longest_wait.max(begun.elapsed());
                        told.acknowledged.insert(path, body);
                    }
                })
            })
            .collect();
        Self { stop, told, tasks }
    }

    fn count(&self) -> usize {
        self.told.lock().acknowledged.len()
    }

    /// Waits until so many more files have been acknowledged.
    async fn more(&self, files: usize) -> Result<()> {
        let goal = self.count() + files;
        wait_until("uploads go on", DEADLINE, async || Ok((self.count() >= goal).then_some(()))).await
    }

    async fn finish(self) -> Result<Told> {
        self.stop.store(true, Ordering::Relaxed);
        for task in self.tasks {
            task.await?;
        }
        Ok(std::mem::take(&mut *self.told.lock()))
    }
}

async fn send(client: &reqwest::Client, base: &str, path: &str, body: &[u8]) -> bool {
    let request = client.put(format!("{base}{path}")).basic_auth("alice", Some(PASSWORD));
    let sent = request.body(body.to_vec()).timeout(Duration::from_secs(5)).send().await;
    matches!(sent, Ok(answer) if answer.status().is_success())
}

/// Everything that was acknowledged is there, on every node, and every event has ended once.
async fn check(scene: &Scene, told: &Told) -> Result<()> {
    for (index, (path, body)) in told.acknowledged.iter().enumerate() {
        let (status, bytes) = scene.get(index % scene.cluster.nodes.len(), "alice", path).await?;
        assert_eq!((status, &bytes), (StatusCode::OK, body), "{path} was acknowledged");
    }
    let statistics = scene.drained(0).await?;
    assert_eq!((statistics.queue.dead, statistics.queue.outcome_unknown), (0, 0), "{statistics:?}");
    assert_eq!(statistics.published_total, statistics.completed_total, "every event ends exactly once");
    let transfers = scene.transfers(0, "alice").await?;
    assert!(transfers.len() >= told.acknowledged.len());
    for transfer in &transfers {
        assert_eq!(transfer.state, "Processed", "{transfer:?}");
    }
    scene.converged().await
}

#[tokio::test]
async fn any_node_is_killed_under_load() -> Result<()> {
    let mut scene = Scene::start(3).await?;
    scene.partner("alice", &["checksum"]).await?;
    let load = Load::start(&scene, 4);
    load.more(40).await?;
    // The primary first, then each node in turn: whoever leads by then is among them.
    let primary = scene.primary_as_seen_by(0).await?;
    for index in [primary, 0, 1, 2] {
        scene.cluster.nodes[index].kill()?;
        load.more(40).await?;
        scene.cluster.start_node(index)?;
        scene.cluster.wait_ready(index).await?;
        scene.settled().await?;
        load.more(20).await?;
    }
    let told = load.finish().await?;
    // A generous bound: the figure of a quiet machine is the benchmark's business, a hang is this test's.
    assert!(told.longest_wait < Duration::from_secs(15), "a partner waited {:?}", told.longest_wait);
    check(&scene, &told).await
}

#[tokio::test]
async fn a_frozen_primary_does_no_harm_when_it_wakes_up() -> Result<()> {
    let scene = Scene::start(3).await?;
    scene.partner("alice", &["checksum"]).await?;
    let load = Load::start(&scene, 4);
    load.more(40).await?;
    let frozen = scene.primary_as_seen_by(0).await?;
    let other = (frozen + 1) % 3;
    scene.cluster.nodes[frozen].pause()?;
    wait_until("another node leads", DEADLINE, async || {
        Ok((scene.primary_as_seen_by(other).await? != frozen).then_some(()))
    })
    .await?;
    load.more(40).await?;
    scene.cluster.nodes[frozen].resume()?;
    load.more(40).await?;
    scene.settled().await?;
    let told = load.finish().await?;
    check(&scene, &told).await
}

/// Its cable is pulled: no connection is reset, and the others go on without it.
#[tokio::test]
async fn a_primary_whose_cable_is_pulled_does_no_harm_when_it_is_back() -> Result<()> {
    let scene = Scene::start_apart(3).await?;
    scene.partner("alice", &["checksum"]).await?;
    let load = Load::start(&scene, 4);
    load.more(40).await?;
    let alone = scene.primary_as_seen_by(0).await?;
    let other = (alone + 1) % 3;
    scene.cluster.nodes[alone].cut()?;
    wait_until("another node leads", DEADLINE, async || {
        Ok((scene.primary_as_seen_by(other).await? != alone).then_some(()))
    })
    .await?;
    load.more(40).await?;
    scene.cluster.nodes[alone].join()?;
    load.more(40).await?;
    scene.settled().await?;
    let told = load.finish().await?;
    check(&scene, &told).await
}

/// A primary that is alone is not ready, counts as none in the metrics, and `status` says why.
async fn says_that_it_cannot_lead(scene: &Scene, primary: usize) -> Result<()> {
    let readyz = format!("{}/readyz", scene.cluster.nodes[primary].admin_url());
    let reasons = wait_until("the primary alone is not ready", DEADLINE, async || {
        let answer = scene.cluster.client().get(&readyz).send().await?;
        let is_refused = answer.status() == StatusCode::SERVICE_UNAVAILABLE;
        let body = answer.text().await?;
        Ok(is_refused.then_some(body))
    })
    .await?;
    assert!(reasons.contains("hears no majority"), "{reasons}");
    assert!(scene.metrics(primary).await?.contains("\nflotilla_primary 0\n"));
    let config = scene.cluster.nodes[primary].config_file().display().to_string();
    let status = flotilla(&["status", "--config", &config])?;
    let shown = String::from_utf8_lossy(&status.stdout);
    assert!(shown.contains("no majority has answered the primary"), "{shown}");
    Ok(())
}

#[tokio::test]
async fn without_a_majority_nothing_is_taken_and_nothing_half_done() -> Result<()> {
    let mut scene = Scene::start(3).await?;
    scene.partner("alice", &["checksum"]).await?;
    scene.upload(0, "alice", "before", b"before".to_vec()).await?;
    let primary = scene.primary_as_seen_by(0).await?;
    let others = [(primary + 1) % 3, (primary + 2) % 3];
    for index in others {
        scene.cluster.nodes[index].kill()?;
    }
    let answer = scene.put(primary, "alice", "during", b"during".to_vec()).await?;
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(answer.headers().contains_key("retry-after"), "{answer:?}");
    says_that_it_cannot_lead(&scene, primary).await?;
    for index in others {
        scene.cluster.start_node(index)?;
    }
    for index in [0, 1, 2] {
        scene.cluster.wait_ready(index).await?;
    }
    scene.settled().await?;
    assert_eq!(scene.get(2, "alice", "during").await?.0, StatusCode::NOT_FOUND);
    assert_eq!(scene.get(2, "alice", "before").await?, (StatusCode::OK, b"before".to_vec()));
    scene.upload(1, "alice", "after", b"after".to_vec()).await?;
    scene.drained(0).await?;
    scene.converged().await
}
