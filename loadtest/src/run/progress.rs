//! The line that shows how a run goes: each second on a terminal, each ten seconds elsewhere.

use std::fmt::Write as _;
use std::io::{IsTerminal, Write as _};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio::time::MissedTickBehavior;

use super::recorder::Recorder;

const ELSEWHERE_EACH: u64 = 10;

/// Shows it until it is told to stop.
#[expect(clippy::print_stderr, reason = "live progress of a command")]
pub(crate) async fn show(
    loads: Vec<(String, Arc<Recorder>)>,
    begun: Instant,
    duration_s: f64,
    mut stop: watch::Receiver<bool>,
) {
    let is_terminal = std::io::stderr().is_terminal();
    let mut clock =
        tokio::time::interval_at(tokio::time::Instant::now() + Duration::from_secs(1), Duration::from_secs(1));
    clock.set_missed_tick_behavior(MissedTickBehavior::Skip);
    loop {
        tokio::select! {
            biased;
            _ = stop.wait_for(|stop| *stop) => break,
            _ = clock.tick() => {}
        }
        let now = begun.elapsed();
        let mut line = format!("{:>5} of {duration_s:.0} s", now.as_secs());
        for (name, recorder) in &loads {
            let glance = recorder.glance(now);
            // Into a String, which takes all.
            let _ = write!(line, " | {name} {}/s p99 {:.1} ms", glance.rate, glance.p99_ms);
            if glance.failed > 0 {
                let _ = write!(line, ", {} failed", glance.failed);
            }
        }
        if is_terminal {
            eprint!("\r\x1b[2K{line}");
            // Only a picture.
            let _ = std::io::stderr().flush();
        } else if now.as_secs().is_multiple_of(ELSEWHERE_EACH) {
            eprintln!("{line}");
        }
    }
    if is_terminal {
        eprintln!();
    }
}
