//! Asks the cluster, round after round: one node for what all of them know, each node for itself.
//!
//! It goes on with another node when the one that it asks fails, as far as the log-in is good there: a member's own token is
//! good for that member only.

use std::collections::BTreeMap;
use std::time::Duration;

use flotilla_admin::api::{ClusterNode, LaneQuery, NodeId, NodeStatus};
use flotilla_admin::{Client, ClientError};
use tokio::sync::mpsc::Sender;
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior};

use super::picture::{Picture, Report};
use crate::connection::Access;

/// A node that takes longer than this is as good as away: the next one is asked.
const PATIENCE: Duration = Duration::from_secs(3);
/// The node that answers asks all the others, of which one may hang: the rest of the picture is good without it.
const MANAGERS_PATIENCE: Duration = Duration::from_secs(1);
/// The doctor lets every node look around, which is no work to be done each second.
const EXAMINE_EVERY: Duration = Duration::from_secs(30);
const EXAMINE_PATIENCE: Duration = Duration::from_secs(20);
/// Lanes that are asked for; what else there is stands in their number.
const LANES_MAX: usize = 200;

/// Until nobody listens.
pub(super) async fn run(access: Access, every: Duration, reporter: Sender<Report>) {
    let mut collector = Collector { access, client: None, members: BTreeMap::new() };
    let mut clock = tokio::time::interval(every);
    clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut doctor = JoinSet::new();
    let mut examined: Option<Instant> = None;
    loop {
        tokio::select! {
            _ = clock.tick() => {}
            Some(found) = doctor.join_next() => {
                let found = found.unwrap_or_else(|error| Err(error.to_string()));
                if reporter.send(Report::Diagnosis(found)).await.is_err() {
                    return;
                }
                continue;
            }
        }
        let report = match collector.round().await {
            Ok(picture) => Report::Picture(Box::new(picture)),
            Err(why) => Report::Failure(why),
        };
        let is_due = examined.is_none_or(|at| at.elapsed() >= EXAMINE_EVERY);
        if is_due && doctor.is_empty() && matches!(report, Report::Picture(_)) {
            examined = Some(Instant::now());
            if let Ok(client) = collector.access.hasty_client(EXAMINE_PATIENCE) {
                doctor.spawn(async move { client.examine(None).await.map_err(|error| error.to_string()) });
            }
        }
        if reporter.send(report).await.is_err() {
            return;
        }
    }
}

struct Collector {
    access: Access,
    client: Option<Client>,
    /// A client for each node, which asks that node about itself.
    members: BTreeMap<NodeId, (String, Client)>,
}

impl Collector {
    async fn round(&mut self) -> Result<Picture, String> {
        let client = match &self.client {
            Some(client) => client.clone(),
            None => self.access.hasty_client(PATIENCE).map_err(|error| format!("{error:#}"))?,
        };
        self.client = Some(client.clone());
        let lanes = LaneQuery { has_events: Some(true), limit: Some(LANES_MAX), ..LaneQuery::default() };
        let paused = LaneQuery {
            has_events: Some(false),
            is_paused: Some(true),
            limit: Some(LANES_MAX),
            ..LaneQuery::default()
        };
        let (cluster, statistics, busy, still, managers) = tokio::join!(
            client.cluster(),
            client.event_statistics(),
            client.lanes(&lanes),
            client.lanes(&paused),
            tokio::time::timeout(MANAGERS_PATIENCE, client.transaction_managers()),
        );
        let said = |error: ClientError| error.to_string();
        let cluster = cluster.map_err(said)?;
        let statistics = statistics.map_err(said)?;
        let mut lanes = busy.map_err(said)?.items;
        lanes.extend(still.map_err(said)?.items);
        self.meet(&cluster.nodes);
        let nodes = self.ask_each(&client, cluster.answered_by).await;
        Ok(Picture {
            answered_by: client.url().to_owned(),
            cluster,
            statistics,
            lanes,
            managers: managers.ok().and_then(Result::ok).unwrap_or_default(),
            nodes,
        })
    }

    /// Gets to know members that came, and forgets those that went.
    fn meet(&mut self, nodes: &[ClusterNode]) {
        if !self.access.is_good_everywhere() {
            return;
        }
        let urls: Vec<&str> = nodes.iter().map(|node| node.admin_url.as_str()).collect();
        if self.access.also(&urls) {
            // From the next round on it may be answered by these, too.
            self.client = None;
        }
        self.members.retain(|id, (url, _)| nodes.iter().any(|node| node.node == *id && node.admin_url == *url));
        for node in nodes {
            if !self.members.contains_key(&node.node)
                && let Ok(client) = self.access.client_of(&node.admin_url, PATIENCE)
            {
                self.members.insert(node.node, (node.admin_url.clone(), client));
            }
        }
    }

    /// What each node says of itself; those that say nothing are left out.
    async fn ask_each(&self, client: &Client, answered_by: NodeId) -> BTreeMap<NodeId, NodeStatus> {
        let mut asked = JoinSet::new();
        if self.members.is_empty() {
            let client = client.clone();
            asked.spawn(async move { (answered_by, client.status().await) });
        }
        for (id, (_, client)) in &self.members {
            let (id, client) = (*id, client.clone());
            asked.spawn(async move { (id, client.status().await) });
        }
        let mut nodes = BTreeMap::new();
        while let Some(answer) = asked.join_next().await {
            if let Ok((id, Ok(status))) = answer
                && status.node == id
            {
                nodes.insert(id, status);
            }
        }
        nodes
    }
}
