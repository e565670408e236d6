//! The cluster: made by `init` and `join`, started, stopped, started again.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use serde_json::Value;

use crate::client::https_client;
use crate::layout::Layout;
use crate::node::LocalNode;
use crate::place::Place;
use crate::ports::NodePorts;
use crate::wait::wait_until;

/// How long a node may take until it is ready. A loaded machine with a debug build needs many seconds.
const READY_DEADLINE: Duration = Duration::from_secs(60);
const STOP_DEADLINE: Duration = Duration::from_secs(30);

/// What is being done, for a progress display.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    Initialise { node: u16 },
    Join { node: u16 },
    Start { node: u16 },
    Ready { node: u16 },
}

/// A cluster of processes on this machine.
pub struct LocalCluster {
    pub dir: PathBuf,
    pub layout: Layout,
    pub nodes: Vec<LocalNode>,
    /// After the nodes, so that a network of their own goes after them.
    place: Place,
    binary: PathBuf,
    environment: Vec<(String, String)>,
    client: reqwest::Client,
}

#[derive(Deserialize)]
struct InitAnswer {
    administrator: String,
    password: String,
}

#[derive(Deserialize)]
struct TokenAnswer {
    token: String,
}

impl LocalCluster {
    /// Starts the cluster of `dir` on the loopback interface; sets it up first when the folder is new. `environment` goes to
    /// every node's process.
    pub async fn start(
        binary: &Path,
        dir: &Path,
        nodes: u16,
        base_port: u16,
        environment: &[(String, String)],
        progress: impl FnMut(Step),
    ) -> Result<Self> {
        Self::start_at(Place::Loopback, binary, dir, nodes, base_port, environment, progress).await
    }

    /// The same at any place. A cluster that is set up already has its addresses in its configuration: it must be started
    /// again at the same place.
    pub async fn start_at(
        place: Place,
        binary: &Path,
        dir: &Path,
        nodes: u16,
        base_port: u16,
        environment: &[(String, String)],
        mut progress: impl FnMut(Step),
    ) -> Result<Self> {
        std::fs::create_dir_all(dir).with_context(|| format!("cannot create {}", dir.display()))?;
        let dir = dir.canonicalize()?;
        let known = Layout::load(&dir)?;
        let resumed = known.is_some();
        let (size, first) = known.as_ref().map_or((nodes, base_port), |known| (known.nodes, known.base_port));
        if place.is_loopback()
            && let Some(port) = (1..=size).find_map(|number| NodePorts::of(first, number).first_busy())
        {
            let way_out = if resumed { "" } else { ", or choose another --base-port" };
            bail!("port {port} is in use: end the program that listens there{way_out}");
        }
        let layout = match known {
            Some(layout) => layout,
            None => {
                progress(Step::Initialise { node: 1 });
                Self::initialise(&place, binary, &dir, nodes, base_port).await?
            }
        };
        let node =
            |number| LocalNode::new(number, Layout::node_dir(&dir, number), layout.ports(number), &place, binary);
        let client = https_client(&[node(1).authority_file()])?;
        let mut cluster = Self {
            nodes: (1..=layout.nodes).map(node).collect(),
            dir: dir.clone(),
            binary: binary.to_owned(),
            environment: environment.to_vec(),
            client,
            layout,
            place: place.clone(),
        };
        if resumed {
            cluster.resume(&mut progress).await?;
        } else {
            cluster.build(&mut progress).await?;
        }
        Ok(cluster)
    }

    async fn initialise(place: &Place, binary: &Path, dir: &Path, nodes: u16, base_port: u16) -> Result<Layout> {
        let mut layout =
            Layout { nodes, base_port, administrator: String::new(), administrator_password: String::new() };
        let node_dir = Layout::node_dir(dir, 1);
        // Cluster.json is written last: a folder without it holds at most an unfinished attempt.
        if node_dir.exists() {
            bail!(
                "{} is left from an attempt that was cut off: remove {} and try again",
                node_dir.display(),
                dir.display()
            );
        }
        let mut arguments = strings(&["init"]);
        arguments.extend(place_arguments(place, &node_dir, &layout, 1));
        arguments.extend(strings(&["--cluster-name", "local"]));
        let answer: InitAnswer = serde_json::from_value(run_command(place.command(1, binary), arguments).await?)?;
        layout.administrator = answer.administrator;
        layout.administrator_password = answer.password;
        Ok(layout)
    }

