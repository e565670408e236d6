//! What is read at one time, and what two readings say of the time between them. Pure.

use flotilla_admin::api::{GatewayStatus, NodeStatus, ProcessSample, ProcessStatus, QueueStatus, Sample, from_ms};
use flotilla_model::State;

/// Totals count up; only in a state that was made anew from another node's may they have gone back.
#[derive(Debug, Clone, Default)]
pub(super) struct Reading {
    pub(super) at_ms: u64,
    /// By the clock that never goes back.
    pub(super) uptime_ms: u64,
    pub(super) queue: QueueStatus,
    pub(super) published_total: u64,
    pub(super) completed_total: u64,
    pub(super) gateway: GatewayStatus,
    pub(super) workers: u64,
    pub(super) workers_busy: u64,
    pub(super) process: Option<ProcessStatus>,
}

impl Reading {
    pub(super) fn of(status: NodeStatus, state: &State, at_ms: u64) -> Self {
        let totals = state.totals();
        Self {
            at_ms,
            uptime_ms: status.uptime_ms,
            queue: status.queue,
            published_total: totals.events_published,
            completed_total: totals.events_completed,
            gateway: status.gateway,
            workers: status.gmp.workers,
            workers_busy: status.gmp.busy,
            process: status.process,
        }
    }

    /// The sample that this reading gives after an earlier one; nothing, if no time has passed.
    pub(super) fn since(&self, before: &Self) -> Option<Sample> {
        let passed_ms = self.uptime_ms.checked_sub(before.uptime_ms).filter(|ms| *ms > 0)?;
        let per_s = |now: u64, then: u64| now.saturating_sub(then) as f64 * 1000.0 / passed_ms as f64;
        let process = self.process.zip(before.process).map(|(now, then)| ProcessSample {
            processors: per_s(now.cpu_ms_total, then.cpu_ms_total) / 1000.0,
            resident_bytes: now.resident_bytes,
        });
        let (now, then) = (&self.gateway, &before.gateway);
        Some(Sample {
            at: from_ms(self.at_ms),
            queue: self.queue.clone(),
            published_per_s: per_s(self.published_total, before.published_total),
            completed_per_s: per_s(self.completed_total, before.completed_total),
            uploads_per_s: per_s(now.uploads_total, then.uploads_total),
            downloads_per_s: per_s(now.downloads_total, then.downloads_total),
            bytes_in_per_s: per_s(now.bytes_in_total, then.bytes_in_total),
            bytes_out_per_s: per_s(now.bytes_out_total, then.bytes_out_total),
            workers: self.workers,
            workers_busy: self.workers_busy,
            process,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(uptime_ms: u64, total: u64) -> Reading {
        Reading {
            at_ms: 1_000_000 + uptime_ms,
            uptime_ms,
            published_total: total,
            completed_total: total / 2,
            gateway: GatewayStatus { uploads_total: total, bytes_in_total: total * 1000, ..GatewayStatus::default() },
            process: Some(ProcessStatus { cpu_ms_total: total * 10, resident_bytes: 77 }),
            ..Reading::default()
        }
    }

    #[test]
    fn what_is_counted_is_told_by_the_second() {
        let sample = reading(25_000, 600).since(&reading(5_000, 200)).unwrap();
        assert_eq!(sample.at, from_ms(1_025_000));
        assert_eq!((sample.published_per_s, sample.completed_per_s), (20.0, 10.0));
        assert_eq!((sample.uploads_per_s, sample.bytes_in_per_s, sample.bytes_out_per_s), (20.0, 20_000.0, 0.0));
        assert_eq!(sample.process, Some(ProcessSample { processors: 0.2, resident_bytes: 77 }));
    }

    #[test]
    fn what_cannot_be_told_is_not() {
        assert_eq!(reading(5_000, 9).since(&reading(5_000, 9)), None, "no time has passed");
        let back = reading(6_000, 1).since(&reading(5_000, 9)).unwrap();
        assert_eq!((back.published_per_s, back.uploads_per_s), (0.0, 0.0), "totals of another state");
        let silent = Reading { process: None, ..reading(6_000, 9) };
        assert_eq!(silent.since(&reading(5_000, 9)).unwrap().process, None);
    }
}
