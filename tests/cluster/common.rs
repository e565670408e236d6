//! What all scenarios need: a running cluster, a partner, what the cluster says of itself.

use std::path::Path;
use std::process::{Command, Output};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use flotilla_admin::api::{ClusterStatus, EventStatistics, NodeRole, NodeStatus, Page, TransferView};
use flotilla_local::{LocalCluster, Place, free_base_port, wait_until};
use reqwest::{Response, StatusCode};
use tempfile::TempDir;

pub(crate) const PASSWORD: &str = "a-partner-password";
/// An administrator.
pub(crate) const ADA: &str = "ada";
pub(crate) const ADAS_PASSWORD: &str = "a long password";
pub(crate) const DEADLINE: Duration = Duration::from_secs(60);

/// A cluster in a folder that goes with it.
pub(crate) struct Scene {
    pub(crate) cluster: LocalCluster,
    _dir: TempDir,
}

/// The program under test.
pub(crate) fn binary() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_flotilla"))
}

/// Runs it with these arguments, to its end.
pub(crate) fn flotilla(arguments: &[&str]) -> Result<Output> {
    Ok(Command::new(binary()).args(arguments).output()?)
}

impl Scene {
    pub(crate) async fn start(nodes: u16) -> Result<Self> {
        Self::start_with(nodes, &[]).await
    }

    /// With these variables in the environment of every node.
    pub(crate) async fn start_with(nodes: u16, environment: &[(String, String)]) -> Result<Self> {
        Self::start_at(Place::Loopback, nodes, environment).await
    }

    /// With a network of its own, from which nodes can be cut off. Needs the rights of root; `cargo xtask test` leaves the
    /// tests out, and says so, where it has none.
    pub(crate) async fn start_apart(nodes: u16) -> Result<Self> {
        Self::start_at(Place::namespaces(nodes)?, nodes, &[]).await
    }

    async fn start_at(place: Place, nodes: u16, environment: &[(String, String)]) -> Result<Self> {
        let dir = tempfile::tempdir()?;
        let base_port = free_base_port(nodes)?;
        let cluster =
            LocalCluster::start_at(place, binary(), dir.path(), nodes, base_port, environment, |_| {}).await?;
        let scene = Self { cluster, _dir: dir };
        scene.settled().await?;
        Ok(scene)
    }

    /// A cluster whose nodes all know [`ADA`], who has this role and has chosen their password.
    pub(crate) async fn with_administrator(nodes: u16, role: &str) -> Result<Self> {
        let scene = Self::start(nodes).await?;
        let add = ["admin", "add", ADA, "--role", role, "--password-stdin"];
        scene.cluster.command_with_input(0, &add, &format!("{ADAS_PASSWORD}\n")).await?;
        scene.converged().await?;
        Ok(scene)
    }

    /// Makes an account with a route of these steps.
    pub(crate) async fn partner(&self, name: &str, steps: &[&str]) -> Result<()> {
        self.partner_through(0, name, steps).await
    }

    /// The same through another node than the first.
    pub(crate) async fn partner_through(&self, index: usize, name: &str, steps: &[&str]) -> Result<()> {
        let password = format!("{PASSWORD}\n");
        self.cluster.command_with_input(index, &["account", "add", name, "--password-stdin"], &password).await?;
        if !steps.is_empty() {
            let mut arguments = vec!["route", "set", name];
            steps.iter().for_each(|step| arguments.extend(["--step", step]));
            self.cluster.command(index, &arguments).await?;
        }
        Ok(())
    }

    fn running(&self) -> Option<usize> {
        self.cluster.nodes.iter().position(|node| node.process_id().is_some())
    }

    pub(crate) async fn status_of(&self, index: usize) -> Result<ClusterStatus> {
        Ok(serde_json::from_value(self.cluster.command(index, &["status"]).await?)?)
    }

    /// Everything that one node says of itself.
    pub(crate) async fn node_status(&self, index: usize) -> Result<NodeStatus> {
        Ok(self.ask_admin(index, "/api/v2.0/status").await?.json().await?)
    }

    pub(crate) async fn metrics(&self, index: usize) -> Result<String> {
        Ok(self.ask_admin(index, "/metrics").await?.text().await?)
    }

    async fn ask_admin(&self, index: usize, path: &str) -> Result<Response> {
        let node = &self.cluster.nodes[index];
        let token = std::fs::read_to_string(node.dir.join("admin.token"))?;
        let url = format!("{}{path}", node.admin_url());
        let request = self.cluster.client().get(url).bearer_auth(token.trim()).timeout(Duration::from_secs(5));
        Ok(request.send().await?.error_for_status()?)
    }

