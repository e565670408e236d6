//! The lead: shown, handed over while partners and operators go on, and what is refused.

use std::time::Duration;

use anyhow::{Context, Result};
use flotilla_admin::api::{HandOverAnswer, PrimaryView};
use flotilla_local::wait_until;

use crate::common::{DEADLINE, Scene};
use crate::load::SteadyLoad;

/// A hand-over takes no longer than this where nothing else runs.
const HAND_OVER_MS: u64 = 100;

async fn primary(scene: &Scene, index: usize) -> Result<PrimaryView> {
    Ok(serde_json::from_value(scene.cluster.command(index, &["primary", "show"]).await?)?)
}

#[tokio::test]
async fn the_lead_is_handed_over_and_no_request_fails() -> Result<()> {
    let scene = Scene::start(3).await?;
    scene.partner("alice", &["checksum"]).await?;
    let mut loads = vec![SteadyLoad::start(&scene, 0), SteadyLoad::start(&scene, 1), SteadyLoad::start(&scene, 2)];
    for index in 0..3 {
        loads.push(SteadyLoad::of_parameters(&scene, index)?);
    }
    for load in &loads {
        load.more(3).await?;
    }
    let mut from = primary(&scene, 0).await?.node.context("nobody leads")?;
    let mut quickest_ms = u64::MAX;
    for (asked, to) in [(0, Some(3)), (1, Some(2)), (2, None)] {
        let text = to.map(|to: u64| to.to_string());
        let mut arguments = vec!["primary", "handover"];
        arguments.extend(text.as_deref());
        let done: HandOverAnswer = serde_json::from_value(scene.cluster.command(asked, &arguments).await?)?;
        assert_eq!(done.from, from);
        assert!(to.is_none_or(|to| done.to.0 == to), "{done:?}");
        assert_eq!(primary(&scene, asked).await?.node, Some(done.to));
        from = done.to;
        quickest_ms = quickest_ms.min(done.took_ms);
        for load in &loads {
            load.more(3).await?;
        }
    }
    assert_eq!(from.0, 1, "the first of the list that did not lead");
    // One of three, as other tests run beside this one.
    assert!(quickest_ms < HAND_OVER_MS, "{quickest_ms} ms");
    let mut longest = Duration::ZERO;
    for load in loads {
        longest = longest.max(load.finish().await?);
    }
    println!("quickest hand-over: {quickest_ms} ms; longest request during three: {longest:?}");
    Ok(())
}

#[tokio::test]
async fn a_hand_over_that_cannot_be_is_refused_with_the_reason() -> Result<()> {
    let mut scene = Scene::start(3).await?;
    let leader = scene.primary_as_seen_by(0).await?;
    let id = |index: usize| (index + 1).to_string();
    let asked = leader;
    let dead = (leader + 1) % 3;
    scene.cluster.nodes[dead].kill()?;
    wait_until("its death is known", DEADLINE, async || {
        let view = primary(&scene, asked).await?;
        let row = view.order.iter().find(|row| row.node.0 == dead as u64 + 1).context("no such row")?;
        Ok((row.reason.as_deref() == Some("is down")).then_some(()))
    })
    .await?;
    for (to, part) in [(id(leader), "leads already"), (id(dead), "is down"), ("9".to_owned(), "no member 9")] {
        let refused = scene.cluster.command(asked, &["primary", "handover", &to]).await.unwrap_err().to_string();
        assert!(refused.contains(part), "{part} is missing in {refused}");
    }
    Ok(())
}

#[tokio::test]
async fn the_first_of_the_list_follows_and_takes_the_lead_back_if_it_is_to() -> Result<()> {
    let mut scene = Scene::start(3).await?;
    scene.cluster.command(0, &["servers", "move", "3", "1"]).await?;
    scene.cluster.command(0, &["servers", "move", "2", "2"]).await?;
    if primary(&scene, 0).await?.node.context("nobody leads")?.0 != 3 {
        scene.cluster.command(0, &["primary", "handover", "3"]).await?;
    }
    wait_until("the first of the list leads", DEADLINE, async || {
        Ok((primary(&scene, 0).await?.node.map(|node| node.0) == Some(3)).then_some(()))
    })
    .await?;
    scene.cluster.nodes[2].kill()?;
    wait_until("the second of the list leads", DEADLINE, async || {
        let node = primary(&scene, 0).await?.node.context("nobody leads")?;
        assert_ne!(node.0, 1, "the last of the list");
        Ok((node.0 == 2).then_some(()))
    })
    .await?;
    scene.cluster.start_node(2)?;
    scene.cluster.wait_ready(2).await?;
    scene.settled().await?;
    let view = primary(&scene, 0).await?;
    assert_eq!(
        (view.failback.as_str(), view.node.map(|node| node.0)),
        ("manual", Some(2)),
        "it does not come back by itself"
    );
    for refused in ["yes", "on"] {
        let refused = scene.cluster.command(0, &["param", "set", "Cluster.failback", refused]).await;
        assert!(refused.unwrap_err().to_string().contains("write manual or auto"));
    }
    // As it was written before.
    scene.cluster.command(0, &["param", "set", "Cluster.failback", "automatic"]).await?;
    assert_eq!(primary(&scene, 1).await?.failback, "auto");
    wait_until("the first of the list leads again", DEADLINE, async || {
        Ok((primary(&scene, 0).await?.node.map(|node| node.0) == Some(3)).then_some(()))
    })
    .await
}
