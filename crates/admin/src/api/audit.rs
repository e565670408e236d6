//! The audit log.

use flotilla_model::{AuditId, AuditRecord, ChainCheck, ChainError, Origin, Sha256};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use thiserror::Error;
use utoipa::{IntoParams, ToSchema};

use super::to_ms;

/// One change that someone made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AuditView {
    pub id: u64,
    pub at: Timestamp,
    /// The administrator; `local` for who has access to a node's own folder; `join token …` for a node that joined.
    pub who: String,
    /// Address from which the request came.
    pub remote: String,
    /// `noun.verb`, such as `parameter.set`.
    pub operation: String,
    pub subject: String,
    /// How the subject stood; absent when it was not there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// How they showed who they are: `password`, `local token`, `token backup`; absent in rows of before this was kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential: Option<String>,
    /// The hash of the row before, in hexadecimal; absent in rows of before they were chained, and in the first of all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<String>,
    /// The hash of this row.
    #[serde(default)]
    pub hash: String,
}

/// Where an audit log is not what it was.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum AuditError {
    #[error(transparent)]
    Chain(#[from] ChainError),
    #[error("row {id} does not have the hash that stands in it: it was altered")]
    Hash { id: u64 },
    #[error("row {id}: the hash of its predecessor is none")]
    Previous { id: u64 },
}

impl AuditView {
    fn record(&self) -> Result<AuditRecord, AuditError> {
        let previous =
            self.previous.as_deref().map(|text| Sha256::parse(text).ok_or(AuditError::Previous { id: self.id }));
        Ok(AuditRecord {
            id: AuditId(self.id),
            at_ms: to_ms(self.at),
            origin: Origin { who: self.who.clone(), remote: self.remote.clone() },
            operation: self.operation.clone(),
            subject: self.subject.clone(),
            before: self.before.clone(),
            after: self.after.clone(),
            credential: self.credential.clone(),
            previous: previous.transpose()?,
        })
    }

    /// Checks the row for itself and against the one before it.
    pub fn follow(&self, check: &mut ChainCheck) -> Result<(), AuditError> {
        let record = self.record()?;
        check.follow(&record)?;
        if record.hash().to_string() != self.hash {
            return Err(AuditError::Hash { id: self.id });
        }
        Ok(())
    }
}

/// Query of `GET logs/audit/export`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct AuditExportQuery {
    /// Only rows after this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<usize>,
}

/// Query of `GET logs/audit`, newest first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct AuditQuery {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<usize>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub who: Option<String>,
    /// The operation, or its noun: `parameter` is `parameter.set` and `parameter.import`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation: Option<String>,
    /// Part of the subject.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}
