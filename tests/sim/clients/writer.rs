//! A client that makes changes through any node, each under a key of its own.

use std::sync::Arc;

use flotilla_consensus::random_below;
use flotilla_model::{AccountName, BlobId, Command, FilePath, NodeId, Protocol, PutCondition, Sha256};
use tokio_util::sync::CancellationToken;

use super::pause;
use crate::oracles::{ACCOUNT, Key};
use crate::world::World;

fn change(world: &World, node: NodeId, client: u64, number: u64) -> (Key, Command) {
    if random_below(2) == 0 {
        let name = format!("client-{client}.change-{number}");
        let command = Command::SetParameter {
            name: name.clone(),
            node: None,
            value: Some("x".repeat(random_below(300) as usize)),
            // Applied a second time it would be refused: so a change that was made twice shows.
            expected_version: Some(0),
            changed_by: "simulation".to_owned(),
            now_ms: world.now_ms(),
        };
        return (Key::Parameter(name), command);
    }
    let path = format!("client-{client}/file-{number}");
    let command = Command::FileStored {
        account: AccountName::parse(ACCOUNT).unwrap(),
        path: FilePath::parse(&path).unwrap(),
        blob: BlobId(u128::from(client) << 64 | u128::from(number)),
        length: random_below(1 << 20),
        sha256: Sha256([number as u8; 32]),
        holders: vec![node, NodeId(node.0 % 3 + 1)],
        node,
        protocol: Protocol::Https,
        remote: "192.0.2.1".to_owned(),
        condition: PutCondition::Any,
        started_ms: world.now_ms(),
        now_ms: world.now_ms(),
    };
    (Key::File(path), command)
}

pub(crate) async fn write(world: Arc<World>, client: u64, stop: CancellationToken) {
    let mut number = 0;
    while !stop.is_cancelled() {
        pause(80).await;
        let Some((node, running)) = world.any_running() else { continue };
        // Now and then several at once, so that groups form.
        let count = if random_below(5) == 0 { 1 + random_below(12) } else { 1 };
        let proposals: Vec<_> = (0..count)
            .map(|_| {
                number += 1;
                let (key, command) = change(&world, node, client, number);
                let (world, consensus) = (Arc::clone(&world), running.consensus.clone());
                tokio::spawn(async move {
                    let answer = consensus.propose(command).await;
                    let outcome = answer.as_ref().map(|applied| (applied.index, applied.outcome.is_ok()));
                    world.note(format!("{key:?} through node {node}: {outcome:?}"));
                    world.oracles.acknowledged.answered(key, &answer);
                })
            })
            .collect();
        for proposal in proposals {
            proposal.await.unwrap();
        }
    }
}
