//! What somebody should look at: from the picture itself, at once; from the doctor, now and then.

use std::cmp::Reverse;

use flotilla_admin::api::{Diagnosis, FindingLevel};

use super::picture::{Health, Picture};

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Alert {
    pub(super) level: FindingLevel,
    pub(super) text: String,
}

fn alert(level: FindingLevel, text: impl Into<String>) -> Alert {
    Alert { level, text: text.into() }
}

/// The worst first.
pub(super) fn of(picture: &Picture, diagnosis: Option<&Result<Diagnosis, String>>) -> Vec<Alert> {
    let mut alerts = of_nodes(picture);
    alerts.extend(of_queue(picture));
    match diagnosis {
        None => {}
        Some(Err(reason)) => alerts.push(alert(FindingLevel::Ok, format!("the doctor could not look: {reason}"))),
        Some(Ok(found)) => {
            let bad = found.items.iter().filter(|finding| finding.level != FindingLevel::Ok);
            alerts.extend(bad.map(|finding| {
                alert(finding.level, format!("doctor, node {}, {}: {}", finding.node, finding.check, finding.detail))
            }));
        }
    }
    alerts.sort_by_key(|alert| Reverse(alert.level));
    alerts
}

fn of_nodes(picture: &Picture) -> Vec<Alert> {
    let mut alerts = Vec::new();
    if picture.cluster.primary.is_none() {
        alerts.push(alert(FindingLevel::Failed, "no node leads: nothing can be changed"));
    }
    for node in &picture.cluster.nodes {
        let name = format!("node {} ({})", node.node, node.name);
        match picture.health(node) {
            Health::Good => {}
            Health::Down => alerts.push(alert(FindingLevel::Failed, format!("{name} is down"))),
            Health::NotHeard => {
                let why = node.link.as_ref().and_then(|link| link.failure.clone()).unwrap_or_default();
                alerts.push(alert(FindingLevel::Failed, format!("{name} is not heard: {why}")));
            }
            other => alerts.push(alert(FindingLevel::Warning, format!("{name}: {}", other.text()))),
        }
    }
    for status in picture.nodes.values() {
        if status.consensus.has_lost_quorum() {
            let text = format!("no majority answers the primary, node {}: nothing can be changed", status.node);
            alerts.push(alert(FindingLevel::Failed, text));
        }
        for warning in &status.certificate.warnings {
            let (name, end) = (&warning.name, warning.expires_at);
            alerts.push(alert(
                FindingLevel::Warning,
                format!("certificate {name} of node {} ends at {end}", status.node),
            ));
        }
        if status.files.under_replicated > 0 {
            let contents = counted(status.files.under_replicated, "content has", "contents have");
            let text = format!("{contents} too few copies, says node {}", status.node);
            alerts.push(alert(FindingLevel::Warning, text));
        }
    }
    alerts
}

fn of_queue(picture: &Picture) -> Vec<Alert> {
    let (queue, room) = (&picture.cluster.queue, &picture.cluster.room);
    let mut alerts = Vec::new();
    match room.level.as_str() {
        "full" => alerts.push(alert(FindingLevel::Failed, "the queue is full: publishers are refused")),
        "tight" => alerts.push(alert(FindingLevel::Warning, "the queue is nearly full: publishers are slowed")),
        _ => {}
    }
    if queue.outcome_unknown > 0 {
        let wait = counted(queue.outcome_unknown, "event waits", "events wait");
        alerts.push(alert(
            FindingLevel::Warning,
            format!("{wait} for somebody's answer: the outcome of a step is unknown"),
        ));
    }
    if queue.dead > 0 {
        alerts.push(alert(FindingLevel::Warning, counted(queue.dead, "dead letter", "dead letters")));
    }
    let paused = picture.cluster.lanes_paused;
    if paused > 0 {
        alerts.push(alert(FindingLevel::Warning, counted(paused, "lane is paused", "lanes are paused")));
    }
    alerts
}

fn counted(count: u64, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}
