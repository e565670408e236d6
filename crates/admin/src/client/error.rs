//! Why a call failed, split by what the caller can do about it.

use thiserror::Error;

use crate::api::Problem;

#[derive(Debug, Error)]
pub enum ClientError {
    #[error("the HTTPS client cannot be made: {source}")]
    Build { source: reqwest::Error },
    #[error("the request cannot be made: {source}")]
    Request { source: reqwest::Error },
    #[error("{url:?} is no admin URL: {reason}")]
    Address { url: String, reason: String },
    /// Nobody answers, not in time, or not with a certificate that is trusted.
    #[error("{url} cannot be reached: {reason}", reason = root_cause(source))]
    Unreachable {
        url: String,
        source: reqwest::Error,
        /// The request changes nothing, wherever it was when the answer failed.
        is_safe: bool,
    },
    /// Of several nodes none took the request.
    #[error("no node takes the request: {text}", text = listed(tried))]
    NoneAnswered { tried: Vec<ClientError> },
    /// The node says no, and why.
    #[error("{url}: {text}", text = describe(problem))]
    Refused { url: String, problem: Box<Problem> },
    #[error("{url} answered with status {status} and no explanation; is it a Flotilla admin URL?")]
    Unexpected { url: String, status: u16 },
    #[error("{url} answered with more than can be read")]
    TooLarge { url: String },
    #[error("the request cannot be written: {source}")]
    Encode { source: serde_json::Error },
    #[error("the answer of {url} is not understood: {source}")]
    Decode { url: String, source: serde_json::Error },
}

impl ClientError {
    /// Whether the same call may succeed later, or at another node, without doing harm twice.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Unreachable { source, is_safe, .. } => *is_safe || source.is_connect(),
            Self::NoneAnswered { tried } => tried.iter().all(Self::is_retryable),
            Self::Refused { problem, .. } => matches!(problem.status, 429 | 503),
            _ => false,
        }
    }

    /// The node's own words, when it said no.
    pub fn problem(&self) -> Option<&Problem> {
        match self {
            Self::Refused { problem, .. } => Some(problem),
            Self::NoneAnswered { tried } => tried.iter().find_map(Self::problem),
            _ => None,
        }
    }

    /// What is to be said when each of the nodes failed so.
    pub(super) fn of_all(mut failed: Vec<Self>) -> Self {
        match failed.pop() {
            Some(only) if failed.is_empty() => only,
            Some(last) => {
                failed.push(last);
                Self::NoneAnswered { tried: failed }
            }
            None => Self::NoneAnswered { tried: failed },
        }
    }
}

fn listed(tried: &[ClientError]) -> String {
    tried.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

fn describe(problem: &Problem) -> String {
    let mut text = problem.detail.clone();
    if let Some(field) = &problem.field {
        text = format!("{field}: {text}");
    }
    if let Some(mend) = &problem.mend {
        text.push_str("; ");
        text.push_str(mend);
    }
    text
}

/// reqwest's own text only says that a request failed.
fn root_cause(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return "no answer in time".to_owned();
    }
    let mut cause: &dyn std::error::Error = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    cause.to_string()
}
