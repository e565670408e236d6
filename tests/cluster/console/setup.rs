//! The procedure as a checklist.

use anyhow::{Result, ensure};

use super::{at, console};
use crate::common::Scene;

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