    async fn build(&mut self, progress: &mut impl FnMut(Step)) -> Result<()> {
        for index in 0..self.nodes.len() {
            let number = self.nodes[index].number;
            if index > 0 {
                progress(Step::Join { node: number });
                self.join(index).await?;
            }
            progress(Step::Start { node: number });
            self.start_node(index)?;
            progress(Step::Ready { node: number });
            self.wait_ready(index).await?;
        }
        self.layout.save(&self.dir)?;
        self.trust_all()
    }

    /// Takes a further node in, through the first one that runs, and waits until it serves. Gives its index.
    pub async fn add_node(&mut self) -> Result<usize> {
        let last = self.nodes.iter().map(|node| node.number).max().unwrap_or(0);
        self.add_node_numbered(last + 1).await
    }

    /// The same with a number, and so with ports, of the caller's choice: those of a removed node stay its own.
    pub async fn add_node_numbered(&mut self, number: u16) -> Result<usize> {
        let dir = Layout::node_dir(&self.dir, number);
        self.nodes.push(LocalNode::new(number, dir, self.layout.ports(number), &self.place, &self.binary));
        let index = self.nodes.len() - 1;
        self.join(index).await?;
        self.start_node(index)?;
        self.wait_ready(index).await?;
        self.trust_all()?;
        Ok(index)
    }

    /// Takes a witness in; it has no port for partners to wait for.
    pub async fn add_witness(&mut self) -> Result<usize> {
        let number = self.nodes.iter().map(|node| node.number).max().unwrap_or(0) + 1;
        let dir = Layout::node_dir(&self.dir, number);
        self.nodes.push(LocalNode::new(number, dir, self.layout.ports(number), &self.place, &self.binary));
        let index = self.nodes.len() - 1;
        self.join_as(index, "witness").await?;
        self.start_node(index)?;
        Ok(index)
    }

    async fn join(&self, index: usize) -> Result<()> {
        self.join_as(index, "full").await
    }

    async fn join_as(&self, index: usize, role: &str) -> Result<()> {
        let config = self.nodes[0].config_file().display().to_string();
        let mut arguments = strings(&["token", "create", "--config"]);
        arguments.push(config);
        let token: TokenAnswer = serde_json::from_value(run_command(self.program(0), arguments).await?)?;
        let mut arguments = strings(&["join"]);
        let node = &self.nodes[index];
        arguments.extend(place_arguments(&self.place, &node.dir, &self.layout, node.number));
        arguments.extend(["--primary".to_owned(), self.nodes[0].admin_url(), "--token".to_owned(), token.token]);
        arguments.extend(["--role".to_owned(), role.to_owned()]);
        run_command(self.program(index), arguments).await.map(|_| ())
    }

    async fn resume(&mut self, progress: &mut impl FnMut(Step)) -> Result<()> {
        self.trust_all()?;
        for index in 0..self.nodes.len() {
            progress(Step::Start { node: self.nodes[index].number });
            self.start_node(index)?;
        }
        for index in 0..self.nodes.len() {
            progress(Step::Ready { node: self.nodes[index].number });
            self.wait_ready(index).await?;
        }
        Ok(())
    }

    fn trust_all(&mut self) -> Result<()> {
        let authorities: Vec<_> = self.nodes.iter().map(LocalNode::authority_file).collect();
        self.client = https_client(&authorities)?;
        Ok(())
    }

    /// A client that trusts the CAs of all nodes.
    pub fn client(&self) -> &reqwest::Client {
        &self.client
    }

    pub fn start_node(&mut self, index: usize) -> Result<()> {
        self.nodes[index].start(&self.environment)
    }

