//! Changes of the members, made on the primary. Changing voters goes through a joint configuration.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use flotilla_model::NodeId;
use openraft::ChangeMembers;
use openraft::errors::{ChangeMembershipError, ClientWriteError, ForwardToLeader, InitializeError, RaftError};
use tokio::time::Instant;

use crate::types::{PeerAddress, Raft, TypeConfig};

/// How long a change waits for the one before it.
const TURN_TIMEOUT: Duration = Duration::from_secs(5);
const RETRY_DELAY: Duration = Duration::from_millis(10);

/// Why the members could not be changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MembershipError {
    /// Only the primary can.
    #[error("this node is not the primary")]
    NotPrimary {
        /// Who is, if known.
        primary: Option<NodeId>,
    },
    /// Another change is not finished.
    #[error("another change of the members is under way; try again when it is finished")]
    InProgress,
    /// A voter must first follow as a learner.
    #[error("node {0} must follow as a learner before it can vote")]
    NotALearner(NodeId),
    /// Only a voter can lead.
    #[error("node {0} does not vote, so it cannot lead")]
    NotAVoter(NodeId),
    /// Nobody would be left.
    #[error("the cluster needs at least one voter")]
    Empty,
    /// The node has been initialized, or has joined a cluster.
    #[error("this node belongs to a cluster already")]
    AlreadyInitialized,
    /// It may or may not have happened.
    #[error("it is not known whether the members were changed")]
    Unknown,
    /// This node is shutting down, or has stopped taking part.
    #[error("this node is shutting down")]
    Shutdown,
}

type RaftMembers = ChangeMembers<u64, PeerAddress>;

pub(crate) async fn initialize(raft: &Raft, node: NodeId, address: PeerAddress) -> Result<(), MembershipError> {
    match raft.initialize(BTreeMap::from([(node.0, address)])).await {
        Ok(()) => Ok(()),
        Err(RaftError::APIError(InitializeError::NotAllowed(_))) => Err(MembershipError::AlreadyInitialized),
        Err(RaftError::APIError(InitializeError::NotInMembers(_))) => Err(MembershipError::Empty),
        Err(RaftError::Fatal(_)) => Err(MembershipError::Shutdown),
    }
}

/// Adds a member without a vote, or changes the address of a member.
pub(crate) async fn set_member(raft: &Raft, node: NodeId, address: PeerAddress) -> Result<(), MembershipError> {
    change(raft, RaftMembers::SetNodes(BTreeMap::from([(node.0, address)])), true).await
}

/// Sets who votes. Who voted before and no longer does stays as a learner.
pub(crate) async fn change_voters(raft: &Raft, voters: &BTreeSet<NodeId>) -> Result<(), MembershipError> {
    let voters = voters.iter().map(|node| node.0).collect();
    change(raft, RaftMembers::ReplaceAllVoters(voters), true).await
}

/// Takes a member out, whether it votes or not.
pub(crate) async fn remove(raft: &Raft, node: NodeId, is_voter: bool) -> Result<(), MembershipError> {
    let node = BTreeSet::from([node.0]);
    let change_of_members = if is_voter { RaftMembers::RemoveVoters(node) } else { RaftMembers::RemoveNodes(node) };
    change(raft, change_of_members, false).await
}

/// Makes a change when the one before it is finished: openraft takes one at a time, and a new primary must first commit
/// the last one of its predecessor.
async fn change(raft: &Raft, members: RaftMembers, retain: bool) -> Result<(), MembershipError> {
    let deadline = Instant::now() + TURN_TIMEOUT;
    loop {
        let refusal = match raft.change_membership(members.clone(), retain).await {
            Ok(_) => return Ok(()),
            Err(RaftError::APIError(error)) => refused(error),
            Err(RaftError::Fatal(_)) => MembershipError::Shutdown,
        };
        if refusal != MembershipError::InProgress || Instant::now() >= deadline {
            return Err(refusal);
        }
        tokio::time::sleep(RETRY_DELAY).await;
    }
}

fn refused(error: ClientWriteError<TypeConfig>) -> MembershipError {
    match error {
        ClientWriteError::ForwardToLeader(ForwardToLeader { leader_id, .. }) => {
            MembershipError::NotPrimary { primary: leader_id.map(NodeId) }
        }
        ClientWriteError::ChangeMembershipError(ChangeMembershipError::LearnerNotFound(error)) => {
            MembershipError::NotALearner(NodeId(error.node_id))
        }
        ClientWriteError::ChangeMembershipError(ChangeMembershipError::EmptyMembership(_)) => MembershipError::Empty,
        ClientWriteError::ChangeMembershipError(_) => MembershipError::InProgress,
        _ => MembershipError::Unknown,
    }
}
