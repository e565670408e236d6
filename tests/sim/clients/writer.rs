//! A client that makes changes through any node, each under a key of its own.

use std::sync::Arc;

use flotilla_consensus::{ProposeError, random_below};
use flotilla_model::{
    AccountName, BlobId, Command, EventKey, FilePath, KindName, NewEvent, NodeId, Payload, Priority, Protocol,
    PutCondition, Sha256,
};
use tokio_util::sync::CancellationToken;

use super::pause;
use crate::oracles::{ACCOUNT, Key};
use crate::world::World;

/// Keys whose events must run in order.
const ORDERING_KEYS: u64 = 3;

fn change(world: &World, node: NodeId, client: u64, number: u64) -> (Key, Command) {
    let kind = random_below(3);
    if kind == 2 {
        let data = format!("{}/client-{client}.event-{number}", random_below(ORDERING_KEYS));
        return (Key::Event(data.clone()), publish(world, node, &data));
    }
    if kind == 0 {
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

/// An application's event under keys of its own; published again it is the same event.
fn publish(world: &World, node: NodeId, data: &str) -> Command {
    let (ordering_key, _) = data.split_once('/').unwrap();
    let event = NewEvent {
        kind: KindName::parse("simulation.event").unwrap(),
        data: Payload::new(data.as_bytes()),
        ordering_key: Some(EventKey::parse(ordering_key).unwrap()),
        idempotency_key: Some(EventKey::parse(data).unwrap()),
        priority: Priority::new(random_below(10) as u8),
        not_before_ms: (random_below(4) == 0).then(|| world.now_ms() + random_below(500)),
        expires_ms: None,
        trace_id: None,
    };
    Command::PublishEvents {
        account: AccountName::parse(ACCOUNT).unwrap(),
        node,
        events: vec![event],
        now_ms: world.now_ms(),
    }
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
                    let mut answer = consensus.propose(command.clone()).await;
                    if matches!((&key, &answer), (Key::Event(_), Err(ProposeError::Unknown))) {
                        // It may have happened: its idempotency key makes it safe to say it again.
                        answer = consensus.propose(command).await.map_err(|_| ProposeError::Unknown);
                    }
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
