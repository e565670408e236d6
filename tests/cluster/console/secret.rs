//! The cluster secret, changed and exported from the browser.

use anyhow::{Result, ensure};

use flotilla_local::wait_until;

use super::{at, console, log_in};
use crate::common::{ADAS_PASSWORD, DEADLINE, Scene};

#[tokio::test]
async fn the_secret_is_changed_while_the_cluster_works() -> Result<()> {
    let scene = Scene::with_administrator(3, "administrator").await?;
    let before = scene.cluster.command(0, &["taeh", "show-fingerprint"]).await?;
    let before = before["fingerprint"].as_str().unwrap_or_default().to_owned();
    let folder = tempfile::tempdir()?;
    let browser = at(&scene, 1, "secret").await?;
    browser.downloads_to(folder.path()).await?;
    ensure!(browser.text_of("dd code").await? == before, "the fingerprint is another");
    browser.click("form[action$=change] button").await?;
    let question = browser.confirm().await?;
    ensure!(question.contains("given to all nodes"), "{question}");
    wait_until("all nodes have the new secret alone", DEADLINE, async || {
        let now = scene.cluster.command(1, &["taeh", "show-fingerprint"]).await?;
        Ok((!now["rotation"]["finished_at"].is_null()).then_some(()))
    })
    .await?;
    // A cookie that was not used meanwhile ended with the old one.
    browser.open(&console(&scene, 1, "secret")).await?;
    if browser.path().await? == "/console/login" {
        log_in(&browser, ADAS_PASSWORD).await?;
        browser.arrives_at("/console/secret").await?;
    }
    browser.reads("[data-live]", "finished").await?;
    ensure!(browser.text_of("dd code").await? != before, "the fingerprint is the same");
    browser.picture("secret").await?;
    browser.click("form[action$=export] button").await?;
    browser.confirm().await?;
    let file = folder.path().join("taeh");
    wait_until("the secret is downloaded", DEADLINE, async || {
        Ok(file.metadata().is_ok_and(|found| found.len() > 0).then_some(()))
    })
    .await?;
    // It is the one in force, and that it left is noted.
    let rows = scene.cluster.command(0, &["audit", "list"]).await?;
    assert!(rows.to_string().contains("secret.export"), "{rows}");
    let text = std::fs::read_to_string(&file)?;
    let refused = scene.cluster.command_with_input(0, &["taeh", "import", "-"], &text).await;
    assert!(refused.unwrap_err().to_string().contains("in force already"));
    browser.close().await
}
