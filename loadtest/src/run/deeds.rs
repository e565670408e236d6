//! Does to the cluster what the scenario says, at its times.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use flotilla_admin::api::LaneChange;
use flotilla_local::{LocalCluster, wait_until};
use tokio::sync::watch;

use super::client::LoadClient;
use super::sampler::Processes;
use super::target::Target;
use crate::report::run::Mark;
use crate::scenario::{Deed, Moment, Role, Which};

const STOP_DEADLINE: Duration = Duration::from_secs(60);
/// Until a node that was started again takes part.
const BACK_DEADLINE: Duration = Duration::from_secs(120);

/// Who does it.
pub(crate) struct Doer {
    pub(crate) target: Arc<Target>,
    /// None when the cluster is not the harness' own.
    pub(crate) cluster: Option<LocalCluster>,
    pub(crate) processes: Processes,
    /// Their accounts' lanes are those that are paused.
    pub(crate) loads: Vec<Arc<LoadClient>>,
    pub(crate) begun: Instant,
    pub(crate) are_lanes_paused: bool,
}

impl Doer {
    /// Goes through the timeline; gives what was done when, and the cluster back. A deed that fails ends it.
    pub(crate) async fn run(
        mut self,
        timeline: Vec<Moment>,
        mut stop: watch::Receiver<bool>,
    ) -> (Vec<Mark>, Result<()>, Option<LocalCluster>) {
        let mut marks = Vec::new();
        let done = self.go_through(timeline, &mut stop, &mut marks).await;
        // Or what is queued would never be worked off.
        let resumed = if self.are_lanes_paused { self.set_lanes(false, &mut marks).await } else { Ok(()) };
        (marks, done.and(resumed), self.cluster)
    }

    async fn go_through(
        &mut self,
        timeline: Vec<Moment>,
        stop: &mut watch::Receiver<bool>,
        marks: &mut Vec<Mark>,
    ) -> Result<()> {
        for moment in timeline {
            let time = tokio::time::Instant::from_std(self.begun + Duration::from_secs_f64(moment.s));
            let is_late = *stop.borrow();
            let is_stopped = tokio::select! {
                biased;
                // First, so that what is due at the very end is done.
                () = tokio::time::sleep_until(time) => false,
                _ = stop.wait_for(|stop| *stop) => true,
            };
            ensure!(!is_late && !is_stopped, "the load was over before what was due at {} s was begun", moment.s);
            let done = self.act(&moment.deed, marks).await;
            done.with_context(|| format!("at {} s", moment.s))?;
        }
        Ok(())
    }

    fn now_s(&self) -> f64 {
        self.begun.elapsed().as_secs_f64()
    }

    /// Notes what lasts from now on; [`Self::over`] ends it.
    fn note(&self, marks: &mut Vec<Mark>, text: String) {
        marks.push(Mark { at_s: self.now_s(), until_s: None, text });
    }

    fn over(&self, marks: &mut [Mark]) {
        if let Some(mark) = marks.last_mut() {
            mark.until_s = Some(self.now_s());
        }
    }

