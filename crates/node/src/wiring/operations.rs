//! Operations on this node and, over the mesh's control lane, on others.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use flotilla_admin::nodes::{NodeAnswer, NodeOperations, NodeProblem, NodeRequest};
use flotilla_mesh::{CallError, Lane, Mesh};
use flotilla_model::NodeId;

use super::doors::{CODE_MALFORMED, CODE_STARTING, OPERATION, encode_json};
use super::transport::tagged;
use crate::operations::Operations;

/// For the slowest operation: checks of names and disks that have deadlines of their own.
const DEADLINE: Duration = Duration::from_secs(25);

/// Asks this node or another one.
pub(crate) struct AnyNode {
    pub(crate) own: Arc<Operations>,
    pub(crate) mesh: Mesh,
}

#[async_trait]
impl NodeOperations for AnyNode {
    async fn ask(&self, node: NodeId, request: NodeRequest) -> Result<NodeAnswer, NodeProblem> {
        if node == self.own.node {
            return self.own.carry_out(request).await;
        }
        let body = encode_json(&request).map_err(|error| NodeProblem::internal(error.to_string()))?;
        let answer = self.mesh.call(node, Lane::Control, tagged(OPERATION, &body), DEADLINE).await;
        let answer = answer.map_err(|error| problem(node, &error))?;
        let unreadable = |error| NodeProblem::internal(format!("the answer of node {node} cannot be read: {error}"));
        serde_json::from_slice::<Result<NodeAnswer, NodeProblem>>(&answer).map_err(unreadable)?
    }
}

fn problem(node: NodeId, error: &CallError) -> NodeProblem {
    match error {
        CallError::NotSent(_) => NodeProblem::unavailable(format!("node {node} is not reached: {error}"))
            .mend("see flotilla status; ask it directly if only this node does not reach it"),
        CallError::Unknown(_) => NodeProblem::unknown(format!("node {node} gave no answer: {error}"))
            .mend("see what it did before asking again"),
        CallError::Refused(refusal) if refusal.code == CODE_STARTING => {
            NodeProblem::unavailable(format!("node {node} is starting")).mend("try again in a moment")
        }
        CallError::Refused(refusal) if refusal.code == CODE_MALFORMED => {
            NodeProblem::internal(format!("node {node} did not understand the request: {}", refusal.text))
                .mend("bring it to the version of the other nodes")
        }
        CallError::Refused(refusal) => {
            NodeProblem::internal(format!("node {node} did not carry the request out: {}", refusal.text))
                .mend("see its log")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::doors::CODE_FAILED;
    use super::*;

    #[test]
    fn an_answer_is_read_back_and_an_unknown_request_is_not() {
        let answer: Result<NodeAnswer, NodeProblem> = Err(NodeProblem::wrong_state("busy"));
        let bytes = encode_json(&answer).unwrap();
        assert_eq!(serde_json::from_slice::<Result<NodeAnswer, NodeProblem>>(&bytes).unwrap(), answer);
        assert!(serde_json::from_str::<NodeRequest>(r#"{"OfTheFuture":{}}"#).is_err());
        let more = serde_json::from_str::<NodeRequest>(r#"{"HandOver":{"to":3,"later_field":true}}"#);
        assert_eq!(more.unwrap(), NodeRequest::HandOver { to: Some(NodeId(3)) });
    }

    #[test]
    fn each_way_to_get_no_answer_is_told_with_its_mend() {
        use flotilla_mesh::{NotSentReason, Refusal, UnknownReason};
        let refused = |code| CallError::Refused(Refusal::new(code, "unknown variant `OfTheFuture`"));
        let cases = [
            (CallError::NotSent(NotSentReason::NoSuchPeer(NodeId(3))), 503, "not among the peers", "flotilla status"),
            (CallError::NotSent(NotSentReason::Deadline), 503, "not reached", "flotilla status"),
            (CallError::Unknown(UnknownReason::Deadline), 504, "gave no answer", "before asking again"),
            (refused(CODE_STARTING), 503, "is starting", "in a moment"),
            (refused(CODE_MALFORMED), 500, "did not understand the request: unknown variant", "version"),
            (refused(CODE_FAILED), 500, "did not carry the request out", "its log"),
        ];
        for (error, status, detail, mend) in cases {
            let told = problem(NodeId(3), &error);
            assert_eq!(told.status, status, "{told:?}");
            assert!(told.detail.contains("node 3") && told.detail.contains(detail), "{told:?}");
            assert!(told.mend.as_deref().unwrap_or_default().contains(mend), "{told:?}");
        }
    }
}
