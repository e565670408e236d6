//! The two ways of publishing: as fast as a window allows, and at a fixed rate.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use hdrhistogram::Histogram;
use tokio::time::MissedTickBehavior;

use super::connection::Connection;
use super::flight::Flight;
use super::lines::EventLines;

/// At a fixed rate these come first: what went on before has settled when they are over. A tail of a hundredth of the events
/// would otherwise be theirs.
const PACED_LEAD_IN: u64 = 40;

/// When to stop issuing events. Those on their way are always waited for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Until {
    Elapsed(Duration),
    Count(u64),
}

/// What was acknowledged, and when.
pub(crate) struct Published {
    pub(crate) count: u64,
    /// Acknowledged before anything counted.
    pub(crate) lead_in: u64,
    pub(crate) elapsed: Duration,
    /// From issue to acknowledgement, in microseconds.
    pub(crate) histogram: Histogram<u64>,
}

/// Keeps `window` events on the way: each answer makes room for the next event.
pub(crate) async fn closed_loop(
    connection: &mut Connection,
    lines: &mut EventLines,
    window: u64,
    until: Until,
) -> Result<Published> {
    let begun = Instant::now();
    let (mut now, mut issued, mut flight) = (begun, 0, Flight::new(0));
    loop {
        let wanted = match until {
            Until::Elapsed(duration) if now - begun < duration => u64::MAX,
            Until::Elapsed(_) => 0,
            Until::Count(count) => count - issued,
        };
        let taken = connection.push(lines, wanted.min(window - flight.size()));
        flight.launched(now, taken);
        issued += taken;
        if wanted == 0 && flight.size() == 0 {
            break;
        }
        let answered = connection.exchange().await?;
        now = Instant::now();
        flight.landed(now, answered)?;
    }
    Ok(Published { count: issued, lead_in: 0, elapsed: begun.elapsed(), histogram: flight.histogram })
}

/// Issues `count` events, one each `period`, however long the answers take; after some that do not count.
pub(crate) async fn paced(
    connection: &mut Connection,
    lines: &mut EventLines,
    period: Duration,
    count: u64,
) -> Result<Published> {
    let begun = Instant::now();
    let (mut issued, mut flight) = (0, Flight::new(PACED_LEAD_IN));
    let mut clock = tokio::time::interval(period);
    // A late tick is followed by the next ones at once: the rate is kept.
    clock.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let total = PACED_LEAD_IN + count;
    while issued < total || flight.size() > 0 {
        tokio::select! {
            answered = connection.exchange() => flight.landed(Instant::now(), answered?)?,
            _ = clock.tick(), if issued < total => {
                anyhow::ensure!(connection.push(lines, 1) == 1, "the server takes no more bytes");
                flight.launched(Instant::now(), 1);
                issued += 1;
            }
        }
    }
    Ok(Published { count, lead_in: PACED_LEAD_IN, elapsed: begun.elapsed(), histogram: flight.histogram })
}

impl Published {
    pub(crate) fn rate(&self) -> f64 {
        self.count as f64 / self.elapsed.as_secs_f64()
    }

    /// Takes another connection's share of the same run.
    pub(crate) fn join(&mut self, other: &Self) -> Result<()> {
        self.count += other.count;
        self.lead_in += other.lead_in;
        self.elapsed = self.elapsed.max(other.elapsed);
        self.histogram.add(&other.histogram).context("latencies of different shapes")
    }
}
