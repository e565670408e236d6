//! Members with disks and wires: five vote at most, the others follow.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use flotilla_consensus::sim::{DiskFaults, LinkFaults, SimDisk, SimNetwork};
use flotilla_consensus::{Config, Consensus, PeerAddress, Role};
use flotilla_model::{AccountName, Authority, Command, MemberRole, NodeId, SessionId, Sha256, Step};
use tokio::time::sleep;

use crate::counted::{Counted, Traffic};
use crate::model::{Shape, Sync};

pub(crate) const ACCOUNT: &str = "partner";
pub(crate) const NOW_MS: u64 = 1_700_000_000_000;

pub(crate) struct Cluster {
    /// The first one leads.
    pub(crate) nodes: Vec<Consensus>,
    pub(crate) traffic: Arc<Traffic>,
}

fn address(node: NodeId) -> PeerAddress {
    PeerAddress { name: format!("node-{node}"), address: format!("node-{node}:44431") }
}

impl Cluster {
    /// The links are slow only once it is formed.
    pub(crate) async fn form(shape: Shape) -> Self {
        let (network, traffic) = (SimNetwork::new(), Arc::<Traffic>::default());
        let mut nodes = Vec::new();
        for number in 1..=shape.members {
            nodes.push(start(NodeId(number), &network, &traffic).await);
        }
        let first = &nodes[0];
        first.initialize(address(NodeId(1))).await.unwrap();
        while first.status().role != Role::Primary {
            sleep(Duration::from_millis(10)).await;
        }
        for number in 2..=shape.members {
            first.add_learner(NodeId(number), address(NodeId(number))).await.unwrap();
        }
        first.change_voters(&(1..=shape.voters()).map(NodeId).collect::<BTreeSet<_>>()).await.unwrap();
        for command in commands(shape.members) {
            first.propose(command).await.unwrap().outcome.unwrap();
        }
        network.set_faults(LinkFaults { delay_min: shape.one_way, delay_max: shape.one_way, losses_per_mille: 0 });
        Self { nodes, traffic }
    }
}

async fn start(node: NodeId, network: &SimNetwork, traffic: &Arc<Traffic>) -> Consensus {
    let disk = SimDisk::new();
    disk.set_faults(DiskFaults { latency_max: Sync::LONGEST, ..DiskFaults::default() });
    let inner = Arc::new(network.transport(node));
    let transport = Counted { inner: Arc::clone(&inner), traffic: Arc::clone(traffic) };
    let mut config = Config::new(node);
    config.rank = node.0 as u32 - 1;
    let consensus = Consensus::start(config, Arc::new(disk), Arc::new(transport)).await.unwrap();
    network.attach(&inner, consensus.clone());
    consensus
}

/// Members, an account, a route: what an upload needs.
fn commands(members: u64) -> Vec<Command> {
    let (name, now_ms) = ("sizing".to_owned(), NOW_MS);
    let mut commands = vec![Command::CreateCluster { id: 1, name, parameters: Vec::new(), now_ms }];
    for number in 1..=members {
        let token = (number > 1).then_some(Sha256([number as u8; 32]));
        commands.extend(token.map(|secret_hash| Command::CreateJoinToken {
            secret_hash,
            expires_ms: NOW_MS + 60_000,
            created_by: "sizing".to_owned(),
            now_ms,
        }));
        commands.push(Command::AdmitMember {
            token,
            name: format!("node-{number}"),
            role: MemberRole::Full,
            mesh_address: format!("node-{number}:44431"),
            admin_url: format!("https://node-{number}:8444"),
            transfer_url: format!("https://node-{number}:8443"),
            authority: Authority {
                fingerprint: format!("ca-{number}"),
                certificate_pem: "certificate".to_owned(),
                node: None,
                added_ms: NOW_MS,
            },
            now_ms,
        });
        commands.push(Command::NodeStarted {
            node: NodeId(number),
            session: SessionId(number),
            version: "0.1.0".to_owned(),
            mesh_address: format!("node-{number}:44431"),
            admin_url: format!("https://node-{number}:8444"),
            transfer_url: format!("https://node-{number}:8443"),
            now_ms,
        });
    }
    let account = AccountName::parse(ACCOUNT).unwrap();
    commands.push(Command::PutAccount {
        name: account.clone(),
        password_hash: Some("$argon2id$".to_owned()),
        enabled: None,
        quota_bytes: None,
        quota_files: None,
        expected_version: None,
        now_ms,
    });
    commands.push(Command::PutRoute { account, steps: vec![Step::Checksum], expected_version: None });
    commands
}