    /// Waits until every member runs, votes, and one of them leads.
    pub(crate) async fn settled(&self) -> Result<ClusterStatus> {
        wait_until("all nodes are full members", DEADLINE, async || {
            let index = self.running().context("no node runs")?;
            let status = self.status_of(index).await?;
            let whole = |role| matches!(role, NodeRole::Primary | NodeRole::Secondary);
            let all = status.nodes.iter().all(|node| node.is_up && whole(node.role));
            Ok((all && status.primary.is_some()).then_some(status))
        })
        .await
    }

    /// Index of the primary as node `asked` sees it.
    pub(crate) async fn primary_as_seen_by(&self, asked: usize) -> Result<usize> {
        wait_until("there is a primary", DEADLINE, async || {
            let status = self.status_of(asked).await?;
            let Some(primary) = status.nodes.iter().find(|node| Some(node.node) == status.primary) else {
                return Ok(None);
            };
            Ok(self.cluster.nodes.iter().position(|node| node.admin_url() == primary.admin_url))
        })
        .await
    }

    pub(crate) fn file_url(&self, index: usize, path: &str) -> String {
        format!("{}/files/{path}", self.cluster.nodes[index].transfer_url())
    }

    pub(crate) async fn put(&self, index: usize, account: &str, path: &str, body: Vec<u8>) -> Result<Response> {
        let request = self.cluster.client().put(self.file_url(index, path)).body(body).timeout(Duration::from_secs(20));
        Ok(request.basic_auth(account, Some(PASSWORD)).send().await?)
    }

    pub(crate) async fn get(&self, index: usize, account: &str, path: &str) -> Result<(StatusCode, Vec<u8>)> {
        let request = self.cluster.client().get(self.file_url(index, path)).timeout(Duration::from_secs(20));
        let answer = request.basic_auth(account, Some(PASSWORD)).send().await?;
        Ok((answer.status(), answer.bytes().await?.to_vec()))
    }

    /// Uploads and gives the transfer's id.
    pub(crate) async fn upload(&self, index: usize, account: &str, path: &str, body: Vec<u8>) -> Result<u64> {
        let answer = self.put(index, account, path, body).await?;
        let status = answer.status();
        let text = answer.text().await?;
        ensure!(status == StatusCode::CREATED, "{status}: {text}");
        let answer: serde_json::Value = serde_json::from_str(&text)?;
        answer["transfer"].as_u64().with_context(|| format!("no transfer in {text}"))
    }

    pub(crate) async fn transfer(&self, index: usize, id: u64) -> Result<TransferView> {
        let answer = self.cluster.command(index, &["transfers", "show", &id.to_string()]).await?;
        Ok(serde_json::from_value(answer)?)
    }

    /// Waits until a transfer has ended, and gives its row.
    pub(crate) async fn ended(&self, index: usize, id: u64) -> Result<TransferView> {
        wait_until("the transfer ends", DEADLINE, async || {
            let view = self.transfer(index, id).await?;
            Ok(view.ended_at.is_some().then_some(view))
        })
        .await
    }

    /// All transfers of an account, newest first.
    pub(crate) async fn transfers(&self, index: usize, account: &str) -> Result<Vec<TransferView>> {
        let mut all = Vec::new();
        let mut cursor: Option<u64> = None;
        loop {
            let text = cursor.map(|cursor| cursor.to_string());
            let mut arguments = vec!["transfers", "list", "--account", account, "--limit", "1000"];
            if let Some(text) = &text {
                arguments.extend(["--cursor", text]);
            }
            let page: Page<TransferView> = serde_json::from_value(self.cluster.command(index, &arguments).await?)?;
            all.extend(page.items);
            cursor = page.next_cursor;
            if cursor.is_none() {
                return Ok(all);
            }
        }
    }

    pub(crate) async fn event_statistics(&self, index: usize) -> Result<EventStatistics> {
        Ok(serde_json::from_value(self.cluster.command(index, &["queue", "stats"]).await?)?)
    }

    /// Waits until no event is ready, waiting, blocked or leased.
    pub(crate) async fn drained(&self, index: usize) -> Result<EventStatistics> {
        wait_until("all events have ended", DEADLINE, async || {
            let statistics = self.event_statistics(index).await?;
            let queue = &statistics.queue;
            Ok((queue.ready + queue.waiting + queue.blocked + queue.leased == 0).then_some(statistics))
        })
        .await
    }

    /// Waits until all nodes have applied the same and have the same digest there.
    pub(crate) async fn converged(&self) -> Result<()> {
        wait_until("all nodes have the same state", DEADLINE, async || {
            let mut seen = Vec::new();
            for index in 0..self.cluster.nodes.len() {
                let consensus = self.node_status(index).await?.consensus;
                seen.push((consensus.applied_index, consensus.digest));
            }
            let same_index = seen.iter().all(|(index, _)| *index == seen[0].0);
            if same_index {
                ensure!(seen.iter().all(|state| *state == seen[0]), "nodes differ at one index: {seen:?}");
            }
            Ok(same_index.then_some(()))
        })
        .await
    }
}
