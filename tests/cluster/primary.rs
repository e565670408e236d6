//! The lead: shown, handed over while partners and operators go on, and what is refused.

use std::time::Duration;

use anyhow::{Context, Result};
use flotilla_admin::api::{HandOverAnswer, PrimaryView};

use crate::common::Scene;
use crate::load::SteadyLoad;

async fn primary(scene: &Scene, index: usize) -> Result<PrimaryView> {
    Ok(serde_json::from_value(scene.cluster.command(index, &["primary", "show"]).await?)?)
}

#[tokio::test]
async fn the_lead_is_handed_over_and_no_request_fails() -> Result<()> {
    let scene = Scene::start(3).await?;
    scene.partner("alice", &["checksum"]).await?;
    let loads = [SteadyLoad::start(&scene, 0), SteadyLoad::start(&scene, 1), SteadyLoad::start(&scene, 2)];
    for load in &loads {
        load.more(3).await?;
    }
    let mut from = primary(&scene, 0).await?.node.context("nobody leads")?;
    for (asked, to) in [(0, Some(3)), (1, Some(2)), (2, None)] {
        let text = to.map(|to: u64| to.to_string());
        let mut arguments = vec!["primary", "handover"];
        arguments.extend(text.as_deref());
        let done: HandOverAnswer = serde_json::from_value(scene.cluster.command(asked, &arguments).await?)?;
        assert_eq!(done.from, from);
        assert!(to.is_none_or(|to| done.to.0 == to), "{done:?}");
        assert_eq!(primary(&scene, asked).await?.node, Some(done.to));
        from = done.to;
        for load in &loads {
            load.more(3).await?;
        }
    }
    assert_eq!(from.0, 1, "the first of the list that did not lead");
    let mut longest = Duration::ZERO;
    for load in loads {
        longest = longest.max(load.finish().await?);
    }
    println!("longest upload during three hand-overs: {longest:?}");
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
    flotilla_local::wait_until("its death is known", crate::common::DEADLINE, async || {
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
