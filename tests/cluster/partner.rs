//! The partner's own page, used as a person does: in a browser, against three real nodes.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use flotilla_local::wait_until;
use reqwest::StatusCode;

use crate::browser::Browser;
use crate::common::{DEADLINE, PASSWORD, Scene};

const NEW_PASSWORD: &str = "another long password";
const INTERRUPTED_BYTES: usize = 3 << 20;

pub(crate) fn page(scene: &Scene, index: usize, path: &str) -> String {
    format!("{}/{path}", scene.cluster.nodes[index].transfer_url())
}

async fn log_in(browser: &Browser, password: &str) -> Result<()> {
    browser.fill("[name=name]", "alice").await?;
    browser.fill("[name=password]", password).await?;
    browser.click("main button").await
}

/// A browser that is logged in at a node.
pub(crate) async fn at(scene: &Scene, index: usize) -> Result<Browser> {
    let browser = Browser::start().await?;
    browser.open(&page(scene, index, "")).await?;
    browser.arrives_at("/web/login").await?;
    log_in(&browser, PASSWORD).await?;
    browser.arrives_at("/web/files/").await?;
    Ok(browser)
}

fn file(folder: &Path, name: &str, length: usize) -> Result<(std::path::PathBuf, Vec<u8>)> {
    let bytes: Vec<u8> = (0..length).map(|at| (at / 5 + at % 253) as u8).collect();
    let path = folder.join(name);
    std::fs::write(&path, &bytes)?;
    Ok((path, bytes))
}

#[tokio::test]
async fn files_are_sent_seen_fetched_renamed_and_deleted() -> Result<()> {
    let scene = Scene::start(3).await?;
    scene.partner("alice", &["checksum"]).await?;
    let folder = tempfile::tempdir()?;
    let (path, bytes) = file(folder.path(), "report ä <b>.csv", 200_000)?;
    let browser = at(&scene, 0).await?;
    browser.picture("partner-empty").await?;
    browser.fill("[name=into]", "in/march").await?;
    browser.choose_file("[name=file]", &path).await?;
    browser.reads(".uploads .done .state", "is here").await?;
    browser.reads("#files", "in/").await?;
    let (status, stored) = scene.get(1, "alice", "in/march/report%20%C3%A4%20%3Cb%3E.csv").await?;
    ensure!(status == StatusCode::OK && stored == bytes, "{status}, {} bytes", stored.len());

    // The session is the cluster's.
    browser.open(&page(&scene, 2, "web/files/in/march/")).await?;
    browser.reads("#files", "report ä <b>.csv").await?;
    let downloads = tempfile::tempdir()?;
    browser.downloads_to(downloads.path()).await?;
    browser.click("#files .name a").await?;
    // Under a name that the browser finds fit for its own system.
    let fetched = wait_until("the file is fetched", DEADLINE, async || {
        let mut found = std::fs::read_dir(downloads.path())?.filter_map(Result::ok).map(|entry| entry.path());
        Ok(found.find(|path| path.extension().is_some_and(|kind| kind == "csv")))
    })
    .await?;
    ensure!(std::fs::read(fetched)? == bytes, "other bytes were fetched");

    browser.unfold().await?;
    browser.picture("partner-folder").await?;
    browser.fill("[name=to]", "in/march/report.csv").await?;
    browser.click(".actions form[action$=rename] button").await?;
    browser.reads("[role=status]", "renamed").await?;
    browser.unfold().await?;
    browser.click(".actions button.danger").await?;
    let question = browser.confirm().await?;
    ensure!(question == "Delete report.csv for good?", "{question}");
    browser.reads("[role=status]", "deleted").await?;
    browser.arrives_at("/web/files/").await?;
    browser.close().await
}

#[tokio::test]
async fn a_file_is_dropped_on_the_page() -> Result<()> {
    let scene = Scene::start(3).await?;
    scene.partner("alice", &[]).await?;
    let bytes: Vec<u8> = (0..20_000).map(|at| (at / 5 + at % 253) as u8).collect();
    let browser = at(&scene, 0).await?;
    browser.fill("[name=into]", "in").await?;
    browser.drop_file("#send .hint", "dropped ä.bin", &bytes).await?;
    browser.reads(".uploads .done .name", "in/dropped ä.bin").await?;
    browser.reads(".uploads .done .state", "is here").await?;
    ensure!(!browser.has("#send.over").await?, "the page looks as if a file were still over it");
    browser.picture("partner-dropped").await?;
    for index in [1, 2] {
        let (status, stored) = scene.get(index, "alice", "in/dropped%20%C3%A4.bin").await?;
        ensure!(status == StatusCode::OK && stored == bytes, "node {}: {status}, {} bytes", index + 1, stored.len());
    }
    browser.close().await
}

