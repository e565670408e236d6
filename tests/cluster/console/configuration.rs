//! Values as a file.

use anyhow::{Result, ensure};

use super::{at, console};
use crate::common::{DEADLINE, Scene};

const RETRIES: &str = "EventQueue.maxRetryCount";

#[tokio::test]
async fn values_are_exported_compared_and_set_whole() -> Result<()> {
    let scene = Scene::with_administrator(3, "administrator").await?;
    scene.cluster.command(0, &["param", "set", RETRIES, "8"]).await?;
    scene.converged().await?;
    let folder = tempfile::tempdir()?;
    let browser = at(&scene, 1, "parameters").await?;
    browser.downloads_to(folder.path()).await?;
    browser.click("a[href$='parameters/file']").await?;
    let exported = flotilla_local::wait_until("the file is downloaded", DEADLINE, async || {
        let found = std::fs::read_dir(folder.path())?.flatten().map(|entry| entry.path());
        let mut found = found.filter(|file| file.extension().is_some_and(|ending| ending == "toml"));
        let text = found.next().and_then(|file| std::fs::read_to_string(file).ok());
        Ok(text.filter(|text| text.contains(RETRIES)))
    })
    .await?;
    ensure!(exported.contains(&format!("\"{RETRIES}\" = \"8\"")), "{exported}");

    let file = folder.path().join("wanted.toml");
    std::fs::write(&file, exported.replace("\"8\"", "\"many\""))?;
    compare(&browser, &file).await?;
    browser.reads(".alert.bad:not([hidden])", "Nothing was changed").await?;
    ensure!(!browser.has("form[action$=apply]").await?, "what is wrong may be applied");

    browser.open(&console(&scene, 1, "parameters")).await?;
    std::fs::write(&file, exported.replace("\"8\"", "\"9\""))?;
    compare(&browser, &file).await?;
    browser.reads("[role=status]", "Nothing is changed yet").await?;
    assert_eq!((browser.text_of("del").await?, browser.text_of("ins").await?), ("8".to_owned(), "9".to_owned()));
    browser.picture("parameters-compare").await?;
    // What was compared is what is set: not over somebody else's value.
    scene.cluster.command(0, &["param", "set", RETRIES, "7"]).await?;
    scene.converged().await?;
    browser.click("form[action$=apply] button").await?;
    browser.reads("main", "changed meanwhile").await?;
    browser.open(&console(&scene, 1, "parameters")).await?;
    compare(&browser, &file).await?;
    browser.click("form[action$=apply] button").await?;
    browser.reads("[role=status]", "All of it is in force").await?;
    let row = scene.cluster.command(0, &["param", "get", RETRIES]).await?;
    assert_eq!(row["value"], "9", "{row}");
    browser.close().await
}

async fn compare(browser: &crate::browser::Browser, file: &std::path::Path) -> Result<()> {
    browser.unfold().await?;
    browser.choose_file("#import [type=file]", file).await?;
    browser.click("#import button").await
}