    /// Waits until a node serves.
    pub async fn wait_ready(&mut self, index: usize) -> Result<()> {
        let what = format!("node {} is ready", index + 1);
        let client =
            if index == 0 { self.client.clone() } else { https_client(&[self.nodes[index].authority_file()])? };
        let node = &mut self.nodes[index];
        let url = format!("{}/readyz", node.admin_url());
        let ask = async || {
            if let Some(status) = node.has_ended()? {
                return Ok(Some(Err(status)));
            }
            let answer = client.get(&url).timeout(Duration::from_secs(2)).send().await?;
            Ok(answer.status().is_success().then_some(Ok(())))
        };
        match wait_until(&what, READY_DEADLINE, ask).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(status)) => bail!("node {} ended with {status}; its log says:\n{}", index + 1, node.log_tail(15)),
            Err(error) => bail!("{error:#}; the last lines of its log:\n{}", node.log_tail(15)),
        }
    }

    /// Stops all nodes in order: the last one of the list first, the first one last.
    pub async fn stop(&mut self) -> Result<()> {
        let mut problems = Vec::new();
        for node in self.nodes.iter_mut().rev() {
            // One that a test or a person has killed needs no stopping.
            if node.process_id().is_none() || node.has_ended()?.is_some() {
                continue;
            }
            match node.stop(STOP_DEADLINE).await {
                Ok(status) if status.success() => {}
                Ok(status) => problems.push(format!("node {} ended with {status}", node.number)),
                Err(error) => problems.push(format!("{error:#}")),
            }
        }
        if problems.is_empty() { Ok(()) } else { bail!(problems.join("; ")) }
    }

    /// The program, where that node is.
    fn program(&self, index: usize) -> Command {
        self.place.command(self.nodes[index].number, &self.binary)
    }

    /// Runs a command of the program against node `index` (0-based) and gives its JSON.
    pub async fn command(&self, index: usize, arguments: &[&str]) -> Result<Value> {
        let mut all = strings(arguments);
        all.extend(["--config".to_owned(), self.nodes[index].config_file().display().to_string()]);
        run_command(self.program(index), all).await
    }

    /// The same, with `input` on its standard input (for passwords).
    pub async fn command_with_input(&self, index: usize, arguments: &[&str], input: &str) -> Result<Value> {
        let mut all = strings(arguments);
        all.extend(["--config".to_owned(), self.nodes[index].config_file().display().to_string()]);
        run_with_input(self.program(index), all, input).await
    }
}

fn strings(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

fn place_arguments(place: &Place, dir: &Path, layout: &Layout, number: u16) -> Vec<String> {
    let ports = layout.ports(number);
    let mut arguments = strings(&["--dir"]);
    arguments.push(dir.display().to_string());
    let host = place.host(number);
    arguments.extend(strings(&["--name", &host, "--bind", &host, "--cluster-port"]));
    arguments.push(ports.cluster.to_string());
    arguments.extend(["--admin-port".to_owned(), ports.admin.to_string()]);
    arguments.extend(["--transfer-port".to_owned(), ports.transfer.to_string()]);
    arguments
}

async fn run_command(program: Command, arguments: Vec<String>) -> Result<Value> {
    run_with_input(program, arguments, "").await
}

async fn run_with_input(mut command: Command, mut arguments: Vec<String>, input: &str) -> Result<Value> {
    arguments.push("--json".to_owned());
    let input = input.to_owned();
    tokio::task::spawn_blocking(move || {
        use std::io::Write;
        let shown = arguments.first().cloned().unwrap_or_default();
        command.args(&arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let program = command.get_program().to_owned();
        let mut child = command.spawn().with_context(|| format!("cannot start {}", program.display()))?;
        if let Some(mut stdin) = child.stdin.take() {
            // A command that reads nothing may have closed it already.
            let _ = stdin.write_all(input.as_bytes());
        }
        let output = child.wait_with_output()?;
        if !output.status.success() {
            bail!("'flotilla {shown}' failed: {}", String::from_utf8_lossy(&output.stderr).trim());
        }
        if output.stdout.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_slice(&output.stdout).with_context(|| format!("'flotilla {shown}' printed no JSON"))
    })
    .await?
}
