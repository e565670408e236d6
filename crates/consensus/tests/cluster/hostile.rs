//! Nothing that a peer sends can stop a node.

use bytes::Bytes;
use flotilla_consensus::{Lane, random_below, random_u64, seed_randomness};
use flotilla_model::NodeId;

use crate::harness::{Cluster, set};

#[tokio::test(start_paused = true)]
async fn garbage_from_a_peer_changes_nothing() {
    let cluster = Cluster::formed(|_| ()).await;
    let before = cluster.node(1).view();
    seed_randomness(7);
    for round in 0..3000_u64 {
        let length = random_below(80) as usize;
        let mut bytes: Vec<_> = (0..length).map(|_| random_u64() as u8).collect();
        if let [version, kind, ..] = &mut bytes[..] {
            (*version, *kind) = (1, [1, 2, 3, 4, 5, 16, 17, 99][(round % 8) as usize]);
        }
        for lane in [Lane::Raft, Lane::Control] {
            let answer = cluster.node(1).handle(NodeId(2), lane, Bytes::from(bytes.clone())).await;
            assert_eq!(answer.first(), Some(&1), "every answer has a version");
        }
    }
    assert_eq!(cluster.node(1).view().digest, before.digest);
    cluster.node(2).propose(set("still alive", 1)).await.unwrap();
    cluster.wait_converged().await;
}

#[tokio::test(start_paused = true)]
async fn a_batch_that_cannot_be_read_never_reaches_the_log() {
    let cluster = Cluster::formed(|_| ()).await;
    let last = cluster.node(1).status().last_log_index;
    for body in [&[1, 16][..], &[1, 16, 1, 1, 0xff], &[1, 16, 9, 0], &[1, 16, 1, 0xff, 0xff, 0xff, 0x7f]] {
        let answer = cluster.node(1).handle(NodeId(2), Lane::Control, Bytes::from_static(body)).await;
        assert_eq!(answer[..2], [1, 1], "refused");
    }
    assert_eq!(cluster.node(1).status().last_log_index, last);
}
