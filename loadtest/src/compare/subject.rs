//! What is compared, and how many times better Flotilla means to be.

use super::contender::{Group, Rival};
use Rival::{Etcd, EtcdTuned, Nats, NatsSyncAlways, Nginx, Openssh, Rabbitmq};

/// One thing that all contenders of a group measure.
pub(super) struct Subject {
    pub(super) what: String,
    /// Of the contenders' figures.
    pub(super) key: String,
    pub(super) unit: &'static str,
    pub(super) is_rate: bool,
    pub(super) goals: &'static [(Rival, f64)],
}

impl Subject {
    pub(super) fn goal(&self, rival: Rival) -> Option<f64> {
        self.goals.iter().find(|(of, _)| *of == rival).map(|(_, goal)| *goal)
    }
}

/// In the order of the table.
pub(super) fn of(group: Group, windows: &[u64]) -> Vec<Subject> {
    match group {
        Group::Events => events(windows),
        Group::Parameters => parameters(windows),
        Group::Failover => failover(),
        Group::Files => files(),
    }
}

fn rate(what: impl Into<String>, key: impl Into<String>, unit: &'static str, goals: Goals) -> Subject {
    Subject { what: what.into(), key: key.into(), unit, is_rate: true, goals }
}

fn cost(what: impl Into<String>, key: impl Into<String>, unit: &'static str, goals: Goals) -> Subject {
    Subject { what: what.into(), key: key.into(), unit, is_rate: false, goals }
}

type Goals = &'static [(Rival, f64)];

fn events(windows: &[u64]) -> Vec<Subject> {
    let mut all = Vec::new();
    for window in windows {
        let key = |end: &str| format!("write_{window}_{end}");
        let rates: Goals = if *window == 512 { &[(Nats, 3.0), (NatsSyncAlways, 5.0), (Rabbitmq, 9.0)] } else { &[] };
        let medians: Goals = if *window == 1 { &[(Nats, 1.0)] } else { &[] };
        all.extend([
            rate(format!("publish, window {window}"), key("per_s"), "/s", rates),
            cost("… p50", key("p50_ms"), "ms", medians),
            cost("… p99", key("p99_ms"), "ms", &[]),
            cost(
                "… processor time of the servers",
                key("servers_us"),
                "µs",
                &[(Nats, 1.0), (NatsSyncAlways, 1.0), (Rabbitmq, 1.0)],
            ),
            cost("… of the client", key("client_us"), "µs", &[]),
        ]);
    }
    all.extend([
        rate(
            "publish + process + complete",
            "process_per_s",
            "/s",
            &[(Nats, 3.0), (NatsSyncAlways, 5.0), (Rabbitmq, 8.0)],
        ),
        cost("publish at 200/s: p50", "pace_p50_ms", "ms", &[]),
        cost("… p99", "pace_p99_ms", "ms", &[(Nats, 1.0)]),
    ]);
    all
}

fn parameters(windows: &[u64]) -> Vec<Subject> {
    let mut all = Vec::new();
    for window in windows {
        let key = |end: &str| format!("write_{window}_{end}");
        let rates: Goals = match window {
            1 => &[(Etcd, 2.0)],
            64 => &[(Etcd, 6.0)],
            512 => &[(Etcd, 10.0)],
            _ => &[],
        };
        all.extend([
            rate(format!("values written, {window} writers"), key("per_s"), "/s", rates),
            cost("… p50", key("p50_ms"), "ms", &[]),
            cost("… p99", key("p99_ms"), "ms", &[(Etcd, 1.0)]),
            cost("… processor time of the servers", key("servers_us"), "µs", &[]),
            cost("… of the client", key("client_us"), "µs", &[]),
        ]);
    }
    all
}

fn failover() -> Vec<Subject> {
    const AHEAD: Goals = &[(Nats, 1.0), (Rabbitmq, 1.0), (Etcd, 1.0), (EtcdTuned, 1.0)];
    vec![
        cost("kill -9 of the leader to the next write", "failover_ms", "ms", AHEAD),
        cost("… the worst", "failover_worst_ms", "ms", AHEAD),
    ]
}

fn files() -> Vec<Subject> {
    vec![
        rate("upload of 1 GiB, rivals unsynced", "upload_mb_per_s", "MB/s", &[]),
        rate("… rivals with a sync after it", "upload_synced_mb_per_s", "MB/s", &[(Nginx, 0.5)]),
        cost("… processor time of the servers", "upload_servers_us_per_mb", "µs/MB", &[(Nginx, 1.0), (Openssh, 1.0)]),
        rate("download of 1 GiB", "download_mb_per_s", "MB/s", &[(Nginx, 1.0)]),
        rate("files of 64 KiB by 1 client, rivals unsynced", "small_1_per_s", "/s", &[]),
        rate("… by 8 clients", "small_8_per_s", "/s", &[(Nginx, 1.0), (Openssh, 3.0)]),
        cost("… processor time of the servers", "small_8_servers_us", "µs", &[]),
    ]
}
