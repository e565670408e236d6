//! Work in numbered pieces, shared out among clients.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::Result;

use crate::collector::progress;

/// How often a word is said on the progress of work that takes longer than a moment.
const WORDS: u64 = 20;
const MOMENT: Duration = Duration::from_secs(5);

/// Each client does the next number when it is done with its last, until `count` are done. `what` they are is for the progress.
pub(super) async fn share_out<C, W>(
    what: &str,
    count: u64,
    clients: impl IntoIterator<Item = Result<C>>,
    work: impl Fn(Arc<C>, u64) -> W + Clone + Send + 'static,
) -> Result<()>
where
    C: Send + Sync + 'static,
    W: Future<Output = Result<()>> + Send,
{
    let (next, begun) = (Arc::new(AtomicU64::new(0)), Instant::now());
    let portion = count.div_ceil(WORDS).max(1);
    let mut tasks = Vec::new();
    for client in clients {
        let (client, next, work, what) = (Arc::new(client?), Arc::clone(&next), work.clone(), what.to_owned());
        tasks.push(tokio::spawn(async move {
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= count {
                    return anyhow::Ok(());
                }
                work(Arc::clone(&client), number).await?;
                let (done, took) = (number + 1, begun.elapsed());
                if done % portion == 0 && took >= MOMENT {
                    progress(format!("{done} {what} of {count}, {:.0}/s", done as f64 / took.as_secs_f64()));
                }
            }
        }));
    }
    for task in tasks {
        task.await??;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use anyhow::bail;
    use parking_lot::Mutex;

    use super::*;

    #[tokio::test]
    async fn each_number_is_done_once() {
        let done = Arc::new(Mutex::new(Vec::new()));
        let noted = Arc::clone(&done);
        let work = move |client: Arc<usize>, number| {
            let noted = Arc::clone(&noted);
            async move {
                tokio::task::yield_now().await;
                noted.lock().push((number, *client));
                Ok(())
            }
        };
        share_out("pieces", 100, (0..4).map(Ok), work).await.unwrap();
        let done = done.lock();
        let (numbers, clients): (BTreeSet<u64>, BTreeSet<usize>) = done.iter().copied().unzip();
        assert_eq!((done.len(), numbers.len(), clients.len()), (100, 100, 4));
    }

    #[tokio::test]
    async fn a_failure_ends_it() {
        let work = |_: Arc<()>, number| async move { if number == 7 { bail!("the seventh") } else { Ok(()) } };
        let error = share_out("pieces", 100, [Ok(())], work).await.unwrap_err().to_string();
        assert_eq!(error, "the seventh");
    }
}
