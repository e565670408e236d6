//! How this node fared in the last hour: samples in memory, for whoever looks only when something has happened already.
//!
//! Metrics are for those who keep them elsewhere; this is for the console and the command line of a cluster that nobody scrapes. A
//! process that ends takes its samples with it.

mod reading;
mod ring;

use std::sync::Arc;
use std::time::Duration;

use flotilla_admin::NodeFacts;
use flotilla_admin::api::{SAMPLE_EVERY_MS, Sample};
use tokio::time::{MissedTickBehavior, interval};

use self::reading::Reading;
use self::ring::Ring;
use crate::clock::now_ms;
use crate::facts::Facts;

/// The samples of this process; a cheap handle.
#[derive(Clone, Default)]
pub(crate) struct History(Arc<Ring>);

impl History {
    /// Those behind a time, or all; oldest first.
    pub(crate) fn since(&self, since_ms: Option<u64>) -> Vec<Sample> {
        self.0.since(since_ms)
    }

    /// Takes a sample again and again. Ends with the runtime.
    pub(crate) async fn keep(self, facts: Arc<Facts>) {
        let mut ticks = interval(Duration::from_millis(SAMPLE_EVERY_MS));
        // A process that was frozen takes one sample of all that time, not one for each that it has missed.
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut last: Option<Reading> = None;
        loop {
            ticks.tick().await;
            let reading = Reading::of(facts.status(), &facts.consensus.view().state, now_ms());
            if let Some(sample) = last.as_ref().and_then(|last| reading.since(last)) {
                self.0.push(sample);
            }
            last = Some(reading);
        }
    }
}
