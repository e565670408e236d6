//! The procedure as a checklist.

use std::process::{Child, Command, Stdio};

use anyhow::{Result, ensure};

use super::members::joined_by_page;
use super::{at, console};
use crate::common::{Scene, binary};

/// A server's process, killed when this goes.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        // Nothing is left to tell when even this fails.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn run(config: &str) -> Result<Process> {
    let mut command = Command::new(binary());
    command.args(["run", "--config", config]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    Ok(Process(command.spawn()?))
}

#[tokio::test]
async fn three_servers_are_set_up_by_hand() -> Result<()> {
    let scene = Scene::with_administrator(1, "administrator").await?;
    let browser = at(&scene, 0, "setup").await?;
    browser.reads("[data-live] .checklist li.warn", "This server is alone").await?;
    let folders = [tempfile::tempdir()?, tempfile::tempdir()?];
    let mut processes = Vec::new();
    for folder in &folders {
        let config = joined_by_page(&scene, &browser, folder.path()).await?;
        processes.push(run(&config)?);
    }
    browser.open(&console(&scene, 0, "setup")).await?;
    browser.reads(".note", "14 of 14").await?;
    // The hosts are looked at when the page is opened: all servers are up by now.
    browser.open(&console(&scene, 0, "setup")).await?;
    browser.reads(".checklist li.ok", "forward and back").await?;
    browser.picture("setup-by-hand").await?;
    browser.open(&console(&scene, 0, "cluster")).await?;
    browser.reads("tbody tr:nth-child(3)", "node 3").await?;
    ensure!(!browser.has("[data-live] tbody .bad").await?, "a server is not well");
    browser.close().await
}

#[tokio::test]
async fn the_checklist_follows_what_is_done() -> Result<()> {
    let scene = Scene::with_administrator(3, "operator").await?;
    let browser = at(&scene, 0, "setup").await?;
    browser.reads(".note", "14 of 14").await?;
    browser.reads(".checklist li.ok", "forward and back").await?;
    browser.picture("setup").await?;
    // The page is not loaded again for this.
    scene.cluster.command(1, &["tm", "stop", "2"]).await?;
    browser.reads(".checklist li.warn", "Stopped on").await?;
    browser.reads(".note", "13 of 14").await?;
    browser.click(".checklist li.warn a").await?;
    browser.arrives_at("/console/control").await?;
    browser.click("tbody tr:nth-child(2) button.primary").await?;
    browser.reads("[role=status]", "takes events again").await?;
    browser.open(&console(&scene, 0, "setup")).await?;
    browser.reads(".note", "14 of 14").await?;
    let alias = "a[href='/console/parameters/Cluster.Crypto.Alias']";
    ensure!(browser.has(alias).await?, "the alias has no page");
    browser.close().await
}

#[tokio::test]
async fn a_server_alone_is_told_so() -> Result<()> {
    let scene = Scene::with_administrator(1, "auditor").await?;
    let browser = at(&scene, 0, "setup").await?;
    browser.reads(".checklist li.warn", "an operator may ask it").await?;
    browser.reads("[data-live] .checklist li.warn", "This server is alone").await?;
    browser.close().await
}
