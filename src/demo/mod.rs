//! `flotilla demo`: a cluster of processes on this machine, one real file through it, and what became of it.

mod partner;
mod progress;
mod report;
mod watch;

use anyhow::{Context, Result, bail};
use flotilla_local::{Layout, LocalCluster, NodePorts, free_base_port};

use crate::cli::DemoArguments;
use crate::output::{Format, answer, print};
use progress::Progress;

/// The usual ports for the first node: 8443 for partners, 8444 for administration.
const DEFAULT_BASE_PORT: u16 = 8440;

/// Builds or resumes the cluster, sends a file through it, says what happened, and stays until Ctrl-C.
pub(crate) async fn run(arguments: &DemoArguments, format: Format) -> Result<()> {
    let binary = std::env::current_exe().context("the program cannot find itself")?;
    let known = if arguments.dir.exists() { Layout::load(&arguments.dir)? } else { None };
    let (nodes, base_port) = choose(arguments, known.as_ref())?;
    let progress = Progress::new();
    let mut cluster =
        LocalCluster::start(&binary, &arguments.dir, nodes, base_port, &[], |step| progress.step(&step)).await?;
    let shown = partner::send_a_file(&cluster, &progress).await;
    progress.finish();
    let report = match shown {
        Ok(report) => report,
        Err(error) => {
            let logs: Vec<_> = cluster.nodes.iter().map(|node| node.log_file().display().to_string()).collect();
            // The file did not go through; stop what was started and say where to look.
            let stopped = cluster.stop().await;
            let error = error.context(format!("the check failed; the nodes' logs are {}", logs.join(", ")));
            return Err(match stopped {
                Ok(()) => error,
                Err(stop_error) => error.context(format!("and stopping failed: {stop_error:#}")),
            });
        }
    };
    answer(format, &report, report::text)?;
    if !arguments.once {
        if format == Format::Text {
            print("\nThe cluster runs until you press Ctrl-C.\n")?;
        }
        watch::until_interrupted(&mut cluster, format).await?;
    }
    let progress = Progress::new();
    progress.say("stopping the nodes in order");
    cluster.stop().await?;
    progress.finish();
    Ok(())
}

/// A folder that has a cluster keeps its size and ports; a new one takes what was asked for, or free ports.
fn choose(arguments: &DemoArguments, known: Option<&Layout>) -> Result<(u16, u16)> {
    if let Some(known) = known {
        let wanted = arguments.base_port.unwrap_or(known.base_port);
        if wanted != known.base_port {
            bail!(
                "the cluster in {} has base port {}: leave --base-port out, or choose another --dir",
                arguments.dir.display(),
                known.base_port
            );
        }
        return Ok((known.nodes, known.base_port));
    }
    let base_port = match arguments.base_port {
        Some(port) => port,
        None => {
            let usual = (1..=arguments.nodes).all(|n| NodePorts::of(DEFAULT_BASE_PORT, n).first_busy().is_none());
            if usual { DEFAULT_BASE_PORT } else { free_base_port(arguments.nodes)? }
        }
    };
    Ok((arguments.nodes, base_port))
}
