//! A partner that sends small files all the time; not one of them may be refused.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use flotilla_local::wait_until;
use parking_lot::Mutex;
use tokio::task::JoinHandle;

use crate::common::{DEADLINE, PASSWORD, Scene};

/// Longer than an election, and far longer than an upload.
const UPLOAD_TIMEOUT: Duration = Duration::from_secs(10);

pub(crate) struct SteadyLoad {
    ends: Arc<AtomicBool>,
    uploads: Arc<AtomicU64>,
    /// Why it has ended by itself.
    failure: Arc<Mutex<Option<String>>>,
    task: JoinHandle<Result<Duration>>,
}

impl SteadyLoad {
    /// Sends alice's files through one node.
    pub(crate) fn start(scene: &Scene, index: usize) -> Self {
        let (ends, uploads) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let (client, base) = (scene.cluster.client().clone(), scene.file_url(index, "steady"));
        let (end, count) = (Arc::clone(&ends), Arc::clone(&uploads));
        let failure = Arc::new(Mutex::new(None));
        let told = Arc::clone(&failure);
        let sending = async move {
            let mut longest = Duration::ZERO;
            for number in 0_u64.. {
                if end.load(Ordering::Relaxed) {
                    break;
                }
                let begun = Instant::now();
                let request = client.put(format!("{base}/{}", number % 100)).body("x").timeout(UPLOAD_TIMEOUT);
                let answer = request.basic_auth("alice", Some(PASSWORD)).send().await?;
                let status = answer.status();
                ensure!(status.is_success(), "upload {number}: {status}: {}", answer.text().await?);
                longest = longest.max(begun.elapsed());
                count.fetch_add(1, Ordering::Relaxed);
            }
            Ok(longest)
        };
        let task = tokio::spawn(async move {
            sending.await.inspect_err(|error: &anyhow::Error| *told.lock() = Some(format!("{error:#}")))
        });
        Self { ends, uploads, failure, task }
    }

    /// Waits until so many more files have been taken.
    pub(crate) async fn more(&self, files: u64) -> Result<()> {
        let goal = self.uploads.load(Ordering::Relaxed) + files;
        wait_until("uploads go on", DEADLINE, async || {
            // Panics, since an error would be waited out.
            if let Some(failure) = self.failure.lock().as_ref() {
                panic!("the load has ended: {failure}");
            }
            Ok((self.uploads.load(Ordering::Relaxed) >= goal).then_some(()))
        })
        .await
    }

    /// Ends it; gives the longest time that an upload took.
    pub(crate) async fn finish(self) -> Result<Duration> {
        self.ends.store(true, Ordering::Relaxed);
        self.task.await?
    }
}
