//! The cluster of a run: started for it, or there already.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use flotilla_admin::api::NodeRole;
use flotilla_admin::{Client, LocalToken, Login};
use flotilla_local::{LocalCluster, LocalNode, Place, free_base_port, tls_client_config, wait_until};
use parking_lot::Mutex;

use super::RunScenarioArguments;
use super::sampler::Processes;
use super::target::Target;
use crate::collector::progress;
use crate::scenario::Scenario;

const SETTLE_DEADLINE: Duration = Duration::from_secs(60);

pub(crate) struct Site {
    pub(crate) target: Arc<Target>,
    /// The harness' own; lent to who does something to its processes.
    pub(crate) cluster: Option<LocalCluster>,
    pub(crate) processes: Processes,
    /// Values of before, of a cluster that is there when the run is over.
    former: Vec<(String, Option<String>)>,
    /// Removed with it.
    _folder: Option<tempfile::TempDir>,
}

impl Site {
    pub(crate) async fn open(arguments: &RunScenarioArguments, scenario: &Scenario) -> Result<Self> {
        let mut site = match &arguments.admin_url {
            Some(url) => Self::given(arguments, url).await?,
            None => Self::start(arguments, scenario).await?,
        };
        for name in scenario.parameters_touched() {
            let known = site.target.ask(|client| client.parameter(name)).await;
            let known = known.with_context(|| format!("cannot read {name}"))?;
            site.former.push((name.to_owned(), (!known.is_default).then_some(known.value)));
        }
        match site.set_parameters(scenario).await {
            Ok(()) => Ok(site),
            Err(error) => {
                // Some may be set by then. Why it was not possible says more than that they could not be put back.
                let _ = site.close().await;
                Err(error)
            }
        }
    }

    async fn set_parameters(&self, scenario: &Scenario) -> Result<()> {
        for (name, value) in &scenario.cluster.parameters {
            let set = self.target.ask(|client| client.set_parameter(name, Some(value), None)).await;
            set.with_context(|| format!("cannot set {name}"))?;
        }
        Ok(())
    }

    async fn start(arguments: &RunScenarioArguments, scenario: &Scenario) -> Result<Self> {
        let folder = if arguments.dir.is_none() { Some(tempfile::tempdir()?) } else { None };
        let dir = match (&arguments.dir, &folder) {
            (Some(dir), _) => dir.clone(),
            (None, folder) => folder.as_ref().context("no folder")?.path().join("cluster"),
        };
        let nodes = scenario.cluster.nodes;
        progress(format!("a cluster of {nodes} nodes is started"));
        let binary = arguments.binary.path()?;
        let needs_namespaces = scenario.timeline.iter().any(|moment| moment.deed.needs_namespaces());
        let place = if needs_namespaces { Place::namespaces(nodes)? } else { Place::Loopback };
        let port = free_base_port(nodes)?;
        let cluster = LocalCluster::start_at(place, &binary, &dir, nodes, port, &[], |_| {}).await?;
        let administrator = |node: &LocalNode| {
            let tls = tls_client_config(&[node.authority_file()])?;
            anyhow::Ok(Client::new(&node.admin_url(), tls, Login::Local(LocalToken::load(&node.dir)?))?)
        };
        let administrators = cluster.nodes.iter().map(administrator).collect::<Result<_>>()?;
        let gateways = cluster.nodes.iter().map(LocalNode::transfer_url).collect();
        let authorities = cluster.nodes.iter().map(LocalNode::authority_file).collect();
        let processes = cluster.nodes.iter().map(LocalNode::process_id).collect();
        let target = Arc::new(Target::new(gateways, administrators, authorities));
        settled(&target).await?;
        Ok(Self {
            target,
            cluster: Some(cluster),
            processes: Arc::new(Mutex::new(processes)),
            former: Vec::new(),
            _folder: folder,
        })
    }

    async fn given(arguments: &RunScenarioArguments, url: &str) -> Result<Self> {
        let name = arguments.user.clone().context("--user is missing")?;
        let file = arguments.password_file.as_ref().context("--password-file is missing")?;
        let password = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
        let administrator = |url: &str| {
            let tls = tls_client_config(&arguments.ca_file)?;
            let login = Login::Password { name: name.clone(), password: password.trim_end().to_owned().into() };
            anyhow::Ok(Client::new(url, tls, login)?)
        };
        let status = administrator(url)?.cluster().await?;
        let nodes: Vec<_> = status.nodes.iter().filter(|node| node.role != NodeRole::Witness).collect();
        let administrators = nodes.iter().map(|node| administrator(&node.admin_url)).collect::<Result<_>>()?;
        let gateways = nodes.iter().map(|node| node.transfer_url.clone()).collect();
        let target = Arc::new(Target::new(gateways, administrators, arguments.ca_file.clone()));
        Ok(Self { target, cluster: None, processes: Processes::default(), former: Vec::new(), _folder: None })
    }

    /// Stops what was started, or leaves the cluster as it was.
    pub(crate) async fn close(&mut self) -> Result<()> {
        if let Some(cluster) = &mut self.cluster {
            return cluster.stop().await;
        }
        for (name, value) in &self.former {
            let set = self.target.ask(|client| client.set_parameter(name, value.as_deref(), None)).await;
            set.with_context(|| format!("cannot put {name} back"))?;
        }
        Ok(())
    }
}

/// Waits until every node votes and one of them leads.
async fn settled(target: &Target) -> Result<()> {
    wait_until("all nodes are full members", SETTLE_DEADLINE, async || {
        let status = target.ask(Client::cluster).await?;
        let whole = |role| matches!(role, NodeRole::Primary | NodeRole::Secondary);
        let all = status.nodes.iter().all(|node| node.is_up && whole(node.role));
        Ok((all && status.primary.is_some()).then_some(()))
    })
    .await
}
