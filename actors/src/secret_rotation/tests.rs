//! Cases of the core, and the shell that carries a rotation through.

use std::sync::Arc;

use async_trait::async_trait;
use flotilla_model::{Command, NodeId, Sealed, SecretRotation, State};
use parking_lot::Mutex;

use super::core::{Effect, RotationCore};
use super::{RotationPorts, SecretRotations};
use crate::ports::{Now, RaftStatus, SecretKeeper, SystemClock};
use crate::supervision::Supervisor;
use crate::testing::{Cluster, FakeLog, FakeRaft, Trouble, within};

fn at(ms: u64) -> Now {
    Now { unix_ms: ms, monotonic_ms: ms }
}

fn rotate(to: &str) -> Command {
    Command::RotateSecret { fingerprint: to.to_owned(), previous: "old".to_owned(), sealed: Sealed(vec![1]), now_ms: 1 }
}

fn adopted(node: u64) -> Command {
    Command::SecretAdopted { node: NodeId(node), fingerprint: "new".to_owned() }
}

fn old() -> (String, Option<String>) {
    ("old".to_owned(), None)
}

fn both() -> (String, Option<String>) {
    ("new".to_owned(), Some("old".to_owned()))
}

#[test]
fn each_step_follows_from_the_state() {
    let mut cluster = Cluster::new(2);
    let mut core = RotationCore::new(NodeId(1));
    let mut decide = |cluster: &Cluster, is_primary, in_force, ms| {
        let effect = core.decide(&cluster.view.state, is_primary, in_force, at(ms));
        if let Some(effect) = &effect {
            core.on_done(effect, Ok(()), at(ms));
        }
        effect
    };
    assert_eq!(decide(&cluster, true, old(), 0), None);
    cluster.apply(rotate("new")).unwrap();
    assert!(matches!(decide(&cluster, true, old(), 1), Some(Effect::Adopt(row)) if row.fingerprint == "new"));
    assert_eq!(decide(&cluster, true, both(), 2), Some(Effect::Announce("new".to_owned())));
    cluster.apply(adopted(1)).unwrap();
    assert_eq!(decide(&cluster, true, both(), 3), None, "node 2 does not have it yet");
    cluster.apply(adopted(2)).unwrap();
    assert_eq!(decide(&cluster, false, both(), 4), None, "the primary ends it");
    assert_eq!(decide(&cluster, true, both(), 5), Some(Effect::Finish("new".to_owned())));
    let finish = Command::FinishRotation { fingerprint: "new".to_owned(), force: false, now_ms: 6 };
    cluster.apply(finish).unwrap();
    assert_eq!(decide(&cluster, false, both(), 6), Some(Effect::Retire));
    assert_eq!(decide(&cluster, false, ("new".to_owned(), None), 7), None);
    assert_eq!(decide(&cluster, false, old(), 8), None, "what it missed it cannot open any more");
}

#[test]
fn one_step_at_a_time_and_a_pause_after_a_failure() {
    let mut cluster = Cluster::new(1);
    cluster.apply(rotate("new")).unwrap();
    let mut core = RotationCore::new(NodeId(1));
    let effect = core.decide(&cluster.view.state, false, old(), at(0)).unwrap();
    assert_eq!(core.decide(&cluster.view.state, false, old(), at(1)), None);
    core.on_done(&effect, Err("the disk is full".to_owned()), at(10));
    assert_eq!(core.status().last_failure.as_deref(), Some("the disk is full"));
    assert_eq!(core.decide(&cluster.view.state, false, old(), at(1_009)), None);
    assert_eq!(core.decide(&cluster.view.state, false, old(), at(1_010)), Some(effect));
}

/// Keeps names instead of secrets.
struct FakeKeeper(Mutex<(String, Option<String>)>);

#[async_trait]
impl SecretKeeper for FakeKeeper {
    fn in_force(&self) -> (String, Option<String>) {
        self.0.lock().clone()
    }

    async fn adopt(&self, rotation: SecretRotation) -> Result<(), String> {
        *self.0.lock() = (rotation.fingerprint, Some(rotation.previous));
        Ok(())
    }

    async fn retire(&self) -> Result<(), String> {
        self.0.lock().1 = None;
        Ok(())
    }

    fn seal_anew(&self, _state: &State) -> Result<Vec<Command>, String> {
        Ok(vec![Command::Tick { now_ms: 9_999 }])
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_shell_carries_a_rotation_through() {
    let supervisor = Supervisor::new(tokio::runtime::Handle::current());
    let log = Arc::new(FakeLog::new(Cluster::new(1)));
    log.make_trouble(&[Trouble::Refused]);
    let ports = RotationPorts {
        log: log.clone(),
        raft: Arc::new(FakeRaft::new(RaftStatus { is_primary: true, ..RaftStatus::default() })),
        keeper: Arc::new(FakeKeeper(Mutex::new(old()))),
        clock: Arc::new(SystemClock::default()),
    };
    let rotations = SecretRotations::start(&supervisor, ports, NodeId(1)).unwrap();
    log.change(|cluster| cluster.apply(rotate("new")).unwrap());
    let over = |status: &super::RotationStatus| status.fingerprint == "new" && status.previous.is_none();
    within(rotations.status().wait_for(over)).await;
    let state = log.wait_for(|_| true).await.state;
    assert!(state.secret_rotations.values().all(|row| row.finished_ms.is_some()));
    assert!(log.proposed.lock().iter().flatten().any(|command| matches!(command, Command::Tick { now_ms: 9_999 })));
    within(rotations.stop(std::time::Duration::from_secs(10))).await.unwrap();
    within(supervisor.shutdown()).await.unwrap();
}
