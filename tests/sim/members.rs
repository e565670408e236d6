//! Changes of the members while all else goes wrong: voters become learners and voters again, learners leave and return.
//!
//! A change is asked of the primary and goes on by itself; its primary may die in the middle of it.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use flotilla_consensus::{Consensus, MembershipError, random_below};
use flotilla_model::NodeId;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use crate::world::{NODES, World, address};

/// Changes under way. Those left when it is dropped are abandoned, half-done ones too.
pub(crate) type Changes = JoinSet<()>;

/// Begins a change, if there is a primary.
pub(crate) fn change(world: &Arc<World>, changes: &mut Changes) {
    let Some(primary) = world.primary().and_then(|primary| world.running().remove(&primary)) else { return };
    let consensus = primary.consensus;
    let world = Arc::clone(world);
    let learners: Vec<NodeId> = consensus.status().learners.into_keys().collect();
    match learners.first() {
        Some(learner) if random_below(3) == 0 => {
            let learner = *learner;
            world.note(format!("learner {learner} is to leave"));
            changes.spawn(async move {
                let removed = consensus.remove(learner).await;
                world.note(format!("learner {learner} leaves: {removed:?}"));
            });
        }
        _ => {
            // Mostly two or three.
            let drawn: BTreeSet<NodeId> = NODES.into_iter().filter(|_| random_below(4) > 0).collect();
            let voters = if drawn.is_empty() { BTreeSet::from(NODES) } else { drawn };
            world.note(format!("{voters:?} are to vote"));
            changes.spawn(async move {
                let changed = set_voters(&consensus, &voters).await;
                world.note(format!("{voters:?} vote: {changed:?}"));
            });
        }
    }
}

/// Takes in whoever is missing, then sets who votes.
async fn set_voters(consensus: &Consensus, voters: &BTreeSet<NodeId>) -> Result<(), MembershipError> {
    let status = consensus.status();
    for node in voters.iter().filter(|node| !status.voters.contains_key(node) && !status.learners.contains_key(node)) {
        consensus.add_learner(*node, address(*node)).await?;
    }
    consensus.change_voters(voters).await
}

/// Makes all nodes voters again.
pub(crate) async fn restore(world: &World, limit: Duration) -> Result<(), String> {
    let end = Instant::now() + limit;
    let everyone = BTreeSet::from(NODES);
    let mut last = "there is no primary".to_owned();
    while Instant::now() < end {
        if let Some(primary) = world.primary().and_then(|primary| world.running().remove(&primary)) {
            match set_voters(&primary.consensus, &everyone).await {
                Ok(()) => return Ok(()),
                Err(error) => last = error.to_string(),
            }
        }
        sleep(Duration::from_millis(50)).await;
    }
    Err(format!("the members cannot be restored: {last}"))
}
