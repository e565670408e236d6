//! The samples of all nodes, each asked for its own at once.

use flotilla_model::NodeId;
use futures::future::join_all;

use crate::Admin;
use crate::api::{History, NodeHistory, SAMPLE_EVERY_MS, Sample, to_ms};
use crate::nodes::{NodeAnswer, NodeRequest};

/// Of these nodes; one that does not answer is named with its failure.
pub(crate) async fn of_nodes(admin: &Admin, nodes: Vec<(NodeId, String)>, since_ms: Option<u64>) -> History {
    let ask = |(node, name): (NodeId, String)| async move {
        let (samples, failure) = match admin.ask_patiently(node, NodeRequest::History { since_ms }).await {
            Ok(NodeAnswer::History(samples)) => (samples, None),
            Ok(_) => (Vec::new(), Some("it answered something else".to_owned())),
            Err(failure) => (Vec::new(), Some(failure)),
        };
        NodeHistory { node, name, samples, failure }
    };
    History { every_ms: SAMPLE_EVERY_MS, nodes: join_all(nodes.into_iter().map(ask)).await }
}

/// What one node has seen of the whole cluster: this one, or the one that has seen more of the last hour, after a start of this one.
pub(crate) async fn longest(admin: &Admin) -> Vec<Sample> {
    let own = admin.parts().facts.status().node;
    let begin = |samples: &[Sample]| samples.first().map(|sample| to_ms(sample.at));
    let seen = of_nodes(admin, admin.named_nodes(Some(own)), None).await.nodes.pop().map(|one| one.samples);
    let seen = seen.unwrap_or_default();
    if seen.len() as u64 * SAMPLE_EVERY_MS >= HOUR_MS {
        return seen;
    }
    // Those that are heard: nobody waits for a node that is away.
    let heard: Vec<NodeId> =
        admin.parts().facts.peers().into_iter().filter(|peer| peer.link.is_connected).map(|peer| peer.node).collect();
    let others = admin.named_nodes(None).into_iter().filter(|(node, _)| heard.contains(node)).collect();
    let others = of_nodes(admin, others, None).await.nodes.into_iter().map(|one| one.samples);
    let all = others.chain([seen]).filter(|samples| !samples.is_empty());
    all.min_by_key(|samples| begin(samples)).unwrap_or_default()
}

const HOUR_MS: u64 = 3_600_000;
