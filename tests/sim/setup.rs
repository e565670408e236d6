//! Forms the cluster before anything goes wrong.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use flotilla_model::{
    AccountName, Authority, Command, KindPattern, LaneName, MemberRole, NodeId, Sha256, Step, parameter_names,
};
use tokio::time::{Instant, sleep};

use crate::oracles::ACCOUNT;
use crate::world::{NODES, World, address};

/// Waits, in simulated time, until something is true.
pub(crate) async fn wait_until(limit: Duration, predicate: impl Fn() -> bool) -> bool {
    let end = Instant::now() + limit;
    while !predicate() {
        if Instant::now() >= end {
            return false;
        }
        sleep(Duration::from_millis(5)).await;
    }
    true
}

pub(crate) async fn form_cluster(world: &Arc<World>) {
    for node in NODES {
        world.start_node(node).await;
    }
    let first = world.running()[&NODES[0]].consensus.clone();
    first.initialize(address(NODES[0])).await.unwrap();
    assert!(wait_until(Duration::from_secs(5), || world.primary() == Some(NODES[0])).await);
    for node in &NODES[1..] {
        first.add_learner(*node, address(*node)).await.unwrap();
    }
    first.change_voters(&BTreeSet::from(NODES)).await.unwrap();
    for command in commands(world) {
        first.propose(command).await.unwrap().outcome.unwrap();
    }
}

fn commands(world: &World) -> Vec<Command> {
    let now_ms = world.now_ms();
    // So little that the data of most events leaves the memory.
    let parameters = vec![(parameter_names::MEMORY_BYTES.to_owned(), "100".to_owned())];
    let mut commands = vec![Command::CreateCluster { id: 1, name: "simulation".to_owned(), parameters, now_ms }];
    for node in NODES {
        let token = (node != NODES[0]).then_some(Sha256([node.0 as u8; 32]));
        commands.extend(token.map(|secret_hash| Command::CreateJoinToken {
            secret_hash,
            expires_ms: now_ms + 60_000,
            created_by: "simulation".to_owned(),
            now_ms,
        }));
        commands.push(admit(node, token, now_ms));
    }
    for (node, running) in world.running() {
        commands.push(world.started_command(node, running.session));
    }
    let partner = AccountName::parse(ACCOUNT).unwrap();
    commands.push(Command::PutAccount {
        name: partner.clone(),
        password_hash: Some("$argon2id$".to_owned()),
        enabled: None,
        quota_bytes: None,
        quota_files: None,
        expected_version: None,
        now_ms,
    });
    commands.push(Command::PutRoute { account: partner.clone(), steps: vec![Step::Checksum], expected_version: None });
    commands.push(Command::PutKindRoute {
        account: partner,
        kind: KindPattern::parse("simulation.*").unwrap(),
        steps: vec![Step::Checksum],
        lane: Some(LaneName::parse("simulation").unwrap()),
        priority: None,
        expected_version: None,
    });
    commands
}

fn admit(node: NodeId, token: Option<Sha256>, now_ms: u64) -> Command {
    Command::AdmitMember {
        token,
        name: format!("node-{node}"),
        role: MemberRole::Full,
        mesh_address: format!("node-{node}:44431"),
        admin_url: format!("https://node-{node}:8444"),
        transfer_url: format!("https://node-{node}:8443"),
        authority: Authority {
            fingerprint: format!("ca-{node}"),
            certificate_pem: "certificate".to_owned(),
            node: None,
            added_ms: now_ms,
        },
        now_ms,
    }
}
