//! Whether all nodes have the same state: shown, compared, and a node mended whose state was damaged on its disk.

use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use flotilla_admin::api::{Repaired, SyncStatus, Verification};
use flotilla_local::wait_until;
use flotilla_model::{Command, State};

use crate::common::{DEADLINE, Scene, flotilla};
use crate::load::SteadyLoad;

async fn verify(scene: &Scene, index: usize) -> Result<Verification> {
    Ok(serde_json::from_value(scene.cluster.command(index, &["sync", "verify"]).await?)?)
}

/// The newest snapshot of a node.
fn snapshot_of(scene: &Scene, index: usize) -> Result<PathBuf> {
    let folder = scene.cluster.nodes[index].dir.join("raft");
    let is_snapshot = |path: &PathBuf| {
        path.file_name()
            .and_then(|name| name.to_str())
            .is_some_and(|name| name.starts_with("snapshot-") && name.bytes().any(|byte| byte.is_ascii_digit()))
    };
    let files = std::fs::read_dir(&folder)?.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    files.into_iter().find(is_snapshot).with_context(|| format!("no snapshot in {}", folder.display()))
}

/// Writes another state into the file, whole and with the right checksum: as a fault of memory or of the program would.
fn damage(file: &PathBuf) -> Result<()> {
    let bytes = std::fs::read(file)?;
    // Magic, version, length of the meta data, meta data, state, checksum.
    let meta_length = u32::from_le_bytes(bytes[10..14].try_into()?) as usize;
    let (head, rest) = bytes.split_at(14 + meta_length);
    let mut state = State::decode_snapshot(&mut &rest[..rest.len() - 4])?;
    state.apply(&Command::SetParameter {
        name: "EventQueue.maxRetryCount".to_owned(),
        node: None,
        value: Some("99".to_owned()),
        expected_version: None,
        changed_by: "nobody".to_owned(),
        now_ms: 1,
    })?;
    let mut damaged = head.to_vec();
    state.encode_snapshot(&mut damaged)?;
    let checksum = crc32fast::hash(&damaged);
    damaged.extend_from_slice(&checksum.to_le_bytes());
    std::fs::write(file, damaged)?;
    Ok(())
}

#[tokio::test]
async fn a_node_whose_state_was_damaged_is_found_and_mended_while_all_work() -> Result<()> {
    let mut scene = Scene::start(3).await?;
    scene.partner("alice", &["checksum"]).await?;
    let leader = scene.primary_as_seen_by(0).await?;
    let (victim, witness) = ((leader + 1) % 3, (leader + 2) % 3);
    let victim_id = (victim + 1).to_string();
    let load = SteadyLoad::start(&scene, leader);
    load.more(5).await?;
    let found = verify(&scene, witness).await?;
    assert!(found.is_equal && found.nodes.iter().all(|node| node.is_equal), "{found:?}");

    // A repair of a node that is well does no harm, and leaves a snapshot.
    scene.cluster.command(witness, &["sync", "repair", &victim_id]).await?;
    let snapshot =
        wait_until("the mended state is on disk", DEADLINE, async || Ok(snapshot_of(&scene, victim).ok())).await?;
    scene.cluster.nodes[victim].kill()?;
    damage(&snapshot)?;
    scene.cluster.start_node(victim)?;
    scene.cluster.wait_ready(victim).await?;

    let refused = wait_until("the damage is found", DEADLINE, async || {
        Ok(verify(&scene, witness).await.err().map(|error| error.to_string()))
    })
    .await?;
    assert!(refused.contains(&format!("other states on nodes {victim_id}")), "{refused}");
    load.more(5).await?;

    let done = scene.cluster.command(leader, &["sync", "repair", &victim_id]).await?;
    let done: Repaired = serde_json::from_value(done)?;
    assert_eq!((done.node.0, done.from.0), (victim as u64 + 1, leader as u64 + 1));
    let found = verify(&scene, victim).await?;
    assert!(found.is_equal, "{found:?}");
    load.more(5).await?;
    load.finish().await?;
    let row = scene.cluster.command(victim, &["param", "get", "EventQueue.maxRetryCount"]).await?;
    assert_eq!(row["value"], "5");
    // It was mended on disk too.
    scene.cluster.nodes[victim].kill()?;
    scene.cluster.start_node(victim)?;
    scene.cluster.wait_ready(victim).await?;
    assert!(verify(&scene, victim).await?.is_equal);
    let rows = scene.cluster.command(0, &["audit", "list", "--operation", "sync.repair"]).await?;
    assert_eq!(rows["items"].as_array().map(Vec::len), Some(2), "{rows}");
    Ok(())
}

#[tokio::test]
async fn states_are_compared_and_a_repair_is_made_or_refused_while_nothing_is_written() -> Result<()> {
    let mut scene = Scene::start(3).await?;
    let leader = scene.primary_as_seen_by(0).await?;
    let (other, third) = ((leader + 1) % 3, (leader + 2) % 3);
    let status = scene.cluster.command(other, &["sync", "status"]).await?;
    let status: SyncStatus = serde_json::from_value(status)?;
    ensure!(status.nodes.len() == 3 && status.pending_parameters.is_empty(), "{status:?}");
    assert!(status.nodes.iter().all(|node| node.differs_at_index.is_none()));
    let repaired = scene.cluster.command(other, &["sync", "repair", &(third + 1).to_string()]).await?;
    assert_eq!(repaired["node"], third as u64 + 1);
    assert!(verify(&scene, other).await?.is_equal);
    let leader_id = (leader + 1).to_string();
    for (node, part) in [(leader_id.as_str(), "hand the lead over first"), ("9", "there is no member 9")] {
        let refused = scene.cluster.command(other, &["sync", "repair", node]).await.unwrap_err().to_string();
        assert!(refused.contains(part), "{part} is missing in {refused}");
    }
    scene.cluster.nodes[third].kill()?;
    let config = scene.cluster.nodes[other].config_file().display().to_string();
    let (found, code, said) = wait_until("the dead one is told of", DEADLINE, async || {
        let output = flotilla(&["sync", "verify", "--json", "--config", &config])?;
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        // Nothing can be compared while there is no majority for it.
        let Ok(found) = serde_json::from_slice::<Verification>(&output.stdout) else { return Ok(None) };
        let is_told = found.nodes.iter().any(|node| node.failure.is_some());
        Ok(is_told.then_some((found, output.status.code(), said)))
    })
    .await?;
    assert!(found.is_equal, "who gives no answer is not known to differ: {found:?}");
    assert_eq!(code, Some(1), "not known to be equal either: {said}");
    assert!(said.contains(&format!("nothing is known of the states of nodes {}", third + 1)), "{said}");
    Ok(())
}
