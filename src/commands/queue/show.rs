//! `flotilla queue show`

use flotilla_admin::api::{EventView, StepRunView};

use super::json_text::lay_out;
use super::route::steps_table;
use crate::output::{bytes, or_dash, table};

/// Of the data; `--json` gives all of it.
const DATA_LINES_MAX: usize = 100;
const DATA_BYTES_MAX: usize = 16 << 10;

pub(super) fn text(event: &EventView) -> String {
    let about = match (&event.path, event.transfer) {
        (Some(path), Some(transfer)) => format!("{path} ({}), transfer {transfer}", bytes(event.size_bytes)),
        _ => format!("{} of data", bytes(event.size_bytes)),
    };
    let facts = [
        ("event", Some(format!("{}, {} of {}", event.id, event.kind, event.account))),
        ("about", Some(about)),
        ("state", Some(state(event))),
        ("reason", event.reason.clone()),
        ("lane", Some(format!("{}, priority {}", event.lane, event.priority))),
        ("ordering key", event.ordering_key.clone()),
        ("published", Some(format!("{} through node {}", event.created_at, event.origin))),
        ("expires", event.expires_at.map(|at| at.to_string())),
        ("attempts", Some(attempts(event))),
        ("trace", event.trace.clone()),
        ("next step", Some(next_step(event))),
    ];
    let mut text = String::new();
    for (name, fact) in facts {
        if let Some(fact) = fact {
            text.push_str(&format!("{name:<14}{fact}\n"));
        }
    }
    text.push_str(&format!("\n{}\n", steps_table(&event.steps)));
    if !event.runs.is_empty() {
        text.push_str(&format!("\n{}\n", runs_table(&event.runs)));
    }
    text.push_str(&data(event));
    text
}

fn state(event: &EventView) -> String {
    match (event.state.as_str(), event.leased_to, event.lease_expires_at) {
        ("leased", Some(node), Some(expires_at)) => {
            format!("leased to node {node} since {}, until {expires_at} unless it is renewed", event.state_at)
        }
        ("waiting", ..) => format!("waiting until {}", event.state_at),
        (state, ..) => format!("{state} since {}", event.state_at),
    }
}

fn attempts(event: &EventView) -> String {
    format!("{}, of which {} failed and {} died with their process", event.attempt, event.failures, event.lost_leases)
}

fn next_step(event: &EventView) -> String {
    match event.doubtful_step {
        Some(step) => format!("{}: whether it has happened is not known", step + 1),
        None => format!("{} of {}", event.next_step + 1, event.steps.len()),
    }
}

fn runs_table(runs: &[StepRunView]) -> String {
    let line = |run: &StepRunView| {
        [
            format!("{} {}", run.step + 1, run.kind),
            run.attempt.to_string(),
            format!("{}/{}", run.node, run.worker),
            run.started_at.to_string(),
            format!("{:.1} ms", run.duration_us as f64 / 1000.0),
            if run.succeeded { "ok".to_owned() } else { "failed".to_owned() },
            run.detail.clone(),
        ]
    };
    table(["run of", "attempt", "node/worker", "started", "took", "result", "detail"], runs.iter().map(line))
}

fn data(event: &EventView) -> String {
    if let Some(json) = &event.data {
        let (text, is_whole) = lay_out(json.get(), DATA_LINES_MAX, DATA_BYTES_MAX);
        let rest = if is_whole { "" } else { "\n… (all of it: --json)" };
        return format!("\n{text}{rest}\n");
    }
    match &event.data_base64 {
        Some(data) => format!("\nno JSON: {} bytes (as base64: --json)\n", or_dash(Some(data.len() / 4 * 3))),
        None => String::new(),
    }
}
