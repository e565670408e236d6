//! The thin owners against fakes.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use flotilla_model::NodeId;

use crate::mesh::{MeshLinksActor, MeshListenerActor};
use crate::ports::{LinkLevel, MeshListener};
use crate::supervision::{ActorState, Supervisor};
use crate::testing::{FakeLinks, within};

/// Dies twice, by error and by panic, and then listens.
#[derive(Default)]
struct Mortal(AtomicU32);

#[async_trait]
impl MeshListener for Mortal {
    async fn listen(&self) -> Result<(), String> {
        match self.0.fetch_add(1, Ordering::SeqCst) {
            0 => Err("out of descriptors".to_owned()),
            1 => panic!("the listener panicked"),
            _ => std::future::pending().await,
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_listener_that_dies_is_run_again() {
    let supervisor = Supervisor::new(tokio::runtime::Handle::current());
    let listener = Arc::new(Mortal::default());
    let actor = MeshListenerActor::start(&supervisor, listener.clone()).unwrap();
    let status = within(async {
        loop {
            let status = supervisor.registry().status("mesh-listener").unwrap();
            if status.restarts == 2 && status.state == ActorState::Running {
                return status;
            }
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert_eq!((status.errors, status.panics), (1, 1));
    within(actor.stop(Duration::from_secs(10))).await.unwrap();
    within(supervisor.shutdown()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_peer_has_an_actor_that_knows_its_link() {
    let supervisor = Supervisor::new(tokio::runtime::Handle::current());
    let links = Arc::new(FakeLinks::default());
    links.set_level(2, LinkLevel::Connected { since_ms: 1 });
    let actor = MeshLinksActor::start(&supervisor, links.clone()).unwrap();
    within(actor.status().wait_for(|status| status.peers.contains_key(&NodeId(2)))).await;
    links.set_level(2, LinkLevel::Gone { since_ms: 2 });
    let lost = |status: &crate::mesh::MeshStatus| status.peers.get(&NodeId(2)).is_some_and(|peer| peer.losses == 1);
    let status = within(actor.status().wait_for(lost)).await;
    assert_eq!(status.peers[&NodeId(2)].link.level, LinkLevel::Gone { since_ms: 2 });
    assert!(supervisor.registry().names().contains(&"mesh-peer-2".to_owned()));
    links.remove(2);
    within(actor.status().wait_for(|status| status.peers.is_empty())).await;
    within(async {
        while supervisor.registry().names().contains(&"mesh-peer-2".to_owned()) {
            tokio::task::yield_now().await;
        }
    })
    .await;
    within(actor.stop(Duration::from_secs(10))).await.unwrap();
    within(supervisor.shutdown()).await.unwrap();
}
