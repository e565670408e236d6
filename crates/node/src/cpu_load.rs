//! How busy this machine's processors are, from `/proc/stat`.
//!
//! What runs at a lower priority counts as well: a pool that took it for free would start more and more of it.

use std::time::{Duration, Instant};

use flotilla_actors::ports::CpuLoad;
use parking_lot::Mutex;

/// Over which time it is averaged: short enough that a pool sees what its last step of growth has done, long enough for
/// the kernel's hundredths of a second.
const WINDOW: Duration = Duration::from_millis(200);

/// Time since the start of the machine, in ticks of all processors together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Ticks {
    total: u64,
    idle: u64,
}

#[derive(Debug, Clone, Copy)]
struct Reading {
    at: Instant,
    ticks: Ticks,
    /// In the window before it.
    busy_share: Option<f64>,
}

/// Reads when it is asked, at most once in a window.
#[derive(Debug, Default)]
pub(crate) struct ProcStat(Mutex<Option<Reading>>);

impl CpuLoad for ProcStat {
    fn busy_share(&self) -> Option<f64> {
        let mut latest = self.0.lock();
        let now = Instant::now();
        if let Some(reading) = latest.filter(|reading| now.duration_since(reading.at) < WINDOW) {
            return reading.busy_share;
        }
        let ticks = parse(&std::fs::read_to_string("/proc/stat").ok()?)?;
        let busy_share = latest.and_then(|before| busy_share(before.ticks, ticks));
        *latest = Some(Reading { at: now, ticks, busy_share });
        busy_share
    }
}

/// The first line: `cpu`, then user, nice, system, idle, iowait, irq, softirq, steal (proc(5)); guests are in user and
/// nice already.
fn parse(text: &str) -> Option<Ticks> {
    let fields = text.lines().next()?.strip_prefix("cpu ")?.split_whitespace();
    let ticks: Vec<u64> = fields.take(8).map_while(|field| field.parse().ok()).collect();
    let [_, _, _, idle, waiting, ..] = ticks[..] else { return None };
    Some(Ticks { total: ticks.iter().sum(), idle: idle + waiting })
}

fn busy_share(before: Ticks, after: Ticks) -> Option<f64> {
    let total = after.total.checked_sub(before.total).filter(|total| *total > 0)?;
    // The kernel's idle time may go back a little.
    let idle = after.idle.saturating_sub(before.idle).min(total);
    Some(1.0 - idle as f64 / total as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_is_read() {
        let text = "cpu  10 20 30 400 50 6 7 8 9 1\ncpu0 1 2 3 4 5 6 7 8 9 1\nintr 5\n";
        assert_eq!(parse(text), Some(Ticks { total: 531, idle: 450 }));
        assert_eq!(parse("cpu  10 20 30 400 50"), Some(Ticks { total: 510, idle: 450 }), "an old kernel");
        for wrong in ["", "cpu", "cpu  1 2 3", "cpu  a b c d e", "intr 1 2 3 4 5 6 7 8"] {
            assert_eq!(parse(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn shares() {
        let ticks = |total, idle| Ticks { total, idle };
        for (before, after, expected) in [
            (ticks(100, 50), ticks(200, 50), Some(1.0)),
            (ticks(100, 50), ticks(200, 150), Some(0.0)),
            (ticks(100, 50), ticks(200, 100), Some(0.5)),
            (ticks(100, 50), ticks(200, 49), Some(1.0)),
            (ticks(100, 50), ticks(100, 50), None),
            (ticks(100, 50), ticks(90, 50), None),
        ] {
            assert_eq!(busy_share(before, after), expected, "{before:?} {after:?}");
        }
    }

    #[test]
    fn this_machine_tells() {
        let load = ProcStat::default();
        assert_eq!(load.busy_share(), None, "one reading says nothing");
        assert!(load.0.lock().is_some_and(|reading| reading.ticks.total > 0));
    }
}
