//! The tasks of a mesh, all on the runtime on which it was opened.
//!
//! Who tells it of peers may live on an actor's own thread: links that ran there would share it with that actor, and each
//! message would wake it.

use std::future::Future;

use tokio::runtime::Handle;
use tokio_util::task::TaskTracker;

#[derive(Clone)]
pub(crate) struct Tasks {
    tracker: TaskTracker,
    runtime: Handle,
}

impl Tasks {
    /// Of the runtime in which this is called.
    pub(crate) fn here() -> Self {
        Self { tracker: TaskTracker::new(), runtime: Handle::current() }
    }

    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.tracker.spawn_on(task, &self.runtime);
    }

    /// Runs a task of the caller's as one of these, where it is.
    pub(crate) async fn run(&self, task: impl Future<Output = ()>) {
        self.tracker.track_future(task).await;
    }

    /// Waits until all have ended; none is expected to begin any more.
    pub(crate) async fn ended(&self) {
        self.tracker.close();
        self.tracker.wait().await;
    }
}
