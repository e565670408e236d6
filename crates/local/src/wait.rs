//! Waiting for a condition, never for a time.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};

/// Asks again and again until the answer is `Some`. `what` names the condition in the error when `deadline` has passed.
pub async fn wait_until<T>(
    what: &str,
    deadline: Duration,
    mut ask: impl AsyncFnMut() -> Result<Option<T>>,
) -> Result<T> {
    let start = Instant::now();
    loop {
        let problem = match ask().await {
            Ok(Some(value)) => return Ok(value),
            Ok(None) => None,
            Err(error) => Some(error),
        };
        if start.elapsed() >= deadline {
            match problem {
                Some(error) => bail!("{what}: not within {deadline:?}: {error:#}"),
                None => bail!("{what}: not within {deadline:?}"),
            }
        }
        // Polling an outside process: the pause bounds the load of asking, the condition decides.
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
