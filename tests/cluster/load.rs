//! A partner that sends small files all the time, an operator who sets a parameter all the time; nothing may be refused.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use flotilla_local::wait_until;
use parking_lot::Mutex;
use reqwest::RequestBuilder;
use tokio::task::JoinHandle;

use crate::common::{DEADLINE, PASSWORD, Scene};

/// Longer than an election, and far longer than a request.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);

pub(crate) struct SteadyLoad {
    ends: Arc<AtomicBool>,
    done: Arc<AtomicU64>,
    /// Why it has ended by itself.
    failure: Arc<Mutex<Option<String>>>,
    task: JoinHandle<Result<Duration>>,
}

impl SteadyLoad {
    /// Sends alice's files through one node.
    pub(crate) fn start(scene: &Scene, index: usize) -> Self {
        let (client, base) = (scene.cluster.client().clone(), scene.file_url(index, "steady"));
        Self::of(move |number| {
            client.put(format!("{base}/{}", number % 100)).body("x").basic_auth("alice", Some(PASSWORD))
        })
    }

    /// Sets a parameter through one node.
    pub(crate) fn of_parameters(scene: &Scene, index: usize) -> Result<Self> {
        let node = &scene.cluster.nodes[index];
        let token = std::fs::read_to_string(node.dir.join("admin.token"))?;
        let url = format!("{}/api/v2.0/configurations/options/EventQueue.maxRetryCount", node.admin_url());
        let client = scene.cluster.client().clone();
        Ok(Self::of(move |number| {
            let value = serde_json::json!({ "value": (number % 10 + 1).to_string() });
            client.put(&url).bearer_auth(token.trim()).json(&value)
        }))
    }

    fn of(request: impl Fn(u64) -> RequestBuilder + Send + Sync + 'static) -> Self {
        let (ends, done) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let (end, count) = (Arc::clone(&ends), Arc::clone(&done));
        let failure = Arc::new(Mutex::new(None));
        let told = Arc::clone(&failure);
        let sending = async move {
            let mut longest = Duration::ZERO;
            for number in 0_u64.. {
                if end.load(Ordering::Relaxed) {
                    break;
                }
                let begun = Instant::now();
                let answer = request(number).timeout(REQUEST_TIMEOUT).send().await?;
                let status = answer.status();
                ensure!(status.is_success(), "request {number}: {status}: {}", answer.text().await?);
                longest = longest.max(begun.elapsed());
                count.fetch_add(1, Ordering::Relaxed);
            }
            Ok(longest)
        };
        let task = tokio::spawn(async move {
            sending.await.inspect_err(|error: &anyhow::Error| *told.lock() = Some(format!("{error:#}")))
        });
        Self { ends, done, failure, task }
    }

    /// Waits until so many more requests were done.
    pub(crate) async fn more(&self, requests: u64) -> Result<()> {
        let goal = self.done.load(Ordering::Relaxed) + requests;
        wait_until("requests go on", DEADLINE, async || {
            // Panics, since an error would be waited out.
            if let Some(failure) = self.failure.lock().as_ref() {
                panic!("the load has ended: {failure}");
            }
            Ok((self.done.load(Ordering::Relaxed) >= goal).then_some(()))
        })
        .await
    }

    /// Ends it; gives the longest time that a request took.
    pub(crate) async fn finish(self) -> Result<Duration> {
        self.ends.store(true, Ordering::Relaxed);
        self.task.await?
    }
}
