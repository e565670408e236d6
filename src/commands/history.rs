//! `flotilla history`

use anyhow::Result;
use flotilla_admin::api::{History, HistoryQuery, NodeHistory, NodeId, Sample};
use jiff::{SignedDuration, Timestamp};

use super::call;
use crate::cli::HistoryArguments;
use crate::connection::connect;
use crate::output::{Format, bytes, or_dash, table};
use crate::watch;

pub(super) async fn run(arguments: HistoryArguments, format: Format) -> Result<()> {
    let HistoryArguments { connection, watch, node, last } = arguments;
    let client = connect(&connection)?;
    // What was longer ago than there are seconds to count is not kept anyway.
    let back = i64::try_from(last.0).unwrap_or(i64::MAX);
    let ask = async || {
        let since = Timestamp::now().checked_sub(SignedDuration::from_secs(back)).ok();
        call(client.history(&HistoryQuery { node: node.map(NodeId), since }).await)
    };
    watch::show(&watch, format, &client, ask, text).await
}

fn text(history: &History) -> String {
    history.nodes.iter().map(of_node).collect::<Vec<_>>().join("\n\n")
}

fn of_node(node: &NodeHistory) -> String {
    let head = format!("node {}: {}", node.node, node.name);
    if let Some(failure) = &node.failure {
        return format!("{head}\nhas not told of itself: {failure}");
    }
    let header = [
        "at",
        "ready",
        "waiting",
        "in work",
        "dead",
        "oldest",
        "published",
        "completed",
        "uploads",
        "in",
        "out",
        "workers",
        "cpu",
        "memory",
    ];
    format!("{head}\n{}", table(header, node.samples.iter().map(line)))
}

fn line(sample: &Sample) -> [String; 14] {
    let queue = &sample.queue;
    let rate = |per_s: f64| format!("{per_s:.1}/s");
    let volume = |per_s: f64| format!("{}/s", bytes(per_s as u64));
    [
        sample.at.strftime("%H:%M:%SZ").to_string(),
        queue.ready.to_string(),
        (queue.waiting + queue.blocked).to_string(),
        queue.leased.to_string(),
        (queue.dead + queue.outcome_unknown).to_string(),
        format!("{:.1} s", queue.oldest_ready_age_ms as f64 / 1000.0),
        rate(sample.published_per_s),
        rate(sample.completed_per_s),
        rate(sample.uploads_per_s),
        volume(sample.bytes_in_per_s),
        volume(sample.bytes_out_per_s),
        format!("{}/{}", sample.workers_busy, sample.workers),
        or_dash(sample.process.map(|process| format!("{:.2}", process.processors))),
        or_dash(sample.process.map(|process| bytes(process.resident_bytes))),
    ]
}

#[cfg(test)]
mod tests {
    use flotilla_admin::api::{ProcessSample, QueueStatus, from_ms};

    use super::*;

    #[test]
    fn samples_are_rows_and_a_silent_node_is_named() {
        let sample = Sample {
            at: from_ms(1_795_824_010_000),
            queue: QueueStatus { ready: 12, dead: 3, oldest_ready_age_ms: 2_500, ..QueueStatus::default() },
            published_per_s: 20.0,
            completed_per_s: 10.0,
            uploads_per_s: 0.5,
            downloads_per_s: 0.0,
            bytes_in_per_s: 1_500_000.0,
            bytes_out_per_s: 0.0,
            workers: 4,
            workers_busy: 2,
            process: Some(ProcessSample { processors: 0.25, resident_bytes: 64_000_000 }),
        };
        let node = |id, samples, failure: Option<&str>| NodeHistory {
            node: NodeId(id),
            name: format!("ft{id}"),
            samples,
            failure: failure.map(str::to_owned),
        };
        let nodes = vec![node(1, vec![sample], None), node(2, Vec::new(), Some("it is not reached"))];
        let text = text(&History { every_ms: 10_000, nodes });
        for part in ["node 1: ft1", "00:00:10Z", "2.5 s", "20.0/s", "1.5 MB/s", "2/4", "0.25", "64.0 MB"] {
            assert!(text.contains(part), "{part} is not in\n{text}");
        }
        assert!(text.ends_with("node 2: ft2\nhas not told of itself: it is not reached"), "{text}");
    }
}
