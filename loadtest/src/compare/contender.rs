//! Who is compared, and in what.

use clap::ValueEnum;
use serde::Serialize;

/// What is measured, each in a run of its own on fresh servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Group {
    /// Records of 1 KiB published durably, and worked off
    Events,
    /// Values of configuration written one by one
    Parameters,
    /// The leader killed
    Failover,
    /// Files uploaded and downloaded
    Files,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Rival {
    /// NATS JetStream with three replicas, which syncs every two minutes
    Nats,
    /// The same, which syncs before it acknowledges
    NatsSyncAlways,
    /// RabbitMQ with a quorum queue
    Rabbitmq,
    /// etcd
    Etcd,
    /// The same with timers of 20 and 200 ms
    EtcdTuned,
    /// nginx with DAV over TLS: one server, one copy, no sync
    Nginx,
    /// OpenSSH with internal-sftp: one server, one copy, no sync
    Openssh,
}

impl Rival {
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Nats => "NATS JetStream",
            Self::NatsSyncAlways => "NATS, sync always",
            Self::Rabbitmq => "RabbitMQ quorum queue",
            Self::Etcd => "etcd",
            Self::EtcdTuned => "etcd, 20/200 ms",
            Self::Nginx => "nginx DAV",
            Self::Openssh => "OpenSSH SFTP",
        }
    }

    pub(crate) fn groups(self) -> &'static [Group] {
        match self {
            Self::Nats | Self::Rabbitmq => &[Group::Events, Group::Failover],
            Self::NatsSyncAlways => &[Group::Events],
            Self::Etcd => &[Group::Parameters, Group::Failover],
            Self::EtcdTuned => &[Group::Failover],
            Self::Nginx | Self::Openssh => &[Group::Files],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_group_has_a_rival() {
        for group in Group::value_variants() {
            assert!(Rival::value_variants().iter().any(|rival| rival.groups().contains(group)), "{group:?}");
        }
    }
}
