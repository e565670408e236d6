//! Files in through one node, out through any other.

use anyhow::Result;
use reqwest::StatusCode;

use crate::common::{PASSWORD, Scene};

#[tokio::test]
async fn any_node_takes_and_gives_any_file() -> Result<()> {
    let scene = Scene::start(3).await?;
    scene.partner("alice", &["checksum"]).await?;
    for from in 0..3 {
        let body: Vec<u8> = (0..300_000u32).map(|at| (at * 7 + from as u32) as u8).collect();
        let path = format!("in/from-{from}.bin");
        let id = scene.upload(from, "alice", &path, body.clone()).await?;
        for to in 0..3 {
            assert_eq!(scene.get(to, "alice", &path).await?, (StatusCode::OK, body.clone()), "{from} to {to}");
        }
        let row = scene.ended((from + 1) % 3, id).await?;
        assert_eq!((row.state.as_str(), row.node.0), ("Processed", from as u64 + 1));
        assert_eq!(row.replicas.len(), 2, "an upload is on two nodes before it is acknowledged");
        assert!(row.steps.iter().all(|step| step.succeeded) && row.steps.len() == 1, "{row:?}");
        assert_eq!(row, scene.transfer(from, id).await?, "the transfer log is the same on every node");
    }
    let listing = scene.cluster.client().get(scene.file_url(2, "in/")).basic_auth("alice", Some(PASSWORD));
    let listing = listing.header("accept", "application/json").send().await?.error_for_status()?.text().await?;
    assert!((0..3).all(|from| listing.contains(&format!("from-{from}.bin"))), "{listing}");

    let wrong = scene.cluster.client().get(scene.file_url(0, "in/from-0.bin")).basic_auth("alice", Some("wrong"));
    assert_eq!(wrong.send().await?.status(), StatusCode::UNAUTHORIZED);
    let removed = scene.cluster.client().delete(scene.file_url(1, "in/from-0.bin")).basic_auth("alice", Some(PASSWORD));
    assert_eq!(removed.send().await?.status(), StatusCode::NO_CONTENT);
    assert_eq!(scene.get(1, "alice", "in/from-0.bin").await?.0, StatusCode::NOT_FOUND);
    scene.converged().await
}

#[tokio::test]
async fn a_large_file_streams_with_bounded_memory() -> Result<()> {
    const MIB: usize = 1 << 20;
    const TOTAL: usize = 384 * MIB;
    let scene = Scene::start(3).await?;
    scene.partner("alice", &[]).await?;
    scene.upload(1, "alice", "warm.bin", vec![1; 4 * MIB]).await?;
    let resident = |index: usize| -> Result<usize> {
        let id = scene.cluster.nodes[index].process_id().unwrap();
        let status = std::fs::read_to_string(format!("/proc/{id}/status"))?;
        // The high-water mark: nothing between two looks is missed.
        let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap().to_owned();
        Ok(line.split_whitespace().nth(1).unwrap().parse::<usize>()? * 1024)
    };
    let before = (0..3).map(resident).collect::<Result<Vec<_>>>()?;
    let chunks = (0..TOTAL / MIB).map(|at| Ok::<_, std::io::Error>(vec![at as u8; MIB]));
    let request = scene.cluster.client().put(scene.file_url(1, "large.bin")).basic_auth("alice", Some(PASSWORD));
    let answer = request.body(reqwest::Body::wrap_stream(futures::stream::iter(chunks))).send().await?;
    assert_eq!(answer.status(), StatusCode::CREATED, "{}", answer.text().await?);

    for index in 0..3 {
        let request = scene.cluster.client().get(scene.file_url(index, "large.bin"));
        let mut answer = request.basic_auth("alice", Some(PASSWORD)).send().await?.error_for_status()?;
        let mut at = 0;
        while let Some(chunk) = answer.chunk().await? {
            for byte in &chunk[..] {
                assert_eq!(*byte, (at / MIB) as u8, "byte {at} through node {index}");
                at += 1;
            }
        }
        assert_eq!(at, TOTAL);
    }
    for (index, before) in before.into_iter().enumerate() {
        let growth = resident(index)?.saturating_sub(before);
        assert!(growth < 100 * MIB, "node {} grew by {} MiB", index + 1, growth / MIB);
    }
    Ok(())
}

#[tokio::test]
async fn real_curl_goes_up_and_down() -> Result<()> {
    let scene = Scene::start(1).await?;
    scene.partner("alice", &[]).await?;
    let dir = tempfile::tempdir()?;
    let (up, down) = (dir.path().join("up.bin"), dir.path().join("down.bin"));
    std::fs::write(&up, vec![7u8; 3_000_000])?;
    let curl = |arguments: &[&str]| {
        let authority = scene.cluster.nodes[0].authority_file();
        let user = format!("alice:{PASSWORD}");
        let mut command = std::process::Command::new("curl");
        command.args(["--silent", "--show-error", "--fail", "--noproxy", "*", "--cacert"]).arg(authority);
        command.args(["--user", &user]).args(arguments).output()
    };
    let url = scene.file_url(0, "");
    let sent = curl(&["-T", up.to_str().unwrap(), &url])?;
    assert!(sent.status.success(), "{}", String::from_utf8_lossy(&sent.stderr));
    let fetched = curl(&["-o", down.to_str().unwrap(), &scene.file_url(0, "up.bin")])?;
    assert!(fetched.status.success(), "{}", String::from_utf8_lossy(&fetched.stderr));
    assert_eq!(std::fs::read(&up)?, std::fs::read(&down)?);
    let part = curl(&["--range", "1-3", &scene.file_url(0, "up.bin")])?;
    assert_eq!(part.stdout, [7, 7, 7]);
    Ok(())
}
