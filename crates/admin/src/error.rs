//! Errors of the REST interface: each has a status, a stable code, and says what to do.

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpResponse, ResponseError};
use flotilla_config::parameters::ParameterError;
use flotilla_credentials::CredentialError;
use flotilla_model::Rejection;

use crate::api::Problem;
use crate::ports::LedgerError;
use crate::problems::Code;

/// A refused or failed request; answered as a problem document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ApiError {
    pub(crate) status: StatusCode,
    pub(crate) code: Code,
    pub(crate) detail: String,
    pub(crate) field: Option<String>,
    pub(crate) mend: Option<String>,
}

impl ApiError {
    /// With the usual status of the code.
    pub(crate) fn new(code: Code, detail: impl Into<String>) -> Self {
        Self { status: code.status(), code, detail: detail.into(), field: None, mend: None }
    }

    /// With another status, one of those that the code may have.
    pub(crate) fn with_status(self, status: StatusCode) -> Self {
        debug_assert!(self.code.statuses().contains(&status), "{:?} does not come with {status}", self.code);
        Self { status, ..self }
    }

    /// A value of the request is not acceptable.
    pub(crate) fn invalid(field: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::new(Code::InvalidValue, detail).at(field)
    }

    pub(crate) fn not_found(detail: impl Into<String>) -> Self {
        Self::new(Code::NotFound, detail)
    }

    pub(crate) fn internal(detail: impl Into<String>) -> Self {
        Self::new(Code::Internal, detail).mend("nothing is known to be changed; see the log of this node")
    }

    pub(crate) fn at(mut self, field: impl Into<String>) -> Self {
        self.field = Some(field.into());
        self
    }

    pub(crate) fn mend(mut self, mend: impl Into<String>) -> Self {
        self.mend = Some(mend.into());
        self
    }

    fn problem(&self) -> Problem {
        Problem {
            kind: self.code.path(),
            title: self.code.title().to_owned(),
            status: self.status.as_u16(),
            code: self.code.name().to_owned(),
            detail: self.detail.clone(),
            field: self.field.clone(),
            mend: self.mend.clone(),
        }
    }
}

impl std::fmt::Display for ApiError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}: {}", self.code.name(), self.detail)
    }
}

impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        self.status
    }

    fn error_response(&self) -> HttpResponse {
        if self.status.is_server_error() {
            tracing::warn!(code = self.code.name(), detail = %self.detail, "request failed");
        }
        let body = serde_json::to_vec(&self.problem()).unwrap_or_default();
        let mut response = HttpResponse::build(self.status);
        response.content_type(Problem::CONTENT_TYPE);
        if self.status == StatusCode::UNAUTHORIZED {
            let challenge = HeaderValue::from_static("Basic realm=\"flotilla\", charset=\"UTF-8\"");
            response.insert_header((header::WWW_AUTHENTICATE, challenge));
        }
        if matches!(self.status, StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS) {
            response.insert_header((header::RETRY_AFTER, "1"));
        }
        response.body(body)
    }
}

impl From<LedgerError> for ApiError {
    fn from(error: LedgerError) -> Self {
        match error {
            LedgerError::Rejected(rejection) => rejection.into(),
            LedgerError::Unavailable { .. } => Self::new(Code::Unavailable, error.to_string())
                .mend("nothing was changed; try again, or ask another node"),
            LedgerError::Unknown { .. } => Self::new(Code::OutcomeUnknown, error.to_string())
                .mend("read the resource to see whether the change was made before repeating it"),
        }
    }
}

