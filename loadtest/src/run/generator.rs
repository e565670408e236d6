//! Issues the operations of a load at their times, however long the answers take.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::task::JoinSet;

use super::client::LoadClient;
use super::recorder::{End, Recorder};
use crate::scenario::{Arrivals, Due};

/// Operations that are due and wait for others to end; one more is not begun.
const WAITING_MAX: usize = 100_000;
/// How late a clock that waits for a far operation notices that it is to stop.
const LOOK_EACH: Duration = Duration::from_millis(50);

/// Issues all of them and waits for their ends; `stop` ends the issuing.
pub(crate) async fn generate(
    arrivals: Arrivals,
    client: Arc<LoadClient>,
    recorder: Arc<Recorder>,
    begun: Instant,
    stop: watch::Receiver<bool>,
) -> Result<()> {
    let mut due = start_clock(arrivals, begun, stop)?;
    let slots = Arc::new(Semaphore::new(client.load.concurrency_max as usize));
    let mut operations = JoinSet::new();
    while let Some(due) = due.recv().await {
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
    Ok(())
}

/// Says when each operation is due, from a thread of its own: the runtime's timer rounds up to whole milliseconds, which would
/// count as latency. What it says waits only until the generator has begun it, so there is never much of it.
fn start_clock(
    arrivals: Arrivals,
    begun: Instant,
    stop: watch::Receiver<bool>,
) -> Result<mpsc::UnboundedReceiver<Due>> {
    let (sender, receiver) = mpsc::unbounded_channel();
    let tick = move || {
        for due in arrivals {
            let left = || (begun + due.at).saturating_duration_since(Instant::now());
            while !left().is_zero() {
                if *stop.borrow() {
                    return;
                }
                std::thread::park_timeout(left().min(LOOK_EACH));
            }
            // Nobody listens any more when the run has failed elsewhere.
            if *stop.borrow() || sender.send(due).is_err() {
                return;
            }
        }
    };
    std::thread::Builder::new().name("clock".to_owned()).spawn(tick).context("cannot start a clock")?;
    Ok(receiver)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Scenario;

    #[tokio::test]
    async fn the_clock_keeps_time_and_can_be_stopped() {
        let text =
            "description = 'd'\nduration_s = 60\n[[load]]\nname = 'a'\nkind = 'event'\nrate = 100\narrivals = 'even'";
        let scenario = Scenario::parse("x", text).unwrap();
        let arrivals = Arrivals::new(&scenario.loads[0], 60.0, 1);
        let (stop, stopped) = watch::channel(false);
        let begun = Instant::now();
        let mut due = start_clock(arrivals, begun, stopped).unwrap();
        for number in 0..20 {
            let next = due.recv().await.unwrap();
            assert_eq!(next.number, number);
            assert!(begun.elapsed() >= next.at, "{next:?} came too early");
        }
        stop.send(true).unwrap();
        while let Some(late) = due.recv().await {
            assert!(late.at < Duration::from_secs(1), "the clock goes on");
        }
    }
}
