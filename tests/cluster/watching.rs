//! `--watch`: goes on while nodes fail, and ends well.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use anyhow::{Context, Result};
use flotilla_local::wait_until;
use parking_lot::Mutex;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::common::{DEADLINE, Scene, binary};
use crate::terminal::Terminal;

/// A command that goes on, and the lines that it has said.
pub(crate) struct Watch {
    child: Child,
    pub(crate) out: Arc<Mutex<Vec<String>>>,
    pub(crate) complaints: Arc<Mutex<Vec<String>>>,
}

fn follow(reader: impl std::io::Read + Send + 'static) -> Arc<Mutex<Vec<String>>> {
    let lines = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&lines);
    std::thread::spawn(move || {
        BufReader::new(reader).lines().map_while(Result::ok).for_each(|line| kept.lock().push(line))
    });
    lines
}

impl Watch {
    pub(crate) fn start(arguments: &[&str]) -> Result<Self> {
        let mut command = Command::new(binary());
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn()?;
        let out = follow(child.stdout.take().context("no output")?);
        let complaints = follow(child.stderr.take().context("no output")?);
        Ok(Self { child, out, complaints })
    }

    pub(crate) async fn says(&self, what: &str, lines: &Mutex<Vec<String>>, from: usize, part: &str) -> Result<()> {
        wait_until(what, DEADLINE, async || {
            Ok(lines.lock().iter().skip(from).any(|line| line.contains(part)).then_some(()))
        })
        .await
        .with_context(|| format!("it said {:?} and {:?}", self.out.lock(), self.complaints.lock()))
    }

    /// Ctrl-C, and the exit code.
    pub(crate) async fn interrupted(&mut self) -> Result<Option<i32>> {
        let pid = Pid::from_raw(i32::try_from(self.child.id())?).context("no process")?;
        kill_process(pid, Signal::INT)?;
        Ok(wait_until("it ends", DEADLINE, async || Ok(self.child.try_wait()?)).await?.code())
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test]
async fn a_line_of_json_each_time_and_a_node_that_dies_is_survived() -> Result<()> {
    let mut scene = Scene::start(1).await?;
    let config = scene.cluster.nodes[0].config_file().display().to_string();
    let mut watch = Watch::start(&["queue", "stats", "--watch=1", "--json", "--config", &config])?;
    wait_until("two answers", DEADLINE, async || Ok((watch.out.lock().len() >= 2).then_some(()))).await?;
    for line in watch.out.lock().iter() {
        let value: Value = serde_json::from_str(line)?;
        assert_eq!(value["queue"]["ready"], 0, "{line}");
    }
    scene.cluster.nodes[0].kill()?;
    watch.says("the failure is told", &watch.complaints, 0, "cannot be reached").await?;
    let before = watch.out.lock().len();
    scene.cluster.start_node(0)?;
    watch.says("it goes on", &watch.out, before, "published_total").await?;
    assert_eq!(watch.interrupted().await?, Some(0));
    Ok(())
}

#[tokio::test]
async fn a_refusal_ends_it_and_text_is_drawn_in_place_on_a_terminal() -> Result<()> {
    let scene = Scene::start(1).await?;
    scene.partner("alice", &[]).await?;
    let config = scene.cluster.nodes[0].config_file().display().to_string();
    let mut watch = Watch::start(&["queue", "show", "999", "--watch=1", "--config", &config])?;
    let code = wait_until("it ends", DEADLINE, async || Ok(watch.child.try_wait()?)).await?.code();
    assert_eq!(code, Some(1), "{:?}", watch.complaints.lock());
    let mut terminal = Terminal::start(&["account", "list", "--watch=1", "--config", &config], &[], 100, 12)?;
    terminal.shows("the list", |text| text.contains("alice") && text.contains("every 1 s")).await?;
    scene.partner("bob", &[]).await?;
    let screen = terminal.shows("the next list in its place", |text| text.contains("bob")).await?;
    assert_eq!(screen.matches("alice").count(), 1, "{screen}");
    terminal.press("\u{3}")?;
    assert_eq!(terminal.ended().await?, Some(0));
    Ok(())
}
