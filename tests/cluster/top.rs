//! `flotilla top` on a real terminal, while a node dies.

use anyhow::Result;

use crate::common::{Scene, flotilla};
use crate::profiles::Desk;
use crate::terminal::Terminal;

/// The line of a node: its number stands first in the frame.
fn node_line(screen: &str, node: usize) -> Option<&str> {
    screen.lines().find(|line| line.trim_start_matches(['│', '┃']).starts_with(&format!("{node} ")))
}

#[tokio::test]
async fn a_cluster_is_watched_while_the_node_that_answers_dies() -> Result<()> {
    let mut scene = Scene::start(3).await?;
    scene.partner("alice", &["checksum"]).await?;
    let desk = Desk::with_profile(&scene, "operator").await?;
    desk.known_everywhere(&scene).await?;
    let file = desk.profiles_file().display().to_string();
    let environment = [("FLOTILLA_PROFILES", file.as_str()), ("FLOTILLA_PROFILE", "prod")];
    let mut terminal = Terminal::start(&["top", "--every", "1"], &environment, 130, 34)?;
    let is_whole = |text: &str| (1..=3).all(|node| node_line(text, node).is_some_and(|line| line.contains("good")));
    let screen = terminal.shows("three nodes that are well", is_whole).await?;
    assert!(screen.contains("profile prod") && screen.contains("cluster local"), "{screen}");
    let answering = scene.cluster.nodes[0].admin_url();
    assert!(screen.contains(&format!("as {answering} sees it")), "{screen}");
    // Every node tells of itself: workers and disk.
    terminal
        .shows("what the nodes say of themselves", |text| {
            (1..=3).all(|node| {
                node_line(text, node)
                    .is_some_and(|line| line.contains("0/") && (line.contains("GB") || line.contains("TB")))
            })
        })
        .await?;

    scene.cluster.command(1, &["queue", "pause", "alice"]).await?;
    scene.upload(1, "alice", "a.txt", b"hello".to_vec()).await?;
    terminal
        .shows("the lane and its alert", |text| {
            text.contains("alice (paused)") && text.contains("1 lane is paused") && text.contains("depth 1")
        })
        .await?;

    scene.cluster.nodes[0].kill()?;
    let screen = terminal
        .shows("another node answers, and tells that one is down", |text| {
            let says_who = [1, 2]
                .iter()
                .any(|index| text.contains(&format!("as {} sees it", scene.cluster.nodes[*index].admin_url())));
            says_who && text.contains("! node 1") && text.contains("alice (paused)")
        })
        .await?;
    assert!(!screen.contains("NO ANSWER"), "{screen}");
    terminal
        .shows("it is known to be down", |text| node_line(text, 1).is_some_and(|line| line.contains("down")))
        .await?;

    terminal.press("h")?;
    terminal.shows("the help", |text| text.contains("shift-tab")).await?;
    terminal.press("h")?;
    terminal.shows("no help any more", |text| !text.contains("shift-tab")).await?;
    terminal.press("s")?;
    terminal.shows("the nodes by health", |text| text.contains("nodes, by health")).await?;
    terminal.press("\ts")?;
    terminal.shows("the lanes by age", |text| text.contains("by age")).await?;
    terminal.resize(50, 10)?;
    terminal.shows("that it is too small", |text| text.contains("too few")).await?;
    terminal.resize(100, 24)?;
    terminal.shows("everything again", |text| text.contains("alice (paused)") && text.contains("q end")).await?;
    terminal.press("p")?;
    terminal.shows("that it is paused", |text| text.contains("PAUSED")).await?;
    terminal.press("p")?;

    for index in [1, 2] {
        scene.cluster.nodes[index].kill()?;
    }
    let screen = terminal.shows("that nobody answers", |text| text.contains("NO ANSWER for")).await?;
    assert!(screen.contains("alice (paused)"), "the last picture stays: {screen}");
    scene.cluster.start_node(1)?;
    scene.cluster.start_node(2)?;
    terminal.shows("an answer again", |text| text.contains("sees it, ")).await?;
    terminal.press("q")?;
    assert_eq!(terminal.ended().await?, Some(0));
    assert!(!terminal.text().contains("alice"), "the screen is as it was: {}", terminal.text());
    Ok(())
}

#[tokio::test]
async fn through_a_nodes_own_folder_it_waits_for_that_node_and_ctrl_c_ends_it() -> Result<()> {
    let mut scene = Scene::start(1).await?;
    let config = scene.cluster.nodes[0].config_file().display().to_string();
    let mut terminal = Terminal::start(&["top", "--every", "1", "--config", &config], &[], 120, 30)?;
    terminal.shows("the node", |text| node_line(text, 1).is_some_and(|line| line.contains("good"))).await?;
    scene.cluster.nodes[0].kill()?;
    terminal.shows("no answer", |text| text.contains("NO ANSWER for")).await?;
    scene.cluster.start_node(0)?;
    terminal.shows("an answer", |text| text.contains("sees it, ")).await?;
    terminal.press("\u{3}")?;
    assert_eq!(terminal.ended().await?, Some(0));
    Ok(())
}

#[test]
fn without_a_terminal_it_says_what_to_use_instead() -> Result<()> {
    for arguments in [&["top"][..], &["--json", "top"]] {
        let refused = flotilla(arguments)?;
        let text = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert_eq!(refused.status.code(), Some(2));
        assert!(text.contains("status --watch"), "{text}");
    }
    Ok(())
}
