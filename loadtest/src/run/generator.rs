//! Issues the operations of a load at their times, however long the answers take.

use std::sync::Arc;
use std::time::Instant;

use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

use super::client::LoadClient;
use super::recorder::{End, Recorder};
use crate::scenario::Arrivals;

/// Operations that are due and wait for others to end; one more is not begun.
const WAITING_MAX: usize = 100_000;

/// Issues all of them and waits for their ends; `stop` ends the issuing.
pub(crate) async fn generate(
    arrivals: Arrivals,
    client: Arc<LoadClient>,
    recorder: Arc<Recorder>,
    begun: Instant,
    mut stop: watch::Receiver<bool>,
) {
    let slots = Arc::new(Semaphore::new(client.load.concurrency_max as usize));
    let mut operations = JoinSet::new();
    for due in arrivals {
        let time = tokio::time::Instant::from_std(begun + due.at);
        tokio::select! {
            biased;
            _ = stop.wait_for(|stop| *stop) => break,
            () = tokio::time::sleep_until(time) => {}
        }
        // Those that have ended.
        while operations.try_join_next().is_some() {}
        if operations.len() >= WAITING_MAX {
            recorder.record(due.at, begun.elapsed(), &End::NotBegun, 0);
            continue;
        }
        let (client, recorder, slots) = (Arc::clone(&client), Arc::clone(&recorder), Arc::clone(&slots));
        operations.spawn(async move {
            // It is never closed.
            let Ok(_slot) = slots.acquire_owned().await else { return };
            let (end, repeated) = client.perform(due.number).await;
            recorder.record(due.at, begun.elapsed(), &end, repeated);
        });
    }
    while operations.join_next().await.is_some() {}
}
