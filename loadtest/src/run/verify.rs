//! What must hold when the load is over: nothing that was acknowledged is lost, doubled or changed.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Result;
use flotilla_admin::Client;
use flotilla_admin::api::EventStatistics;
use futures::{StreamExt, stream};

use super::client::LoadClient;
use super::recorder::Recorder;
use super::target::Target;
use crate::collector::progress;
use crate::report::run::Check;
use crate::scenario::Kind;

const AT_ONCE: usize = 16;
/// A node that was just started again may not have all copies yet, and says so.
const READ_TRIES: u64 = 60;
const READ_PAUSE: Duration = Duration::from_millis(500);
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// Examples that a failed check names.
const EXAMPLES: usize = 5;
/// Digests of nodes are compared at one index of the log: a node that was away gets this long to reach it.
const DIGEST_TRIES: u32 = 20;

/// Waits until nothing is queued any more; how long that took, or what is left.
pub(crate) async fn drained(target: &Target, patience: Duration) -> Result<Result<Duration, String>> {
    let begun = Instant::now();
    loop {
        let now = target.ask(Client::event_statistics).await?;
        let queue = &now.queue;
        let left = queue.ready + queue.waiting + queue.leased + queue.blocked;
        if left == 0 {
            return Ok(Ok(begun.elapsed()));
        }
        if begun.elapsed() >= patience {
            return Ok(Err(format!("{left} events are queued after {patience:?}")));
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// Reads every acknowledged file back, through another node than the one that took it.
pub(crate) async fn files(load: &Arc<LoadClient>) -> Option<Check> {
    if load.load.kind != Kind::Upload {
        return None;
    }
    let numbers = load.ledger.lock().files.clone();
    let count = numbers.len();
    progress(format!("{}: {count} files are read back", load.load.name));
    let read = stream::iter(numbers).map(async |number| (number, read_back(load, number).await));
    let wrong: Vec<String> = read
        .buffer_unordered(AT_ONCE)
        .filter_map(async |(number, read)| read.err().map(|why| format!("{} ({why})", load.file_url("", number))))
        .collect()
        .await;
    let detail = if wrong.is_empty() {
        format!("{count} files were read back and compared")
    } else {
        format!("{} of {count} files are not as they were sent: {}", wrong.len(), examples(&wrong))
    };
    Some(Check {
        name: format!("{}: every acknowledged file is there", load.load.name),
        passed: wrong.is_empty(),
        detail,
    })
}

async fn read_back(load: &LoadClient, number: u64) -> Result<(), String> {
    let mut last = String::new();
    for attempt in 0..READ_TRIES {
        match load.read_back(number, attempt).await {
            Ok(compared) => return compared,
            Err(why) => last = why,
        }
        tokio::time::sleep(READ_PAUSE).await;
    }
    Err(last)
}

/// No download brought anything else than what was stored.
pub(crate) fn downloads(load: &LoadClient) -> Option<Check> {
    if load.load.kind != Kind::Download {
        return None;
    }
    let wrong = &load.ledger.lock().contradictions;
    let detail = if wrong.is_empty() { "each was compared while it came".to_owned() } else { examples(wrong) };
    Some(Check {
        name: format!("{}: every download is what was stored", load.load.name),
        passed: wrong.is_empty(),
        detail,
    })
}

/// Each acknowledged event has an id of its own.
pub(crate) fn event_ids(load: &LoadClient) -> Option<Check> {
    if load.load.kind != Kind::Event {
        return None;
    }
    let ledger = load.ledger.lock();
    let distinct = ledger.events.iter().collect::<HashSet<_>>().len();
    let passed = distinct == ledger.events.len();
    let detail = format!("{} events acknowledged, {distinct} ids", ledger.events.len());
    Some(Check { name: format!("{}: no two events are one", load.load.name), passed, detail })
}

/// As many events have ended well as were acknowledged, and none in another way.
pub(crate) fn completed(loads: &[Arc<LoadClient>], before: &EventStatistics, after: &EventStatistics) -> Check {
    let (mut least, mut doubtful) = (0, 0);
    for load in loads {
        let ledger = load.ledger.lock();
        least += ledger.events.len() as u64;
        doubtful += ledger.doubtful;
        if load.load.kind == Kind::Upload && load.load.work.is_some() {
            least += ledger.files.len() as u64;
        }
    }
    let completed = after.completed_total - before.completed_total;
    let other = (after.failed_total + after.discarded_total + after.expired_total + after.cancelled_total)
        - (before.failed_total + before.discarded_total + before.expired_total + before.cancelled_total)
        + after.queue.outcome_unknown.saturating_sub(before.queue.outcome_unknown);
    let passed = (least..=least + doubtful).contains(&completed) && other == 0;
    let detail =
        format!("{least} acknowledged and {doubtful} in doubt; {completed} completed, {other} ended otherwise");
    Check { name: "every event has ended exactly once".to_owned(), passed, detail }
}

/// All nodes have the same state.
pub(crate) async fn digests(target: &Target) -> Check {
    let mut detail = String::new();
    for _ in 0..DIGEST_TRIES {
        match target.ask(Client::verify_sync).await {
            Ok(verification) if verification.is_equal => {
                let (nodes, index) = (verification.nodes.len(), verification.index);
                detail = format!("{nodes} nodes agree at index {index} of the log");
                return Check { name: "all nodes have the same state".to_owned(), passed: true, detail };
            }
            Ok(verification) => {
                let differ = verification.nodes.iter().filter(|node| !node.is_equal);
                detail = differ
                    .map(|node| node.failure.clone().unwrap_or_else(|| format!("{} differs", node.name)))
                    .collect::<Vec<_>>()
                    .join("; ");
            }
            Err(error) => detail = format!("{error:#}"),
        }
        tokio::time::sleep(READ_PAUSE).await;
    }
    Check { name: "all nodes have the same state".to_owned(), passed: false, detail }
}

/// The limits that the scenario sets.
pub(crate) fn expectations(load: &LoadClient, recorder: &Recorder) -> Vec<Check> {
    let (expect, record) = (load.load.expect, recorder.finish("", ""));
    let mut checks = Vec::new();
    let mut check = |what: &str, found: f64, limit: Option<f64>, unit: &str| {
        let Some(limit) = limit else { return };
        let detail = format!("{found:.1} {unit}, at most {limit} {unit}");
        checks.push(Check { name: format!("{}: {what}", load.load.name), passed: found <= limit, detail });
    };
    // Without any acknowledgement there is no latency that is short enough.
    let latency = |of: fn(&crate::report::run::Latency) -> f64| record.latency.as_ref().map_or(f64::INFINITY, of);
    check("p50", latency(|latency| latency.p50_ms), expect.p50_ms, "ms");
    check("p99", latency(|latency| latency.p99_ms), expect.p99_ms, "ms");
    check("longest time without an acknowledgement", record.longest_gap_ms, expect.gap_ms, "ms");
    let failed = record.totals.refused + record.totals.unknown + record.totals.not_begun;
    check("failed operations", failed as f64, expect.failed.map(|failed| failed as f64), "operations");
    checks
}

fn examples(all: &[String]) -> String {
    let more = if all.len() > EXAMPLES { format!(" and {} more", all.len() - EXAMPLES) } else { String::new() };
    format!("{}{more}", all[..all.len().min(EXAMPLES)].join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::client::{Ledger, Place};
    use crate::scenario::Scenario;

    fn load(kind: &str, ledger: Ledger) -> Arc<LoadClient> {
        let text =
            format!("description = 'd'\nduration_s = 9\n[[load]]\nname = 'a'\nkind = '{kind}'\nrate = 5\nwork = 'log'");
        let load = Scenario::parse("x", &text).unwrap().loads.remove(0);
        let target = Arc::new(Target::new(Vec::new(), Vec::new(), Vec::new()));
        let client = LoadClient::new(load, Place { index: 0, seed: 1, run: "r".to_owned() }, target).unwrap();
        *client.ledger.lock() = ledger;
        Arc::new(client)
    }

    fn statistics(completed_total: u64, failed_total: u64) -> EventStatistics {
        let json = serde_json::json!({
            "queue": {"ready": 0, "waiting": 0, "leased": 0, "dead": 0, "outcome_unknown": 0, "oldest_ready_age_ms": 0},
            "published_total": 0, "completed_total": completed_total, "failed_total": failed_total,
            "discarded_total": 0, "leases_granted_total": 0, "leases_lost_total": 0, "results_stale_total": 0,
        });
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn a_lost_event_and_a_doubled_one_are_found() {
        let events = Ledger { events: vec![1, 2, 3], doubtful: 1, ..Ledger::default() };
        let loads = [load("event", events), load("upload", Ledger { files: vec![0, 1], ..Ledger::default() })];
        for (completed, failed, passed) in [(4, 0, false), (5, 0, true), (6, 0, true), (7, 0, false), (5, 1, false)] {
            let check = super::completed(&loads, &statistics(100, 10), &statistics(100 + completed, 10 + failed));
            assert_eq!(check.passed, passed, "{completed} {failed}: {check:?}");
        }
    }

    #[test]
    fn two_events_under_one_id_are_found() {
        for (ids, passed) in [(vec![1, 2, 3], true), (vec![1, 2, 1], false)] {
            let load = load("event", Ledger { events: ids, ..Ledger::default() });
            assert_eq!(event_ids(&load).unwrap().passed, passed);
        }
    }
}
