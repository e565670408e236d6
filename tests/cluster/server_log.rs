//! The logs of all nodes, read through any of them.

use anyhow::{Context, Result, ensure};
use flotilla_admin::api::{BASE_PATH, LogLevel, LogLineView, LogSourceView, ServerLog};
use flotilla_local::wait_until;
use reqwest::Response;

use crate::browser::Browser;
use crate::common::{ADA, ADAS_PASSWORD, DEADLINE, Scene};
use crate::watching::Watch;

async fn log(scene: &Scene, index: usize, arguments: &[&str]) -> Result<ServerLog> {
    let answer = scene.cluster.command(index, &[&["log"], arguments].concat()).await?;
    Ok(serde_json::from_value(answer)?)
}

/// Three nodes, and an account whose files have a line written when they come.
async fn scene() -> Result<Scene> {
    let scene = Scene::with_administrator(3, "auditor").await?;
    scene.partner("alice", &["log=a file has come"]).await?;
    Ok(scene)
}

async fn processed(scene: &Scene, index: usize, path: &str) -> Result<u64> {
    let transfer = scene.upload(index, "alice", path, b"ship".to_vec()).await?;
    scene.ended(index, transfer).await?.event.context("no event")
}

#[tokio::test]
async fn the_logs_of_all_nodes_are_one_and_a_dead_node_is_named() -> Result<()> {
    let mut scene = scene().await?;
    let event = processed(&scene, 1, "a.txt").await?;
    let all = log(&scene, 0, &["--limit", "1000"]).await?;
    ensure!(all.nodes.iter().all(|node| node.failure.is_none() && node.kept > Some(0)), "{:?}", all.nodes);
    for node in 1..=3 {
        ensure!(all.items.iter().any(|line| line.node.0 == node && line.message == "the node serves"), "{node}");
    }
    ensure!(all.items.is_sorted_by(|later, earlier| later.at >= earlier.at), "newest first");
    // What was said of one event, wherever.
    let of_event = log(&scene, 2, &["--contains", &format!("EVENT={event}")]).await?;
    ensure!(of_event.items.iter().any(|line| line.target == "flotilla::route"), "{:?}", of_event.items);
    // Page by page it is the same.
    let (mut paged, mut cursor) = (Vec::new(), None::<String>);
    loop {
        let mut arguments = vec!["--limit", "7", "--level", "info"];
        arguments.extend(cursor.iter().flat_map(|cursor| ["--cursor", cursor.as_str()]));
        let page = log(&scene, 1, &arguments).await?;
        paged.extend(page.items);
        cursor = page.next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    let known: Vec<&LogLineView> = paged.iter().filter(|line| line.at <= all.items[0].at).collect();
    let wanted: Vec<&LogLineView> = all.items.iter().filter(|line| line.level <= LogLevel::Info).collect();
    assert_eq!(known, wanted);

    scene.cluster.nodes[2].kill()?;
    let rest = log(&scene, 0, &[]).await?;
    let missing: Vec<_> = rest.nodes.iter().filter(|node| node.failure.is_some()).map(|node| node.node.0).collect();
    assert_eq!(missing, [3]);
    ensure!(!rest.items.is_empty() && rest.items.iter().all(|line| line.node.0 != 3), "{:?}", rest.nodes);
    Ok(())
}

#[tokio::test]
async fn a_frozen_node_does_not_hold_the_others_up() -> Result<()> {
    let scene = scene().await?;
    scene.cluster.nodes[2].pause()?;
    let begun = std::time::Instant::now();
    let found = log(&scene, 0, &["--limit", "5"]).await;
    scene.cluster.nodes[2].resume()?;
    let found = found?;
    ensure!(begun.elapsed() < std::time::Duration::from_secs(10), "{:?}", begun.elapsed());
    ensure!(found.nodes[2].failure.is_some() && found.items.len() == 5, "{found:?}");
    Ok(())
}

#[tokio::test]
async fn the_log_is_followed_while_a_node_dies_and_comes_back() -> Result<()> {
    let mut scene = scene().await?;
    let config = scene.cluster.nodes[0].config_file().display().to_string();
    let mut watch = Watch::start(&["log", "--follow", "--limit", "1", "--config", &config])?;
    watch.says("it begins", &watch.out, 0, "node").await?;
    processed(&scene, 1, "b.txt").await?;
    watch.says("the line of the step", &watch.out, 0, "flotilla::route").await?;
    scene.cluster.nodes[2].kill()?;
    watch.says("the node is missed", &watch.complaints, 0, "the log of node 3 is missing").await?;
    scene.cluster.start_node(2)?;
    scene.cluster.wait_ready(2).await?;
    watch.says("the node is there", &watch.complaints, 0, "the log of node 3 is there again").await?;
    watch
        .says("what it said meanwhile", &watch.out, 0, "node 3 INFO  flotilla_node::assembly: the node serves")
        .await?;
    assert_eq!(watch.interrupted().await?, Some(0));
    Ok(())
}

/// The next event of a stream: its name, its id and its data.
async fn event(answer: &mut Response, text: &mut String) -> Result<(String, Option<String>, String)> {
    loop {
        if let Some((event, rest)) = text.split_once("\n\n") {
            let field = |name: &str| event.lines().find_map(|line| line.strip_prefix(name)).map(str::to_owned);
            let found = (field("event: "), field("id: "), field("data: "));
            *text = rest.to_owned();
            if let (Some(name), id, Some(data)) = found {
                return Ok((name, id, data));
            }
            continue;
        }
        let chunk = tokio::time::timeout(DEADLINE, answer.chunk()).await.context("no event in time")??;
        text.push_str(std::str::from_utf8(&chunk.context("the stream has ended")?)?);
    }
}

#[tokio::test]
async fn the_stream_of_one_node_goes_on_at_another() -> Result<()> {
    let mut scene = scene().await?;
    let open = async |scene: &Scene, index: usize, seen: Option<&str>| -> Result<Response> {
        let url = format!("{}{BASE_PATH}/serverLog/stream", scene.cluster.nodes[index].admin_url());
        let mut request = scene.cluster.client().get(url).query(&[("contains", "flotilla::route")]);
        if let Some(seen) = seen {
            request = request.header("last-event-id", seen);
        }
        Ok(request.basic_auth(ADA, Some(ADAS_PASSWORD)).send().await?.error_for_status()?)
    };
    let (mut answer, mut text) = (open(&scene, 0, None).await?, String::new());
    let (name, _, data) = event(&mut answer, &mut text).await?;
    let nodes: Vec<LogSourceView> = serde_json::from_str(&data)?;
    assert_eq!((name.as_str(), nodes.len()), ("nodes", 3));
    processed(&scene, 1, "c.txt").await?;
    let (name, id, data) = event(&mut answer, &mut text).await?;
    let line: LogLineView = serde_json::from_str(&data)?;
    assert_eq!((name.as_str(), line.target.as_str()), ("line", "flotilla::route"));
    let id = id.context("the last line has an id")?;
    drop(answer);
    processed(&scene, 1, "d.txt").await?;
    scene.cluster.nodes[0].kill()?;
    // Through the next node nothing is repeated, and nothing is left out that a living node has said.
    let (mut answer, mut text) = (open(&scene, 2, Some(&id)).await?, String::new());
    let mut names = Vec::new();
    loop {
        let (name, _, data) = event(&mut answer, &mut text).await?;
        names.push(name.clone());
        if name == "line" {
            let next: LogLineView = serde_json::from_str(&data)?;
            ensure!(next.at > line.at && next.target == "flotilla::route", "{next:?}");
            break;
        }
    }
    ensure!(names[0] == "nodes", "{names:?}");
    Ok(())
}

#[tokio::test]
async fn the_console_shows_it_live() -> Result<()> {
    let scene = scene().await?;
    let browser = Browser::start().await?;
    browser.open(&format!("{}/console/log", scene.cluster.nodes[1].admin_url())).await?;
    browser.fill("[name=name]", ADA).await?;
    browser.fill("[name=password]", ADAS_PASSWORD).await?;
    browser.click("main button").await?;
    browser.arrives_at("/console/log").await?;
    browser.reads("main table", "the node serves").await?;
    processed(&scene, 2, "e.txt").await?;
    browser.reads("main tbody tr:first-child", "flotilla").await?;
    wait_until("the line of the step is shown", DEADLINE, async || {
        Ok(browser.find("main table").await?.text().await?.contains("flotilla::route").then_some(()))
    })
    .await?;
    browser.picture("server-log").await?;
    browser.open(&format!("{}/console/log?level=error&node=1", scene.cluster.nodes[1].admin_url())).await?;
    browser.reads("main", "No line fits").await?;
    browser.close().await
}
