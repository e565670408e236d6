//! A delegate, on the command line and in the console of real nodes.

use anyhow::{Result, ensure};
use flotilla_admin::api::{AccountView, EventView, Page, TransferView};
use serde::de::DeserializeOwned;

use crate::browser::Browser;
use crate::common::{ADA, ADAS_PASSWORD, Scene, flotilla};
use crate::receiver::{Behaviour, Receiver};

/// Alice and Bob have sent a file each, whose event is dead; Ada looks after Alice.
async fn scene() -> Result<(Scene, Receiver)> {
    let scene = Scene::start(3).await?;
    let receiver = Receiver::start(0, Behaviour::Answer("404 Not Found"))?;
    for (index, account) in ["alice", "bob"].into_iter().enumerate() {
        scene.partner(account, &[&format!("webhook={}", receiver.url)]).await?;
        let transfer = scene.upload(index, account, "a.txt", b"ship".to_vec()).await?;
        scene.ended(0, transfer).await?;
    }
    let add = ["admin", "add", ADA, "--role", "delegate", "--account", "alice", "--password-stdin"];
    scene.cluster.command_with_input(0, &add, &format!("{ADAS_PASSWORD}\n")).await?;
    scene.converged().await?;
    Ok((scene, receiver))
}

/// The file holds Ada's password.
fn ask(scene: &Scene, index: usize, password: &str, arguments: &[&str]) -> Result<std::process::Output> {
    let node = &scene.cluster.nodes[index];
    let (url, ca) = (node.admin_url(), node.authority_file().display().to_string());
    let connection = ["--json", "--url", &url, "--ca", &ca, "--user", ADA, "--password-file", password];
    flotilla(&[arguments, &connection].concat())
}

fn read<T: DeserializeOwned>(output: &std::process::Output) -> Result<T> {
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Ok(serde_json::from_slice(&output.stdout)?)
}

#[tokio::test]
async fn commands_show_and_change_what_is_theirs() -> Result<()> {
    let (scene, receiver) = scene().await?;
    let file = tempfile::NamedTempFile::new()?;
    std::fs::write(file.path(), ADAS_PASSWORD)?;
    let password = file.path().display().to_string();
    let run = |index: usize, arguments: &[&str]| ask(&scene, index, &password, arguments);
    let accounts: Vec<AccountView> = read(&run(0, &["account", "list"])?)?;
    ensure!(accounts.len() == 1 && accounts[0].name == "alice", "{accounts:?}");
    let transfers: Page<TransferView> = read(&run(1, &["transfers", "list"])?)?;
    ensure!(transfers.items.len() == 1 && transfers.items[0].account == "alice", "{transfers:?}");
    let events: Page<EventView> = read(&run(2, &["queue", "list", "--state", "dead"])?)?;
    ensure!(events.items.len() == 1 && events.items[0].account == "alice", "{events:?}");
    for refused in [&["status"][..], &["audit", "list"], &["log"], &["param", "list"], &["account", "show", "bob"]] {
        let output = run(1, refused)?;
        let text = String::from_utf8_lossy(&output.stderr);
        ensure!(!output.status.success() && text.contains("ask an administrator"), "{refused:?}: {text}");
    }
    receiver.behave(Behaviour::Answer("204 No Content"));
    let all = run(0, &["queue", "retry", "--all", "--state", "dead", "--yes"])?;
    ensure!(all.status.success(), "{}", String::from_utf8_lossy(&all.stderr));
    scene.drained(0).await?;
    let of = async |account: &str| -> Result<String> { Ok(scene.transfers(0, account).await?[0].state.clone()) };
    assert_eq!((of("alice").await?.as_str(), of("bob").await?.as_str()), ("Processed", "Failed subtransmission"));
    Ok(())
}

#[tokio::test]
async fn the_console_is_as_short_as_their_rights() -> Result<()> {
    let (scene, _receiver) = scene().await?;
    let browser = Browser::start().await?;
    let console = |page: &str| format!("{}/console/{page}", scene.cluster.nodes[1].admin_url());
    browser.open(&console("cluster")).await?;
    browser.fill("[name=name]", ADA).await?;
    browser.fill("[name=password]", ADAS_PASSWORD).await?;
    browser.click("main button").await?;
    browser.arrives_at("/console/files").await?;
    let menu = browser.find("nav").await?.text().await?;
    for absent in ["Cluster", "Server", "Certificates", "Administrators", "Audit", "Doctor"] {
        ensure!(!menu.contains(absent), "{absent}: {menu}");
    }
    browser.reads("main table", "alice").await?;
    ensure!(!browser.find("main table").await?.text().await?.contains("bob"), "of another account");
    browser.picture("delegate-files").await?;
    browser.open(&console("audit")).await?;
    browser.reads("main", "does not allow this").await?;
    browser.open(&console("accounts")).await?;
    browser.fill("[name=password]", "alice has a new one").await?;
    browser.click("main td.actions button").await?;
    browser.reads("[role=status]", "The account is saved").await?;
    browser.picture("delegate-accounts").await?;
    browser.close().await
}
