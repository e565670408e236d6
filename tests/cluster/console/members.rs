//! Servers join and leave from the browser; their states are compared and mended.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use flotilla_local::{NodePorts, free_base_port, wait_until};

use super::{at, console};
use crate::browser::Browser;
use crate::common::{DEADLINE, Scene, flotilla};

/// A server joins in `folder` by the command that the page shows; gives its configuration.
pub(super) async fn joined_by_page(scene: &Scene, browser: &Browser, folder: &Path) -> Result<String> {
    browser.open(&console(scene, 0, "cluster")).await?;
    browser.click("a[href$='cluster/add']").await?;
    browser.arrives_at("/console/cluster/add").await?;
    browser.fill("form[action$=token] [name=host]", "127.0.0.1").await?;
    browser.click("form[action$=token] button").await?;
    browser.reads("[role=status]", "not shown again").await?;
    browser.picture("join-token").await?;
    let (token, command) = (browser.text_of("#secret").await?, browser.text_of("#command").await?);
    let (line, _) = command.split_once('\n').context("the command has one line")?;
    ensure!(line.starts_with("flotilla join --name 127.0.0.1 --primary https://") && line.ends_with(&token), "{line}");
    // A host of its own needs no ports; here three nodes share one.
    let ports = NodePorts::of(free_base_port(1)?, 1);
    let (dir, [cluster, admin, transfer]) = (
        folder.join("node").display().to_string(),
        [ports.cluster, ports.admin, ports.transfer].map(|port| port.to_string()),
    );
    let mut arguments: Vec<&str> = line.split(' ').skip(1).collect();
    arguments.extend(["--dir", &dir, "--bind", "127.0.0.1", "--cluster-port", &cluster]);
    arguments.extend(["--admin-port", &admin, "--transfer-port", &transfer]);
    let output = flotilla(&arguments)?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Ok(format!("{dir}/flotilla.toml"))
}

#[tokio::test]
async fn a_server_joins_with_the_command_that_was_shown_and_leaves_in_order() -> Result<()> {
    let mut scene = Scene::with_administrator(2, "administrator").await?;
    let browser = at(&scene, 0, "cluster").await?;
    let folder = tempfile::tempdir()?;
    joined_by_page(&scene, &browser, folder.path()).await?;
    browser.open(&console(&scene, 0, "cluster")).await?;
    browser.reads("tbody tr:nth-child(3)", "node 3").await?;
    // It has never run: at once it goes again.
    browser.open(&console(&scene, 0, "cluster/nodes/3")).await?;
    browser.click("form[action$=remove] button").await?;
    let question = browser.confirm().await?;
    ensure!(question.contains("at once and for good"), "{question}");
    browser.reads("[role=status]", "no member any more").await?;

    // One that runs leaves in order.
    browser.open(&console(&scene, 0, "cluster/nodes/2")).await?;
    browser.click("form[action$=leave] button").await?;
    browser.confirm().await?;
    browser.reads("[aria-labelledby=leaving]", "It can be removed without loss").await?;
    browser.picture("node-leaves").await?;
    browser.click("form[action$=stay] button").await?;
    browser.reads("[role=status]", "stays a member").await?;
    browser.click("form[action$=leave] button").await?;
    browser.confirm().await?;
    browser.reads("[aria-labelledby=leaving]", "It can be removed without loss").await?;
    browser.click("form[action$=remove] button").await?;
    browser.confirm().await?;
    browser.reads("[role=status]", "no member any more").await?;
    let left = &mut scene.cluster.nodes[1];
    let code = wait_until("the process that left ends", DEADLINE, async || Ok(left.has_ended()?)).await?;
    assert_eq!(code.code(), Some(71));
    browser.close().await
}

#[tokio::test]
async fn the_states_are_compared_and_one_is_made_anew() -> Result<()> {
    let scene = Scene::with_administrator(3, "administrator").await?;
    let browser = at(&scene, 1, "cluster/sync").await?;
    browser.click("form[action$=verify] button").await?;
    browser.reads("#verification", "Equal").await?;
    assert!(browser.text_of("[aria-labelledby=verification] tbody tr:nth-child(3)").await?.contains("as it should be"));
    browser.picture("sync-verified").await?;
    browser.click("[aria-labelledby=progress] tbody tr:nth-child(3) button").await?;
    let question = browser.confirm().await?;
    ensure!(question.contains("node 3"), "{question}");
    browser.reads("[role=status]", "Node 3 has made its state anew from node").await?;
    let rows = scene.cluster.command(0, &["audit", "list"]).await?;
    assert!(rows.to_string().contains("sync.repair"), "{rows}");
    browser.close().await
}
