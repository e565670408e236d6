//! What an account's holder is at: seen and ended on the account's page.

use anyhow::{Result, ensure};
use flotilla_local::wait_until;
use reqwest::{Method, StatusCode};

use super::{at, console};
use crate::browser::Browser;
use crate::common::{DEADLINE, Scene};
use crate::{partner, uploads};

const HALF: usize = 200_000;

#[tokio::test]
async fn a_session_and_an_upload_of_a_partner_are_seen_and_ended() -> Result<()> {
    let scene = Scene::with_administrator(3, "administrator").await?;
    scene.partner("alice", &[]).await?;
    scene.converged().await?;
    let browser = at(&scene, 0, "accounts").await?;
    browser.click("main tbody td:first-child a").await?;
    browser.arrives_at("/console/accounts/alice").await?;
    browser.reads("#sessions .empty", "Nobody is logged in").await?;
    browser.reads("#uploads .empty", "None is under way").await?;

    let alice = partner::at(&scene, 1).await?;
    let upload = uploads::begin(&scene, 2, 2 * HALF).await?;
    let half = uploads::part(&scene, 2, &upload, 0).body(vec![7; HALF]).send().await?;
    ensure!(half.status() == StatusCode::NO_CONTENT, "{}", half.text().await?);
    scene.converged().await?;
    browser.open(&console(&scene, 0, "accounts/alice")).await?;
    browser.reads("#sessions tbody", "HeadlessChrome").await?;
    browser.reads("#uploads tbody", "in/large.bin").await?;
    let row = browser.text_of("#uploads tbody").await?;
    ensure!(row.contains("200 kB 400 kB 1 "), "{row}");
    is_for_everybody(&browser, &console(&scene, 0, "accounts/alice")).await?;

    browser.click("#uploads form button").await?;
    let question = browser.confirm().await?;
    ensure!(question.contains("200 kB, is deleted") && question.contains("cannot be undone"), "{question}");
    browser.reads("[role=status]", "The upload is cancelled").await?;
    browser.reads("#uploads .empty", "None is under way").await?;
    for index in 0..3 {
        let answer = uploads::ask(&scene, index, Method::HEAD, &upload).send().await?;
        ensure!(answer.status() == StatusCode::NOT_FOUND, "node {} says {}", index + 1, answer.status());
    }

    // The partner is not disturbed by that, but by this.
    alice.open(&partner::page(&scene, 2, "web/files/")).await?;
    alice.arrives_at("/web/files/").await?;
    browser.click("#sessions form button").await?;
    let question = browser.confirm().await?;
    ensure!(question.contains("has to log in again"), "{question}");
    browser.reads("[role=status]", "The session is ended").await?;
    browser.reads("#sessions .empty", "Nobody is logged in").await?;
    wait_until("the partner is led to the log-in", DEADLINE, async || {
        alice.open(&partner::page(&scene, 2, "web/files/")).await?;
        Ok((alice.path().await? == "/web/login").then_some(()))
    })
    .await?;
    alice.close().await?;
    browser.close().await
}

/// With rows in both tables, which [`super::every_page_is_for_everybody_in_light_and_dark`] does not see.
async fn is_for_everybody(browser: &Browser, url: &str) -> Result<()> {
    for scheme in ["dark", "light"] {
        browser.likes(scheme).await?;
        // Anew: on a page that is shown already, the colours of buttons are on their way for a moment.
        browser.open(url).await?;
        let barriers = browser.barriers().await?;
        ensure!(barriers.is_empty(), "{scheme}: {barriers:#?}");
        browser.picture(&format!("account-{scheme}")).await?;
    }
    Ok(())
}
