//! The event queue of the cluster under test, through the commands and the REST interface that administrators have.
//!
//! The one place that knows their words.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use flotilla_admin::Client;
use flotilla_admin::api::EventStatistics;
use flotilla_local::wait_until;

use crate::bed::{ACCOUNT, Bed};
use crate::statistics::Figure;

const WORKERS: &str = "Cluster.ThreadPools.ThreadPool.GeneralMessageProcessing.maxThreads";
const EVENTS_MAX: &str = "EventQueue.maxEvents";
const EVENTS_MAX_VALUE: &str = "10000000";
const BYTES_MAX: &str = "EventQueue.maxBytes";
const BYTES_MAX_VALUE: &str = "68719476736";
/// A change of a parameter is live within a second; a loaded machine gets more.
const SETTLE_DEADLINE: Duration = Duration::from_secs(30);

pub(crate) struct Queue<'a> {
    bed: &'a Bed,
    /// Of each node.
    clients: Vec<Client>,
}

impl<'a> Queue<'a> {
    pub(crate) fn of(bed: &'a Bed) -> Result<Self> {
        let clients = (0..bed.cluster.nodes.len()).map(|index| bed.administrator(index)).collect::<Result<_>>()?;
        Ok(Self { bed, clients })
    }

    /// The route of a kind: one step.
    pub(crate) async fn set_route(&self, kind: &str, step: &str, flags: &[&str]) -> Result<()> {
        let mut words = vec!["route", "set", ACCOUNT, "--kind", kind, "--step", step];
        words.extend_from_slice(flags);
        self.bed.cluster.command(0, &words).await?;
        Ok(())
    }

    /// Keeps the account's events in the queue.
    pub(crate) async fn pause(&self) -> Result<()> {
        self.bed.cluster.command(0, &["queue", "pause", ACCOUNT]).await?;
        Ok(())
    }

    pub(crate) async fn resume(&self) -> Result<()> {
        self.bed.cluster.command(0, &["queue", "resume", ACCOUNT]).await?;
        Ok(())
    }

    /// Gives each node's pool this size, and waits until it has it.
    pub(crate) async fn set_workers(&self, of_each_node: u64) -> Result<()> {
        self.clients[0].set_parameter(WORKERS, Some(&of_each_node.to_string()), None).await?;
        wait_until("the pools have their size", SETTLE_DEADLINE, async || {
            for client in &self.clients {
                if client.status().await?.gmp.workers != of_each_node {
                    return Ok(None);
                }
            }
            Ok(Some(()))
        })
        .await
    }

    pub(crate) async fn reset_workers(&self) -> Result<()> {
        self.clients[0].set_parameter(WORKERS, None, None).await?;
        Ok(())
    }

    /// Makes room for measurements that do not end at the bounds of the queue.
    pub(crate) async fn raise_bounds(&self) -> Result<()> {
        let known = self.clients[0].parameters().await?;
        for (name, value) in [(EVENTS_MAX, EVENTS_MAX_VALUE), (BYTES_MAX, BYTES_MAX_VALUE)] {
            // An older program has fewer bounds.
            if known.iter().any(|parameter| parameter.name == name) {
                let set = self.clients[0].set_parameter(name, Some(value), None).await;
                set.with_context(|| format!("cannot set {name}"))?;
            }
        }
        Ok(())
    }

    pub(crate) async fn statistics(&self) -> Result<EventStatistics> {
        Ok(self.clients[0].event_statistics().await?)
    }

    /// Waits until this many events were completed since the cluster was made; every one of them must have ended well.
    pub(crate) async fn wait_completed(&self, goal: u64, deadline: Duration) -> Result<()> {
        let what = format!("{goal} events are completed");
        let after = wait_until(&what, deadline, async || {
            let now = self.statistics().await?;
            Ok((now.completed_total >= goal || now.queue.dead + now.queue.outcome_unknown > 0).then_some(now))
        })
        .await?;
        ensure!(after.queue.dead == 0, "{} events are dead", after.queue.dead);
        ensure!(after.queue.outcome_unknown == 0, "{} events have an unknown outcome", after.queue.outcome_unknown);
        ensure!(after.completed_total == goal, "{} events were completed instead of {goal}", after.completed_total);
        Ok(())
    }

    /// Resident memory of each node, in the nodes' order.
    pub(crate) fn resident_mib(&self, name: &str) -> Result<Figure> {
        let nodes = (0..self.clients.len()).map(|index| self.bed.resident_mib(index)).collect::<Result<_>>()?;
        Ok(Figure::of(name, "MiB", nodes))
    }
}
