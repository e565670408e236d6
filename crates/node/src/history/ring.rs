//! The bounded ring of samples.

use std::collections::VecDeque;

use flotilla_admin::api::{SAMPLE_EVERY_MS, Sample, to_ms};
use parking_lot::Mutex;

/// An hour: some 60 KiB in memory, and 150 KiB of JSON in a message between nodes. The oldest goes.
const SAMPLES_MAX: usize = (3_600_000 / SAMPLE_EVERY_MS) as usize;

#[derive(Default)]
pub(super) struct Ring(Mutex<VecDeque<Sample>>);

impl Ring {
    pub(super) fn push(&self, sample: Sample) {
        let mut samples = self.0.lock();
        if samples.len() == SAMPLES_MAX {
            samples.pop_front();
        }
        samples.push_back(sample);
    }

    /// Those behind a time, oldest first. The clock may have been set back in between: each is looked at.
    pub(super) fn since(&self, since_ms: Option<u64>) -> Vec<Sample> {
        let is_wanted = |sample: &&Sample| since_ms.is_none_or(|since_ms| to_ms(sample.at) > since_ms);
        self.0.lock().iter().filter(is_wanted).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use flotilla_admin::api::{QueueStatus, from_ms};

    use super::*;

    fn sample(at_ms: u64) -> Sample {
        Sample {
            at: from_ms(at_ms),
            queue: QueueStatus::default(),
            published_per_s: 0.0,
            completed_per_s: 0.0,
            uploads_per_s: 0.0,
            downloads_per_s: 0.0,
            bytes_in_per_s: 0.0,
            bytes_out_per_s: 0.0,
            workers: 0,
            workers_busy: 0,
            process: None,
        }
    }

    #[test]
    fn an_hour_is_kept_and_told_from_a_time_on() {
        let ring = Ring::default();
        let count = SAMPLES_MAX as u64 + 5;
        (1..=count).for_each(|number| ring.push(sample(number * SAMPLE_EVERY_MS)));
        let all = ring.since(None);
        assert_eq!(all.len() as u64 * SAMPLE_EVERY_MS, 3_600_000);
        assert_eq!(all.first().map(|sample| to_ms(sample.at)), Some(6 * SAMPLE_EVERY_MS));
        let last = ring.since(Some((count - 1) * SAMPLE_EVERY_MS));
        assert_eq!(last, [sample(count * SAMPLE_EVERY_MS)]);
        assert!(ring.since(Some(count * SAMPLE_EVERY_MS)).is_empty());
    }
}
