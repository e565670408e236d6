//! The cluster under test, with what every measurement needs: its nodes' roles, accounts, clients.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use flotilla_admin::api::{ClusterStatus, NodeRole};
use flotilla_admin::{Client, LocalToken, Login};
use flotilla_local::{LocalCluster, LocalNode, Place, free_base_port, https_client, tls_client_config, wait_until};

use crate::meter::process_cpu_s;

pub(crate) const ACCOUNT: &str = "load";
/// An account whose files start no event.
pub(crate) const PLAIN_ACCOUNT: &str = "plain";
pub(crate) const PASSWORD: &str = "load-test-password";
const DEADLINE: Duration = Duration::from_secs(60);

/// Three running nodes.
pub(crate) struct Bed {
    pub(crate) cluster: LocalCluster,
}

impl Bed {
    pub(crate) async fn start(binary: &Path, dir: &Path) -> Result<Self> {
        Self::start_at(Place::Loopback, binary, dir).await
    }

    pub(crate) async fn start_at(place: Place, binary: &Path, dir: &Path) -> Result<Self> {
        let cluster = LocalCluster::start_at(place, binary, dir, 3, free_base_port(3)?, &[], |_| {}).await?;
        let bed = Self { cluster };
        bed.settled().await?;
        let password = format!("{PASSWORD}\n");
        for account in [ACCOUNT, PLAIN_ACCOUNT] {
            bed.cluster.command_with_input(0, &["account", "add", account, "--password-stdin"], &password).await?;
        }
        bed.cluster.command(0, &["route", "set", ACCOUNT, "--step", "checksum"]).await?;
        Ok(bed)
    }

    /// Waits until every node votes, one of them leads, and all that run say so: one that was cut off or frozen may think for a
    /// while that it leads still.
    pub(crate) async fn settled(&self) -> Result<ClusterStatus> {
        let running: Vec<usize> =
            (0..self.cluster.nodes.len()).filter(|index| self.cluster.nodes[*index].process_id().is_some()).collect();
        wait_until("all nodes are full members", DEADLINE, async || {
            let mut last: Option<ClusterStatus> = None;
            for index in &running {
                let status: ClusterStatus = serde_json::from_value(self.cluster.command(*index, &["status"]).await?)?;
                let whole = |role| matches!(role, NodeRole::Primary | NodeRole::Secondary);
                let all = status.nodes.iter().all(|node| node.is_up && whole(node.role));
                let agrees =
                    last.as_ref().is_none_or(|last| (last.term, last.primary) == (status.term, status.primary));
                if !all || status.primary.is_none() || !agrees {
                    return Ok(None);
                }
                last = Some(status);
            }
            Ok(last)
        })
        .await
    }

    /// Index of the primary among the local nodes.
    pub(crate) async fn primary(&self) -> Result<usize> {
        let status = self.settled().await?;
        let primary = status.nodes.iter().find(|node| node.role == NodeRole::Primary).context("no primary")?;
        let index = self.cluster.nodes.iter().position(|node| node.admin_url() == primary.admin_url);
        index.context("the primary is none of ours")
    }

    pub(crate) fn node(&self, index: usize) -> &LocalNode {
        &self.cluster.nodes[index % self.cluster.nodes.len()]
    }

    /// A client of its own, so that its connections are its own.
    pub(crate) fn client(&self) -> Result<reqwest::Client> {
        let authorities: Vec<_> = self.cluster.nodes.iter().map(LocalNode::authority_file).collect();
        https_client(&authorities)
    }

    /// User and system time of a node's process.
    pub(crate) fn process_cpu_s(&self, index: usize) -> Result<f64> {
        process_cpu_s(self.node(index).process_id().context("the node does not run")?)
    }

    pub(crate) fn process_ids(&self) -> Vec<u32> {
        self.cluster.nodes.iter().filter_map(LocalNode::process_id).collect()
    }

    /// The REST interface of a node, with the node's own token.
    pub(crate) fn administrator(&self, index: usize) -> Result<Client> {
        let node = self.node(index);
        let tls = tls_client_config(&[node.authority_file()])?;
        Ok(Client::new(&node.admin_url(), tls, Login::Local(LocalToken::load(&node.dir)?))?)
    }

    /// Each node in turn: stopped in order, started, and the seconds until it says that it is ready.
    pub(crate) async fn restart_each(&mut self) -> Result<Vec<f64>> {
        let mut seconds = Vec::new();
        for index in 0..self.cluster.nodes.len() {
            self.cluster.nodes[index].stop(DEADLINE).await?;
            let begun = Instant::now();
            self.cluster.start_node(index)?;
            self.cluster.wait_ready(index).await?;
            seconds.push(begun.elapsed().as_secs_f64());
            self.settled().await?;
        }
        Ok(seconds)
    }

    pub(crate) fn resident_mib(&self, index: usize) -> Result<f64> {
        let id = self.node(index).process_id().context("the node does not run")?;
        let status = std::fs::read_to_string(format!("/proc/{id}/status"))?;
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).context("no VmRSS")?;
        let kib: f64 = line.split_whitespace().nth(1).context("no VmRSS")?.parse()?;
        Ok(kib / 1024.0)
    }
}
