//! The demo as a user runs it: a fresh folder, three processes, a real upload; it must end by itself with a good report.

use std::io::Read;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use crate::step::{cargo, describe, run};

/// Three debug processes start and do their work in seconds; a loaded machine gets a lot more.
const DEADLINE: Duration = Duration::from_secs(300);
const NODES: usize = 3;

pub(crate) fn check() -> Result<()> {
    run("build", cargo(&["build", "--locked", "--workspace", "--bins"]))?;
    let folder = std::env::temp_dir().join(format!("flotilla-demo-check-{}", std::process::id()));
    let folder_text = folder.to_str().context("the temporary folder's name is not UTF-8")?;
    let mut command = cargo(&["run", "--locked", "--quiet", "--bin", "flotilla", "--"]);
    command.args(["demo", "--once", "--json", "--dir", folder_text]);
    println!("\n==> demo: {}", describe(&command));
    let started = Instant::now();
    let report = output_within(&mut command, DEADLINE).and_then(|output| check_report(&output)).with_context(|| {
        format!("the demo failed; its folder is {folder_text}\nrepeat it with: {}", describe(&command))
    });
    report?;
    std::fs::remove_dir_all(&folder).with_context(|| format!("cannot remove {folder_text}"))?;
    println!("==> demo: passed in {:.1} s", started.elapsed().as_secs_f64());
    Ok(())
}

/// Standard output of a command that must succeed in time; it is killed when it does not.
fn output_within(command: &mut Command, deadline: Duration) -> Result<String> {
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
    let mut stdout = child.stdout.take().context("standard output was asked for")?;
    let (sender, receiver) = mpsc::channel();
    // Ends with the pipe, that is with the child and its own children.
    std::thread::spawn(move || {
        let mut text = String::new();
        let read = stdout.read_to_string(&mut text).map(|_| text);
        // Nobody listens after the deadline.
        let _ = sender.send(read);
    });
    let Ok(text) = receiver.recv_timeout(deadline) else {
        child.kill()?;
        child.wait()?;
        bail!("it did not end within {} s", deadline.as_secs());
    };
    let status = child.wait()?;
    ensure!(status.success(), "it ended with {status}");
    Ok(text?)
}

fn check_report(output: &str) -> Result<()> {
    let report: Value = serde_json::from_str(output).with_context(|| format!("not one JSON document: {output}"))?;
    let nodes = report.get("nodes").and_then(Value::as_array).context("the report lists no nodes")?;
    ensure!(nodes.len() == NODES, "the report lists {} nodes instead of {NODES}", nodes.len());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn a_command_must_end_well_and_in_time() {
        let second = Duration::from_secs(20);
        assert_eq!(output_within(&mut shell("echo done"), second).unwrap(), "done\n");
        assert!(output_within(&mut shell("echo done; exit 3"), second).is_err());
        let error = output_within(&mut shell("exec sleep 60"), Duration::from_millis(50)).unwrap_err();
        assert!(error.to_string().contains("did not end"), "{error}");
    }

    #[test]
    fn a_report_lists_three_nodes() {
        assert!(check_report(r#"{"nodes": [{}, {}, {}]}"#).is_ok());
        for bad in ["", "nodes", r#"{"nodes": [{}]}"#, "{}", r#"{"nodes": [{}, {}, {}]} and more"#] {
            assert!(check_report(bad).is_err(), "{bad}");
        }
    }
}
