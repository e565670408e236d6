//! A route is written, tried without running it, and set.

use anyhow::{Result, ensure};

use super::{at, console};
use crate::common::Scene;
use crate::receiver::{Behaviour, Receiver};

/// A step of the form, which comes back changed after each button.
fn step(place: usize) -> String {
    format!(".route li:nth-child({place}) h2")
}

#[tokio::test]
async fn a_route_is_tried_on_a_file_before_it_is_set() -> Result<()> {
    let scene = Scene::with_administrator(3, "administrator").await?;
    let receiver = Receiver::start(0, Behaviour::Answer("204 No Content"))?;
    scene.partner("alice", &[]).await?;
    scene.partner("bob", &[]).await?;
    let transfer = scene.upload(1, "alice", "in/a.txt", b"hello".to_vec()).await?;
    scene.converged().await?;
    let browser = at(&scene, 2, "routes").await?;
    browser.fill("form[action$=edit] [name=account]", "alice").await?;
    browser.click("form[action$=edit] button").await?;
    browser.arrives_at("/console/routes/edit").await?;
    for (place, kind) in [(1, "webhook"), (2, "publish"), (3, "checksum")] {
        browser.click(&format!("button[value='add {kind}']")).await?;
        browser.reads(&step(place), kind).await?;
    }
    browser.fill("[name='url.0']", &receiver.url).await?;
    browser.fill("[name='key.0']", "hush hush").await?;
    browser.fill("[name='account.1']", "bob").await?;
    browser.fill("[name='folder.1']", "from-alice").await?;
    browser.click("button[value='up 2']").await?;
    browser.reads(&step(2), "checksum").await?;
    browser.fill("[name=subject]", &transfer.to_string()).await?;
    browser.click("button[value=try]").await?;
    browser.reads("[aria-labelledby=rehearsal]", "gives the file to bob as from-alice/a.txt").await?;
    let shown = browser.text_of("[aria-labelledby=rehearsal]").await?;
    assert!(shown.contains("\"path\":\"in/a.txt\"") && shown.contains("POST http://127.0.0.1"), "{shown}");
    browser.picture("route-dry-run").await?;
    // What was typed is still there, and nothing has run.
    assert!(browser.has(&format!("[name='url.0'][value='{}']", receiver.url)).await?, "the draft is lost");
    assert_eq!(receiver.requests().len(), 0);
    browser.click("button[value=set]").await?;
    let question = browser.confirm().await?;
    ensure!(question.contains("from now on"), "{question}");
    browser.arrives_at("/console/routes").await?;
    browser.reads("tbody tr", "from-alice").await?;
    let route = scene.cluster.command(0, &["route", "show", "alice"]).await?;
    let kinds: Vec<_> = route[0]["steps"].as_array().into_iter().flatten().map(|step| step["type"].clone()).collect();
    assert_eq!(kinds, ["webhook", "checksum", "publish"]);

    // The key stays with its URL, and is never shown.
    browser.click("tbody tr .actions a").await?;
    browser.arrives_at("/console/routes/edit").await?;
    ensure!(browser.has("[name='keep_key.0']:checked").await?, "the key is not kept");
    browser.click("button[value='drop 2']").await?;
    browser.reads(".route:not(:has(li:nth-child(3)))", "checksum").await?;
    browser.click("button[value=set]").await?;
    browser.confirm().await?;
    browser.reads("[role=status]", "The route is set").await?;
    scene.upload(0, "alice", "in/b.txt", b"hello".to_vec()).await?;
    receiver.called(1).await?;
    let request = receiver.requests().remove(0).to_lowercase();
    assert!(request.contains("flotilla-signature: sha256="), "{request}");

    // Somebody else is quicker.
    browser.click("tbody tr .actions a").await?;
    scene.cluster.command(0, &["route", "set", "alice", "--step", "log=other"]).await?;
    scene.converged().await?;
    browser.click("button[value=set]").await?;
    browser.confirm().await?;
    browser.reads(".alert.bad:not([hidden])", "changed meanwhile").await?;
    browser.open(&console(&scene, 2, "routes/edit?account=alice")).await?;
    browser.click("button[value=remove]").await?;
    browser.confirm().await?;
    browser.reads(".empty", "There is no route yet").await?;
    browser.close().await
}

#[tokio::test]
async fn the_command_line_tries_a_route_as_well() -> Result<()> {
    let scene = Scene::start(1).await?;
    scene.partner("alice", &["checksum", "publish=alice:in"]).await?;
    let transfer = scene.upload(0, "alice", "in/a.txt", b"hello".to_vec()).await?;
    scene.drained(0).await?;
    let of = ["route", "dry-run", "alice", "--transfer", &transfer.to_string()];
    let found = scene.cluster.command(0, &of).await?;
    let does = |step: usize| found["steps"][step]["does"].as_str().unwrap_or_default().to_owned();
    assert!(does(0).contains("reads 5 bytes") && does(1).contains("in the place of the file"), "{found}");
    let mut other = of.to_vec();
    other.extend(["--step", "webhook=http://127.0.0.1:9/nobody"]);
    let found = scene.cluster.command(0, &other).await?;
    assert_eq!(found["steps"].as_array().map(Vec::len), Some(1), "{found}");
    let refused = scene.cluster.command(0, &["route", "dry-run", "alice", "--transfer", "99"]).await;
    assert!(refused.unwrap_err().to_string().contains("no transfer 99"));
    Ok(())
}
