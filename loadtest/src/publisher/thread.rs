//! A thread with its own event loop, so that a publisher's wake-ups cross no other thread.

use std::future::Future;

use anyhow::{Context, Result};
use tokio::runtime::Builder;
use tokio::sync::oneshot;

/// Runs `work` there and gives what it gives.
pub(crate) async fn on_own_thread<T: Send + 'static>(
    name: &str,
    work: impl Future<Output = Result<T>> + Send + 'static,
) -> Result<T> {
    let (sender, receiver) = oneshot::channel();
    // Ends with `work`.
    std::thread::Builder::new().name(name.to_owned()).spawn(move || {
        let result = Builder::new_current_thread().enable_all().build().context("no runtime");
        // Nobody waits any more when the measurement was given up.
        let _ = sender.send(result.and_then(|runtime| runtime.block_on(work)));
    })?;
    receiver.await.context("the publisher's thread panicked")?
}
