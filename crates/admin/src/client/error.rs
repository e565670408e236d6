//! Why a call failed, split by what the caller can do about it.

use thiserror::Error;

use crate::api::Problem;

#[derive(Debug, Error)]
pub enum ClientError {
    #[error("the HTTPS client cannot be made: {source}")]
    Build { source: reqwest::Error },
    /// Nobody answers, not in time, or not with a certificate that is trusted.
    #[error("{url} cannot be reached: {reason}", reason = root_cause(source))]
    Unreachable { url: String, source: reqwest::Error },
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
            Self::Unreachable { source, .. } => source.is_connect(),
            Self::Refused { problem, .. } => matches!(problem.status, 429 | 503),
            _ => false,
        }
    }

    /// The node's own words, when it said no.
    pub fn problem(&self) -> Option<&Problem> {
        match self {
            Self::Refused { problem, .. } => Some(problem),
            _ => None,
        }
    }
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