#[tokio::test]
async fn an_upload_is_interrupted_and_goes_on_after_the_page_was_left() -> Result<()> {
    let scene = Scene::start(3).await?;
    scene.partner("alice", &[]).await?;
    let folder = tempfile::tempdir()?;
    let (path, bytes) = file(folder.path(), "large.bin", INTERRUPTED_BYTES)?;
    let browser = at(&scene, 0).await?;
    browser.sends(Some(400 << 10)).await?;
    browser.choose_file("[name=file]", &path).await?;
    wait_until("a third is sent", DEADLINE, async || {
        let shown = browser.run("return document.querySelector('.uploads progress').value").await?;
        Ok((shown.as_f64().unwrap_or(0.0) > INTERRUPTED_BYTES as f64 / 3.0).then_some(()))
    })
    .await?;
    browser.picture("partner-sending").await?;
    browser.click(".uploads button").await?;
    browser.reads(".uploads .state", "paused").await?;
    wait_until("what came is kept", DEADLINE, async || {
        let kept = "flotilla_gateway_upload_parts_interrupted_total 1";
        Ok(scene.metrics(0).await?.contains(kept).then_some(()))
    })
    .await?;
    ensure!(scene.get(1, "alice", "large.bin").await?.0 == StatusCode::NOT_FOUND, "half a file has appeared");
    browser.sends(None).await?;
    browser.open(&page(&scene, 0, "web/files/")).await?;
    browser.reads(".uploads .state", "was interrupted").await?;
    browser.picture("partner-interrupted").await?;
    browser.choose_file("[name=file]", &path).await?;
    browser.reads(".uploads .done .state", "it went on from").await?;
    let state = browser.text_of(".uploads .done .state").await?;
    browser.picture("partner-resumed").await?;
    let from = state.split("from ").nth(1).context("nothing is said of where it went on")?;
    ensure!(!from.starts_with("0 "), "{state}");
    let (status, stored) = scene.get(2, "alice", "large.bin").await?;
    ensure!(status == StatusCode::OK && stored == bytes, "{status}, {} bytes", stored.len());
    browser.close().await
}

#[tokio::test]
async fn a_new_password_is_set_and_the_old_one_opens_nothing() -> Result<()> {
    let scene = Scene::start(3).await?;
    scene.partner("alice", &[]).await?;
    let browser = at(&scene, 0).await?;
    browser.click(".who a").await?;
    browser.arrives_at("/web/password").await?;
    for (old, reads) in [("not the old one", "old password is wrong"), (PASSWORD, "")] {
        browser.fill("[name=old]", old).await?;
        browser.fill("[name=password]", NEW_PASSWORD).await?;
        browser.fill("[name=again]", NEW_PASSWORD).await?;
        if reads.is_empty() {
            browser.picture("partner-password").await?;
        }
        browser.click("main button").await?;
        if !reads.is_empty() {
            browser.reads("[role=alert]", reads).await?;
        }
    }
    browser.arrives_at("/web/login").await?;
    browser.reads("[role=status]", "The password was changed").await?;
    log_in(&browser, PASSWORD).await?;
    browser.reads("[role=alert]", "The name or the password is wrong").await?;
    browser.picture("partner-login-refused").await?;
    log_in(&browser, NEW_PASSWORD).await?;
    browser.arrives_at("/web/files/").await?;
    browser.click(".who button").await?;
    browser.reads("[role=status]", "You have logged out").await?;
    browser.close().await
}

#[tokio::test]
async fn the_page_is_for_everybody() -> Result<()> {
    let scene = Scene::start(1).await?;
    scene.partner("alice", &[]).await?;
    scene
        .upload(0, "alice", "in/a rather long name of a file, as they come from elsewhere (2026-01-31).pdf", vec![1; 9])
        .await?;
    scene.upload(0, "alice", "in/b.txt", vec![1; 123_456]).await?;
    let browser = at(&scene, 0).await?;
    for scheme in ["light", "dark"] {
        browser.likes(scheme).await?;
        for (path, name) in [
            ("web/login", "login"),
            ("web/files/", "top"),
            ("web/files/in/", "files"),
            ("web/password", "password"),
            ("web/files/nowhere/", "problem"),
        ] {
            browser.open(&page(&scene, 0, path)).await?;
            browser.unfold().await?;
            let barriers = browser.barriers().await?;
            ensure!(barriers.is_empty(), "{path}, {scheme}: {barriers:#?}");
            browser.picture(&format!("partner-{name}-{scheme}")).await?;
        }
    }
    browser.narrow().await?;
    browser.open(&page(&scene, 0, "web/files/in/")).await?;
    let overflow = browser.run("return document.documentElement.scrollWidth - window.innerWidth").await?;
    ensure!(overflow.as_i64().is_some_and(|pixels| pixels <= 0), "the page is too wide for a telephone: {overflow}");
    browser.picture("partner-telephone").await?;
    browser.close().await
}