    async fn act(&mut self, deed: &Deed, marks: &mut Vec<Mark>) -> Result<()> {
        match deed {
            Deed::Kill { node, for_s } => {
                let (index, name) = self.find(*node).await?;
                self.note(marks, format!("kill -9 {name}"));
                self.cluster()?.nodes[index].kill()?;
                self.update_processes();
                tokio::time::sleep(Duration::from_secs_f64(*for_s)).await;
                self.start(index).await?;
                self.over(marks);
            }
            Deed::Pause { node, for_s } => {
                let (index, name) = self.find(*node).await?;
                self.note(marks, format!("freeze {name}"));
                self.cluster()?.nodes[index].pause()?;
                tokio::time::sleep(Duration::from_secs_f64(*for_s)).await;
                self.cluster()?.nodes[index].resume()?;
                self.back(index).await?;
                self.over(marks);
            }
            Deed::Cut { node, for_s } => {
                let (index, name) = self.find(*node).await?;
                self.note(marks, format!("cut off {name}"));
                self.cluster()?.nodes[index].cut()?;
                tokio::time::sleep(Duration::from_secs_f64(*for_s)).await;
                self.cluster()?.nodes[index].join()?;
                self.back(index).await?;
                self.over(marks);
            }
            Deed::Restart { node } => {
                let (index, name) = self.find(*node).await?;
                self.restart(index, &name, marks).await?;
            }
            Deed::Roll {} => {
                let primary = self.target.find_primary().await?;
                let nodes = self.target.gateways.len();
                for step in 1..=nodes {
                    let index = (primary + step) % nodes;
                    self.restart(index, &name(index, primary), marks).await?;
                }
            }
            Deed::HandOver {} => {
                self.note(marks, "hand over the lead".to_owned());
                let answer = self.target.ask(|client| client.hand_over(None)).await?;
                marks.last_mut().into_iter().for_each(|mark| {
                    mark.text = format!("lead handed over to node {} in {} ms", answer.to, answer.took_ms)
                });
                self.over(marks);
            }
            Deed::Set { parameter, value } => {
                self.note(marks, format!("{} = {value}", parameter.rsplit('.').next().unwrap_or(parameter)));
                self.target.ask(|client| client.set_parameter(parameter, Some(value), None)).await?;
            }
            Deed::PauseLanes {} => self.set_lanes(true, marks).await?,
            Deed::ResumeLanes {} => self.set_lanes(false, marks).await?,
        }
        Ok(())
    }

    fn cluster(&mut self) -> Result<&mut LocalCluster> {
        self.cluster.as_mut().context("only processes of the harness' own cluster can be stopped")
    }

    /// Index and name of a node.
    async fn find(&self, which: Which) -> Result<(usize, String)> {
        let primary = self.target.find_primary().await?;
        let index = match which {
            Which::Number(number) => usize::from(number) - 1,
            Which::Role(Role::Primary) => primary,
            Which::Role(Role::Secondary) => (primary + 1) % self.target.gateways.len(),
        };
        Ok((index, name(index, primary)))
    }

    fn update_processes(&self) {
        let Some(cluster) = &self.cluster else { return };
        *self.processes.lock() = cluster.nodes.iter().map(flotilla_local::LocalNode::process_id).collect();
    }

    async fn restart(&mut self, index: usize, name: &str, marks: &mut Vec<Mark>) -> Result<()> {
        self.note(marks, format!("restart {name}"));
        let status = self.cluster()?.nodes[index].stop(STOP_DEADLINE).await?;
        ensure!(status.success(), "{name} ended with {status}");
        self.update_processes();
        self.start(index).await?;
        self.over(marks);
        Ok(())
    }

    async fn start(&mut self, index: usize) -> Result<()> {
        self.cluster()?.start_node(index)?;
        self.update_processes();
        self.cluster()?.wait_ready(index).await?;
        self.back(index).await
    }

    /// Waits until a node has caught up and the cluster can do without another one.
    async fn back(&self, index: usize) -> Result<()> {
        let url = self.target.administrators[index].url().to_owned();
        wait_until(&format!("node {} takes part again", index + 1), BACK_DEADLINE, async || {
            let status = self.target.ask(flotilla_admin::Client::cluster).await?;
            let node =
                status.nodes.iter().find(|node| node.admin_url == url).context("the node is no member any more")?;
            // Load goes on, so its log is never quite at the end.
            let is_near = node.lag_entries.is_some_and(|lag| lag < 1000);
            Ok((node.is_up && is_near && status.primary.is_some()).then_some(()))
        })
        .await
    }

    async fn set_lanes(&mut self, is_paused: bool, marks: &mut Vec<Mark>) -> Result<()> {
        self.note(marks, if is_paused { "lanes paused" } else { "lanes resumed" }.to_owned());
        self.are_lanes_paused = is_paused;
        let change = LaneChange { is_paused: Some(is_paused), ..LaneChange::default() };
        for load in self.loads.iter().filter(|load| load.load.work.is_some()) {
            for number in 0..u64::from(load.load.accounts) {
                let lane = load.account(number);
                self.target
                    .ask(|client| client.set_lane(&lane, &change))
                    .await
                    .with_context(|| format!("lane {lane}"))?;
            }
        }
        Ok(())
    }
}

fn name(index: usize, primary: usize) -> String {
    let role = if index == primary { " (the primary)" } else { "" };
    format!("node {}{role}", index + 1)
}