impl From<Rejection> for ApiError {
    fn from(rejection: Rejection) -> Self {
        use Rejection as R;
        let code = match &rejection {
            R::TokenUnknown | R::TokenExpired | R::TokenUsed => Code::JoinTokenRefused,
            R::MemberNameTaken { .. } | R::ApiTokenNameTaken { .. } => Code::NameTaken,
            R::NoSecondFactor { .. } => Code::NotFound,
            R::SecondFactorExists { .. } => Code::WrongState,
            R::NoSuchLoginSession { .. } => Code::NotFound,
            R::ApiTokenRole { .. } => Code::Forbidden,
            R::TooManyApiTokens { .. } => Code::TooManyApiTokens,
            R::CertificateRegistered { .. } => Code::NameTaken,
            R::NoSuchAdministratorCertificate { .. } => Code::NotFound,
            R::TooManyAdministratorCertificates { .. } => Code::WrongState,
            R::TooManyMembers { .. } => Code::ClusterFull,
            R::VersionConflict { .. } => Code::VersionConflict,
            R::NoSuchMember { .. }
            | R::NoSuchParameter { .. }
            | R::NoSuchAccount { .. }
            | R::NoSuchAdministrator { .. }
            | R::NoSuchApiToken { .. }
            | R::NoSuchTransfer { .. }
            | R::NoSuchEvent { .. } => Code::NotFound,
            R::AccountNotEmpty { .. } => Code::AccountInUse,
            R::WouldLoseQuorum { .. } => Code::QuorumAtStake,
            R::OnlyHolder { .. } => Code::OnlyHolder,
            R::NoSuchAuthority { .. } | R::NoRotation { .. } => Code::NotFound,
            R::AuthorityOfMember { .. } | R::AuthorityInUse { .. } => Code::AuthorityInUse,
            R::ClusterDisabled | R::NotAlone { .. } => Code::WrongState,
            R::AlreadyRevoked { .. } | R::RotationUnderWay { .. } | R::SecretNotAdopted { .. } => Code::WrongState,
            R::RequestRepeated => Code::WrongState,
            R::RequestKeyReused => Code::IdempotencyKeyReused,
            R::LastMember | R::LastAdministrator => Code::LastOfItsKind,
            R::WrongEventState { .. } | R::ContentsGone { .. } | R::NoRoute { .. } => Code::WrongState,
            R::NoCluster | R::QueueFull { .. } | R::QueueBytesFull { .. } | R::TooFewReplicas { .. } => {
                Code::Unavailable
            }
            _ => Code::InvalidValue,
        };
        let error = Self::new(code, rejection.to_string());
        match rejection {
            R::PasswordMissing => error.at("password"),
            R::RequestKeyReused => error.at("Idempotency-Key"),
            R::TooManySteps { .. } => error.at("steps"),
            R::TooManyLanes { .. } => error.at("lane").mend("take one that is there: see lanes"),
            R::LaneWeight { .. } => error.at("weight"),
            R::TooManyRoutes { .. } => error.at("kind").mend("one route may stand for many kinds: order.*"),
            R::TooManyEvents { .. } => error.at("ids"),
            R::StepPath { step, .. } => error.at(format!("steps[{step}].folder")),
            R::StepAccount { step, .. } => error.at(format!("steps[{step}].account")),
            R::MemberNameTaken { .. } | R::ApiTokenNameTaken { .. } => error.at("name"),
            R::TooManyDelegatedAccounts { .. } => error.at("accounts"),
            R::CertificateRegistered { .. } => error.at("certificate_pem"),
            R::ApiTokenRole { .. } => error.at("role").mend("give it a lower role"),
            R::VersionConflict { expected: 0, .. } => Self { detail: "it exists already".to_owned(), ..error }
                .at("If-None-Match")
                .mend("leave the condition out to change what is there"),
            R::VersionConflict { expected, actual } => {
                Self { detail: format!("the version is {actual}, not {expected}"), ..error }
                    .at("If-Match")
                    .mend("read the resource again and repeat the change")
            }
            _ => error,
        }
    }
}

impl From<CredentialError> for ApiError {
    fn from(error: CredentialError) -> Self {
        match error {
            CredentialError::TooLong | CredentialError::TooShort => {
                Self::invalid("password", error.to_string()).mend("choose 8 characters or more, 1024 bytes at most")
            }
            error if error.is_retryable() => Self::new(Code::Unavailable, error.to_string()).mend("try again"),
            error => Self::internal(error.to_string()),
        }
    }
}

impl From<ParameterError> for ApiError {
    fn from(error: ParameterError) -> Self {
        let detail = format!("{}: {}", error.name, error.problem);
        let base = if error.is_unknown { Self::not_found(detail).at("name") } else { Self::invalid("value", detail) };
        base.mend(error.mend)
    }
}

#[cfg(test)]
mod tests {
    use flotilla_model::NodeId;

    use super::*;

    #[test]
    fn refusals_carry_status_code_and_field() {
        for (rejection, status, code, field) in [
            (Rejection::TokenUsed, 403, "join-token-refused", None),
            (Rejection::VersionConflict { expected: 1, actual: 2 }, 412, "version-conflict", Some("If-Match")),
            (Rejection::VersionConflict { expected: 0, actual: 2 }, 412, "version-conflict", Some("If-None-Match")),
            (Rejection::QueueFull { limit: 1 }, 503, "unavailable", None),
            (Rejection::PasswordMissing, 400, "invalid-value", Some("password")),
            (Rejection::TooManySteps { limit: 32 }, 400, "invalid-value", Some("steps")),
            (Rejection::QueueBytesFull { limit: 1 }, 503, "unavailable", None),
            (Rejection::LaneWeight { limit: 1000 }, 400, "invalid-value", Some("weight")),
            (Rejection::WouldLoseQuorum { node: NodeId(2), up: 1, members: 2 }, 409, "quorum-at-stake", None),
            (Rejection::OnlyHolder { node: NodeId(2), contents: 1 }, 409, "only-holder", None),
            (Rejection::NoSuchAuthority { fingerprint: String::new() }, 404, "not-found", None),
            (Rejection::RotationUnderWay { started_ms: 1 }, 409, "wrong-state", None),
            (Rejection::TooManyApiTokens { limit: 1000 }, 409, "too-many-api-tokens", None),
            (Rejection::TooManyRoutes { limit: 64 }, 400, "invalid-value", Some("kind")),
        ] {
            let error = ApiError::from(rejection);
            assert_eq!((error.status.as_u16(), error.code.name(), error.field.as_deref()), (status, code, field));
        }
    }

    #[test]
    fn unknown_is_not_failed() {
        let error = ApiError::from(LedgerError::Unknown { reason: "the primary is gone".to_owned() });
        assert_eq!((error.status.as_u16(), error.code.name()), (504, "outcome-unknown"));
    }
}
