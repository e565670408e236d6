//! Why a node did not do what it was asked for.

use serde::{Deserialize, Serialize};

use crate::error::ApiError;
use crate::problems::Code;

/// A refusal, as it is told to whoever asked; with the code that the REST interface answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{detail}")]
pub struct NodeProblem {
    /// An HTTP status.
    pub status: u16,
    pub code: String,
    pub detail: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mend: Option<String>,
}

impl NodeProblem {
    fn new(status: u16, code: &str, detail: impl Into<String>) -> Self {
        Self { status, code: code.to_owned(), detail: detail.into(), mend: None }
    }

    /// It was not done and may be asked again.
    pub fn unavailable(detail: impl Into<String>) -> Self {
        Self::new(503, "unavailable", detail)
    }

    /// It may have been done.
    pub fn unknown(detail: impl Into<String>) -> Self {
        Self::new(504, "outcome-unknown", detail)
    }

    /// The node is not in a state for it.
    pub fn wrong_state(detail: impl Into<String>) -> Self {
        Self::new(409, "wrong-state", detail)
    }

    pub fn not_found(detail: impl Into<String>) -> Self {
        Self::new(404, "not-found", detail)
    }

    pub fn invalid(detail: impl Into<String>) -> Self {
        Self::new(400, "invalid-value", detail)
    }

    /// With another code of the page of errors.
    pub fn with_code(status: u16, code: &str, detail: impl Into<String>) -> Self {
        Self::new(status, code, detail)
    }

    pub fn internal(detail: impl Into<String>) -> Self {
        Self::new(500, "internal", detail)
    }

    #[must_use]
    pub fn mend(self, mend: impl Into<String>) -> Self {
        Self { mend: Some(mend.into()), ..self }
    }
}

/// A newer node's other code counts as internal.
impl From<NodeProblem> for ApiError {
    fn from(problem: NodeProblem) -> Self {
        let error = match Code::of_name(&problem.code) {
            Some(code) => Self::new(code, problem.detail),
            None => Self::internal(problem.detail),
        };
        match problem.mend {
            Some(mend) => error.mend(mend),
            None => error,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn problems_keep_their_code_on_the_way() {
        let problem = NodeProblem::wrong_state("it is no primary").mend("ask the primary");
        let sent: NodeProblem = serde_json::from_slice(&serde_json::to_vec(&problem).unwrap()).unwrap();
        let error = ApiError::from(sent);
        assert_eq!(
            (error.status.as_u16(), error.code.name(), error.mend.as_deref()),
            (409, "wrong-state", Some("ask the primary"))
        );
        let newer = NodeProblem { status: 999, code: "of a newer version".to_owned(), ..problem };
        assert_eq!(ApiError::from(newer).code, Code::Internal);
    }
}
