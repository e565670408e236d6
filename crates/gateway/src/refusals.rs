//! What the layers below refuse, in the words of this protocol.

use flotilla_files::{ReadError, StoreError, StreamError, UploadError};
use flotilla_model::Rejection;

use crate::codes::{self, Code};
use crate::problem::Problem;
use crate::request::body::BodyError;

/// Seconds after which a shed request may be tried again. Uploads last seconds; less would only be knocking.
pub(crate) const RETRY_AFTER_S: u64 = 2;

impl From<Rejection> for Problem {
    fn from(rejection: Rejection) -> Self {
        let code: &'static Code = match &rejection {
            Rejection::NoSuchFile { .. } => &codes::NOT_FOUND,
            Rejection::NoSuchAccount { .. } | Rejection::AccountDisabled { .. } => &codes::ACCOUNT_DISABLED,
            Rejection::PathIsFolder { .. } => &codes::PATH_IS_FOLDER,
            Rejection::ParentIsFile { .. } => &codes::PARENT_IS_FILE,
            Rejection::ConditionFailed => &codes::PRECONDITION_FAILED,
            Rejection::QuotaBytes { .. } | Rejection::QuotaFiles { .. } => &codes::QUOTA_EXCEEDED,
            Rejection::TooFewReplicas { .. } => &codes::TOO_FEW_NODES,
            Rejection::QueueFull { .. } | Rejection::QueueBytesFull { .. } => &codes::QUEUE_FULL,
            Rejection::EventExpired => &codes::EVENT_EXPIRED,
            Rejection::NoSuchUpload { .. } => &codes::NO_SUCH_UPLOAD,
            Rejection::UploadOffset { .. } => &codes::UPLOAD_OFFSET,
            Rejection::UploadLength { .. } => &codes::UPLOAD_LENGTH,
            Rejection::UploadChecksum { .. } => &codes::DIGEST_MISMATCH,
            Rejection::TooManyUploads { .. } => &codes::TOO_MANY_UPLOADS,
            Rejection::TooManyParts { .. } => &codes::TOO_MANY_PARTS,
            Rejection::TooManyLanes { .. } => &codes::TOO_MANY_LANES,
            Rejection::NoCluster => &codes::NO_QUORUM,
            _ => &codes::INTERNAL,
        };
        if *code == codes::INTERNAL {
            tracing::error!(%rejection, "a command of the gateway was refused for an unexpected reason");
        }
        Self::new(code, rejection).retryable()
    }
}

/// The data of an event cannot be read from this node's disk.
impl From<std::io::Error> for Problem {
    fn from(error: std::io::Error) -> Self {
        Self::new(&codes::INTERNAL, format!("the data of the event cannot be read: {error}; use another node"))
    }
}

impl From<UploadError> for Problem {
    fn from(error: UploadError) -> Self {
        let code: &'static Code = match &error {
            UploadError::TooFewNodes { .. } => &codes::TOO_FEW_NODES,
            UploadError::TooLarge { .. } => &codes::TOO_LARGE,
            UploadError::WrongLength { .. } => &codes::BODY_CUT_OFF,
            UploadError::WrongChecksum { actual } => {
                let detail = format!("{} bytes with the SHA-256 {} came", actual.length, actual.sha256);
                return Self::new(&codes::DIGEST_MISMATCH, detail);
            }
            UploadError::Source(source) => match source.downcast_ref::<BodyError>() {
                Some(error @ BodyError::Stalled { .. }) => return Self::new(&codes::BODY_STALLED, error),
                // The parts of an upload, of which none of their holders can be reached.
                None if source.is::<StreamError>() => return Self::new(&codes::NO_HOLDER, source).retryable(),
                _ => return Self::new(&codes::BODY_CUT_OFF, source),
            },
            UploadError::Store(error) => return Self::store(error),
        };
        Self::new(code, error).retryable()
    }
}

impl From<ReadError> for Problem {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::InvalidRange { .. } => Self::new(&codes::RANGE_NOT_SATISFIABLE, error),
            ReadError::NoHolder { .. } => Self::new(&codes::NO_HOLDER, error).retryable(),
        }
    }
}

impl Problem {
    fn store(error: &StoreError) -> Self {
        tracing::error!(%error, "an upload could not be stored");
        Self::new(&codes::STORAGE_FAILED, error).retryable()
    }

    /// Adds `Retry-After` to what passes by itself.
    pub(crate) fn retryable(self) -> Self {
        if self.code().status.as_u16() == 503 { self.retry_after_s(RETRY_AFTER_S) } else { self }
    }
}
