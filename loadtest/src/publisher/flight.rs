//! The events that are on their way, and how long each took. Answers come in order.

use std::collections::VecDeque;
use std::time::Instant;

use anyhow::{Context, Result};
use hdrhistogram::Histogram;

use crate::statistics::latencies;

pub(crate) struct Flight {
    /// Groups of events that were issued at the same time, oldest first.
    groups: VecDeque<(Instant, u64)>,
    size: u64,
    /// The next this many do not count.
    lead_in: u64,
    pub(crate) histogram: Histogram<u64>,
}

impl Flight {
    /// The first `lead_in` events get no place in the histogram.
    pub(crate) fn new(lead_in: u64) -> Self {
        Self { groups: VecDeque::new(), size: 0, lead_in, histogram: latencies() }
    }

    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    pub(crate) fn launched(&mut self, now: Instant, count: u64) {
        if count > 0 {
            self.groups.push_back((now, count));
            self.size += count;
        }
    }

    /// The oldest `count` events are acknowledged.
    pub(crate) fn landed(&mut self, now: Instant, mut count: u64) -> Result<()> {
        self.size = self.size.checked_sub(count).context("more answers than events")?;
        while count > 0 {
            let (issued, left) = self.groups.front_mut().context("more answers than events")?;
            let landed = count.min(*left);
            let micros = u64::try_from((now - *issued).as_micros()).unwrap_or(u64::MAX);
            let skipped = landed.min(self.lead_in);
            self.lead_in -= skipped;
            self.histogram.saturating_record_n(micros, landed - skipped);
            *left -= landed;
            count -= landed;
            if *left == 0 {
                self.groups.pop_front();
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn each_event_has_the_latency_of_its_own_issue() {
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let mut flight = Flight::new(1);
        flight.launched(at(0), 3);
        flight.launched(at(10), 2);
        flight.landed(at(20), 2).unwrap();
        flight.landed(at(30), 2).unwrap();
        assert_eq!(flight.size(), 1);
        // Not the first one: 20, 30, 20 ms.
        assert_eq!(flight.histogram.count_between(19_900, 20_100), 2);
        assert_eq!(flight.histogram.count_between(29_900, 30_100), 1);
        assert!(flight.landed(at(40), 2).is_err());
    }
}
