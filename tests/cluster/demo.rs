//! The demo as a person uses it: told to end too early, asked for what its folder is not, on ports that others have.

use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use anyhow::{Context, Result};
use flotilla_local::{Layout, NodePorts, free_base_port, wait_until};
use rustix::process::{Pid, Signal, kill_process};

use crate::common::{DEADLINE, binary};

fn demo(dir: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(binary());
    command.args(["demo", "--dir"]).arg(dir).args(arguments).stdin(Stdio::null());
    command
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn listens(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_err()
}

fn interrupt(child: &Child) -> Result<()> {
    let id = Pid::from_raw(i32::try_from(child.id())?).context("no process id")?;
    Ok(kill_process(id, Signal::INT)?)
}

async fn wait_for(mut child: Child) -> Result<Output> {
    wait_until("the demo ends", DEADLINE, async || Ok(child.try_wait()?)).await?;
    Ok(child.wait_with_output()?)
}

#[tokio::test]
async fn ctrl_c_while_it_builds_leaves_no_process() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let base_port = free_base_port(3)?;
    let mut command = demo(dir.path(), &["--base-port", &base_port.to_string()]);
    let child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn()?;
    let ports = NodePorts::of(base_port, 1);
    wait_until("the first node listens", DEADLINE, async || Ok(listens(ports.admin).then_some(()))).await?;
    interrupt(&child)?;
    let ended = wait_for(child).await?;
    assert_eq!(ended.status.code(), Some(1), "{}", stderr(&ended));
    assert!(stderr(&ended).contains("interrupted"), "{}", stderr(&ended));
    assert!((1..=3).all(|number| NodePorts::of(base_port, number).first_busy().is_none()), "a node still runs");
    Ok(())
}

#[tokio::test]
async fn it_resumes_stops_at_ctrl_c_and_is_what_its_folder_says() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let base_port = free_base_port(1)?;
    let port = base_port.to_string();
    let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, NodePorts::of(base_port, 1).transfer))?;
    let refused = demo(dir.path(), &["--once", "--nodes", "1", "--base-port", &port]).output()?;
    assert!(stderr(&refused).contains("is in use"), "{}", stderr(&refused));
    drop(taken);

    let made = demo(dir.path(), &["--once", "--nodes", "1", "--base-port", &port]).output()?;
    assert!(made.status.success(), "{}", stderr(&made));
    for (arguments, said) in [(["--nodes", "3"], "has 1 nodes"), (["--base-port", "40000"], "has base port")] {
        let refused = demo(dir.path(), &arguments).output()?;
        assert!(!refused.status.success() && stderr(&refused).contains(said), "{}", stderr(&refused));
    }

    // As if it had been cut off before it knew its partner.
    std::fs::remove_file(dir.path().join("partner.json"))?;
    let printed = dir.path().join("printed");
    let child = demo(dir.path(), &[]).stdout(std::fs::File::create(&printed)?).stderr(Stdio::piped()).spawn()?;
    wait_until("it stays in the foreground", DEADLINE, async || {
        Ok(std::fs::read_to_string(&printed)?.contains("press Ctrl-C").then_some(()))
    })
    .await?;
    interrupt(&child)?;
    let ended = wait_for(child).await?;
    assert!(ended.status.success(), "{}", stderr(&ended));
    assert!(NodePorts::of(base_port, 1).first_busy().is_none(), "the node still runs");

    let file = dir.path().join("cluster.json");
    let layout = Layout::load(dir.path())?.context("no layout")?;
    Layout { nodes: 3, ..layout }.save(dir.path())?;
    let refused = demo(dir.path(), &["--once"]).output()?;
    assert!(stderr(&refused).contains("does not describe"), "{}", stderr(&refused));
    std::fs::write(file, "{")?;
    let refused = demo(dir.path(), &["--once"]).output()?;
    assert!(stderr(&refused).contains("is damaged"), "{}", stderr(&refused));
    Ok(())
}
