//! Work that stops, work that is done again, and dead letters by the dozen.

use anyhow::{Result, ensure};

use super::{at, console};
use crate::common::Scene;
use crate::receiver::{Behaviour, Receiver};

#[tokio::test]
async fn a_drain_is_counted_down() -> Result<()> {
    let scene = Scene::with_administrator(1, "operator").await?;
    let receiver = Receiver::start(0, Behaviour::Hold)?;
    scene.partner("alice", &[]).await?;
    let hook = format!("webhook={}", receiver.url);
    scene.cluster.command(0, &["route", "set", "alice", "--step", &hook, "--webhook-timeout", "60000"]).await?;
    scene.upload(0, "alice", "a.txt", b"hello".to_vec()).await?;
    receiver.called(1).await?;
    let browser = at(&scene, 0, "control").await?;
    browser.click("tbody button").await?;
    browser.confirm().await?;
    browser.reads("tbody tr", "draining").await?;
    browser.reads("[data-countdown]", " s").await?;
    let left = |text: String| text.trim_end_matches(" s").parse::<u64>();
    let first = left(browser.text_of("[data-countdown]").await?)?;
    ensure!((1..=30).contains(&first), "{first} s are left of 30");
    flotilla_local::wait_until("the seconds become less", crate::common::DEADLINE, async || {
        let now = browser.text_of("[data-countdown]").await.ok().and_then(|text| left(text).ok());
        Ok(now.filter(|now| *now < first))
    })
    .await?;
    browser.picture("control-draining").await?;
    receiver.behave(Behaviour::Answer("204 No Content"));
    browser.reads("tbody tr", "stopped").await?;
    browser.click("tbody button.primary").await?;
    browser.reads("tbody tr", "running").await?;
    browser.close().await
}

#[tokio::test]
async fn a_file_is_resubmitted() -> Result<()> {
    let scene = Scene::with_administrator(3, "operator").await?;
    let receiver = Receiver::start(0, Behaviour::Answer("204 No Content"))?;
    scene.partner("alice", &[&format!("webhook={}", receiver.url)]).await?;
    let transfer = scene.upload(1, "alice", "a.txt", b"hello".to_vec()).await?;
    let first = scene.ended(1, transfer).await?;
    scene.converged().await?;
    let page = format!("files/{transfer}");
    let browser = at(&scene, 2, &page).await?;
    browser.click("form[action$=resubmit] button").await?;
    let question = browser.confirm().await?;
    ensure!(question.contains("from the beginning"), "{question}");
    browser.reads("[role=status]", "worked on again").await?;
    receiver.called(2).await?;
    let again = scene.ended(2, transfer).await?;
    assert_eq!((again.state.as_str(), again.steps.len()), ("Processed", 2));
    assert_ne!(again.event, first.event);
    // The command line does the same.
    let done = scene.cluster.command(0, &["transfers", "resubmit", &transfer.to_string()]).await?;
    assert_eq!(done["transfer"], transfer);
    receiver.called(3).await?;
    scene.ended(0, transfer).await?;
    browser.open(&console(&scene, 2, &page)).await?;
    browser.picture("file-resubmitted").await?;
    browser.close().await
}

#[tokio::test]
async fn dead_letters_are_counted_before_they_are_changed() -> Result<()> {
    let scene = Scene::with_administrator(3, "operator").await?;
    let receiver = Receiver::start(0, Behaviour::Answer("404 Not Found"))?;
    for account in ["alice", "bob"] {
        scene.partner(account, &[&format!("webhook={}", receiver.url)]).await?;
    }
    for number in 0..5 {
        scene.upload(0, "alice", &format!("{number}.txt"), b"hello".to_vec()).await?;
    }
    scene.upload(0, "bob", "other.txt", b"hello".to_vec()).await?;
    let dead = async |count: u64| {
        flotilla_local::wait_until("the dead letters are there", crate::common::DEADLINE, async || {
            Ok((scene.event_statistics(1).await?.queue.dead == count).then_some(()))
        })
        .await
    };
    dead(6).await?;
    scene.converged().await?;
    let browser = at(&scene, 1, "queue/events?state=dead&account=alice").await?;
    browser.click("a[href*='deed=discard']").await?;
    browser.reads(".count", "5 events").await?;
    // Another comes to fit while somebody thinks: the question is asked anew.
    scene.upload(2, "alice", "late.txt", b"hello".to_vec()).await?;
    dead(7).await?;
    browser.click("button.danger").await?;
    browser.reads("[role=status]", "other events fit now").await?;
    browser.reads(".count", "6 events").await?;
    browser.picture("bulk-question").await?;
    browser.click("button.danger").await?;
    browser.reads("h1", "6 are discarded").await?;
    scene.converged().await?;
    dead(1).await?;
    receiver.behave(Behaviour::Answer("204 No Content"));
    browser.open(&console(&scene, 1, "queue/bulk?deed=retry&state=dead&reason=404")).await?;
    browser.reads(".count", "1 event").await?;
    browser.click("main form button").await?;
    browser.reads("h1", "1 are ready to run again").await?;
    scene.drained(0).await?;
    dead(0).await?;
    browser.close().await
}
