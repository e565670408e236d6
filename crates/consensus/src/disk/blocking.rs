//! Runs calls on a disk where they belong.

use std::io;

use super::{Disk, Pace};

/// Runs `work` on a blocking thread for a real disk, in this task for a simulated one. A panic in it is an error here.
pub(crate) async fn run_blocking<T, F>(disk: &dyn Disk, work: F) -> io::Result<T>
where
    T: Send + 'static,
    F: FnOnce() -> io::Result<T> + Send + 'static,
{
    match disk.pace() {
        Pace::Threads => tokio::task::spawn_blocking(work).await.map_err(io::Error::other)?,
        Pace::Inline { latency } => {
            tokio::time::sleep(latency).await;
            work()
        }
    }
}
