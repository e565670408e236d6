//! Why a step did not succeed, which says what becomes of its event.

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum StepFailure {
    /// It had no effect, or may be done again.
    Failed { message: String, retryable: bool },
    /// Nothing outside was asked for anything yet: a fault of this side. Tried again after a delay of its own.
    Internal { message: String },
    /// It may have had an effect and must not be done again by itself.
    OutcomeUnknown { message: String },
    /// The lease is not valid any more: whatever was found out counts for nothing.
    LeaseLost,
}

impl StepFailure {
    pub(super) fn retryable(message: impl ToString) -> Self {
        Self::Failed { message: message.to_string(), retryable: true }
    }

    pub(super) fn permanent(message: impl ToString) -> Self {
        Self::Failed { message: message.to_string(), retryable: false }
    }

    /// The fault is on this side: the disk, a copy that is missing, no quorum. Nobody outside was asked for anything yet.
    pub(super) fn internal(message: impl ToString) -> Self {
        Self::Internal { message: message.to_string() }
    }

    /// The step was begun and did not come to an end.
    pub(super) fn doubtful(message: impl ToString, idempotent: bool) -> Self {
        if idempotent { Self::retryable(message) } else { Self::OutcomeUnknown { message: message.to_string() } }
    }
}
