//! What accounts have sent, and the charts of the last hour.

use anyhow::{Result, ensure};
use flotilla_local::wait_until;

use super::{at, console};
use crate::common::{DEADLINE, Scene};

#[tokio::test]
async fn accounts_are_counted_and_the_last_hour_is_drawn_when_the_page_opens() -> Result<()> {
    let mut scene = Scene::with_administrator(3, "auditor").await?;
    scene.partner("alice", &["checksum"]).await?;
    let transfer = scene.upload(1, "alice", "a.txt", vec![b'x'; 50_000]).await?;
    scene.ended(0, transfer).await?;
    let browser = at(&scene, 0, "statistics").await?;
    browser.reads("main tbody tr", "alice").await?;
    browser.reads("main tbody tr", "50 kB").await?;
    browser.click("tbody a").await?;
    browser.arrives_at("/console/files").await?;
    browser.open(&console(&scene, 0, "statistics")).await?;
    browser.choose("[name=per]", "period").await?;
    browser.fill("[name=account]", "nobody").await?;
    browser.click(".filter button").await?;
    browser.reads("main", "Nothing was sent in this period").await?;
    // Three nodes, each with its line, before any script has had time to draw: it comes with the page.
    wait_until("the page shows charts", DEADLINE, async || {
        browser.open(&console(&scene, 0, "statistics")).await?;
        Ok(browser.has(".chart path.line-3[d*=L]").await?.then_some(()))
    })
    .await?;
    browser.picture("statistics-charts").await?;
    let label = browser.find(".chart svg").await?.attr("aria-label").await?.unwrap_or_default();
    ensure!(label.starts_with("Processors in the last hour.") && label.contains("now "), "{label}");
    // A node that was started anew draws what the others have seen of the queue.
    scene.cluster.nodes[0].kill()?;
    scene.cluster.start_node(0)?;
    scene.cluster.wait_ready(0).await?;
    scene.settled().await?;
    browser.open(&console(&scene, 0, "queue")).await?;
    ensure!(browser.has(".chart path.line-1[d*=L]").await?, "{}", browser.text().await?);
    browser.picture("queue-charts").await?;
    // And one that is away is named.
    scene.cluster.nodes[2].kill()?;
    browser.open(&console(&scene, 0, "statistics")).await?;
    browser.reads("main", "has not told of itself").await?;
    browser.close().await
}
