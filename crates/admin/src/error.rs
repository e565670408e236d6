//! Errors of the REST interface: each has a status, a stable code, and says what to do.

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpResponse, ResponseError};
use flotilla_config::parameters::ParameterError;
use flotilla_credentials::CredentialError;
use flotilla_model::Rejection;

use crate::api::Problem;
use crate::ports::LedgerError;

/// A refused or failed request; answered as a problem document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ApiError {
    pub(crate) status: StatusCode,
    pub(crate) code: &'static str,
    pub(crate) detail: String,
    pub(crate) field: Option<String>,
    pub(crate) mend: Option<String>,
}

impl ApiError {
    pub(crate) fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        Self { status, code, detail: detail.into(), field: None, mend: None }
    }

    /// A value of the request is not acceptable.
    pub(crate) fn invalid(field: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid-value", detail).at(field)
    }

    pub(crate) fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not-found", detail)
    }

    pub(crate) fn internal(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", detail)
            .mend("nothing is known to be changed; see the log of this node")
    }

    pub(crate) fn at(mut self, field: impl Into<String>) -> Self {
        self.field = Some(field.into());
        self
    }

    pub(crate) fn mend(mut self, mend: impl Into<String>) -> Self {
        self.mend = Some(mend.into());
        self
    }

    pub(crate) fn title(&self) -> &'static str {
        match self.code {
            "account-in-use" => "The account is in use",
            "alias-taken" => "The alias has a certificate",
            "alias-unusable" => "Nodes would be cut off",
            "authority-in-use" => "The CA is in use",
            "bad-credentials" => "Name or password is wrong",
            "body-too-large" => "The body is too large",
            "body-too-slow" => "The body came too slowly",
            "certificate-expired" => "The certificate is not valid at this time",
            "certificate-file-damaged" => "The file cannot be read",
            "certificate-in-use" => "The certificate is in use",
            "certificate-untrusted" => "The cluster does not trust the certificate",
            "cluster-full" => "The cluster takes no further member",
            "cross-site" => "The request comes from another site",
            "csrf-token-wrong" => "The request has no CSRF token, or a wrong one",
            "forbidden" => "The role does not allow this",
            "invalid-body" => "The body is not acceptable",
            "invalid-value" => "A value is not acceptable",
            "join-token-refused" => "The join token is not accepted",
            "key-mismatch" => "The private key belongs to another certificate",
            "key-missing" => "There is no private key",
            "last-of-its-kind" => "The last one cannot be removed",
            "method-not-allowed" => "The resource does not know this method",
            "name-taken" => "The name is taken",
            "no-credentials" => "Credentials are needed",
            "not-found" => "There is no such resource",
            "only-holder" => "The node alone holds contents",
            "outcome-unknown" => "It is not known whether the change was made",
            "password-change-required" => "The password must be changed first",
            "quorum-at-stake" => "The cluster would lose its majority",
            "second-factor-required" => "A code of the second factor is needed",
            "session-over" => "The session is over",
            "too-many-api-tokens" => "There are as many API tokens as there may be",
            "too-many-requests" => "Too many requests",
            "unavailable" => "The cluster cannot do this now",
            "version-conflict" => "The resource was changed meanwhile",
            "wrong-password" => "The password is wrong",
            "wrong-usage" => "The certificate is for something else",
            "wrong-state" => "The resource is in another state",
            _ => "The request failed",
        }
    }

    fn problem(&self) -> Problem {
        Problem {
            kind: format!("urn:flotilla:error:{}", self.code),
            title: self.title().to_owned(),
            status: self.status.as_u16(),
            code: self.code.to_owned(),
            detail: self.detail.clone(),
            field: self.field.clone(),
            mend: self.mend.clone(),
        }
    }
}

impl std::fmt::Display for ApiError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}: {}", self.code, self.detail)
    }
}

impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        self.status
    }

    fn error_response(&self) -> HttpResponse {
        if self.status.is_server_error() {
            tracing::warn!(code = self.code, detail = %self.detail, "request failed");
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
            LedgerError::Unavailable { .. } => {
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", error.to_string())
                    .mend("nothing was changed; try again, or ask another node")
            }
            LedgerError::Unknown { .. } => Self::new(StatusCode::GATEWAY_TIMEOUT, "outcome-unknown", error.to_string())
                .mend("read the resource to see whether the change was made before repeating it"),
        }
    }
}

impl From<Rejection> for ApiError {
    fn from(rejection: Rejection) -> Self {
        use Rejection as R;
        let (status, code) = match &rejection {
            R::TokenUnknown | R::TokenExpired | R::TokenUsed => (StatusCode::FORBIDDEN, "join-token-refused"),
            R::MemberNameTaken { .. } | R::ApiTokenNameTaken { .. } => (StatusCode::CONFLICT, "name-taken"),
            R::NoSecondFactor { .. } => (StatusCode::NOT_FOUND, "not-found"),
            R::SecondFactorExists { .. } => (StatusCode::CONFLICT, "wrong-state"),
            R::NoSuchLoginSession { .. } => (StatusCode::NOT_FOUND, "not-found"),
            R::ApiTokenRole { .. } => (StatusCode::FORBIDDEN, "forbidden"),
            R::TooManyApiTokens { .. } => (StatusCode::CONFLICT, "too-many-api-tokens"),
            R::TooManyMembers { .. } => (StatusCode::CONFLICT, "cluster-full"),
            R::VersionConflict { .. } => (StatusCode::PRECONDITION_FAILED, "version-conflict"),
            R::NoSuchMember { .. }
            | R::NoSuchParameter { .. }
            | R::NoSuchAccount { .. }
            | R::NoSuchAdministrator { .. }
            | R::NoSuchApiToken { .. }
            | R::NoSuchEvent { .. } => (StatusCode::NOT_FOUND, "not-found"),
            R::AccountNotEmpty { .. } => (StatusCode::CONFLICT, "account-in-use"),
            R::WouldLoseQuorum { .. } => (StatusCode::CONFLICT, "quorum-at-stake"),
            R::OnlyHolder { .. } => (StatusCode::CONFLICT, "only-holder"),
            R::NoSuchAuthority { .. } | R::NoRotation { .. } => (StatusCode::NOT_FOUND, "not-found"),
            R::AuthorityOfMember { .. } | R::AuthorityInUse { .. } => (StatusCode::CONFLICT, "authority-in-use"),
            R::ClusterDisabled | R::NotAlone { .. } => (StatusCode::CONFLICT, "wrong-state"),
            R::AlreadyRevoked { .. } | R::RotationUnderWay { .. } | R::SecretNotAdopted { .. } => {
                (StatusCode::CONFLICT, "wrong-state")
            }
            R::LastMember | R::LastAdministrator => (StatusCode::CONFLICT, "last-of-its-kind"),
            R::WrongEventState { .. } => (StatusCode::CONFLICT, "wrong-state"),
            R::NoCluster | R::QueueFull { .. } | R::QueueBytesFull { .. } | R::TooFewReplicas { .. } => {
                (StatusCode::SERVICE_UNAVAILABLE, "unavailable")
            }
            _ => (StatusCode::BAD_REQUEST, "invalid-value"),
        };
        let error = Self::new(status, code, rejection.to_string());
        match rejection {
            R::PasswordMissing => error.at("password"),
            R::TooManySteps { .. } => error.at("steps"),
            R::TooManyLanes { .. } => error.at("lane").mend("take one that is there: see lanes"),
            R::LaneWeight { .. } => error.at("weight"),
            R::TooManyRoutes { .. } => error.at("kind").mend("one route may stand for many kinds: order.*"),
            R::TooManyEvents { .. } => error.at("ids"),
            R::StepPath { step, .. } => error.at(format!("steps[{step}].folder")),
            R::StepAccount { step, .. } => error.at(format!("steps[{step}].account")),
            R::MemberNameTaken { .. } | R::ApiTokenNameTaken { .. } => error.at("name"),
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
            error if error.is_retryable() => {
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", error.to_string()).mend("try again")
            }
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
            assert_eq!((error.status.as_u16(), error.code, error.field.as_deref()), (status, code, field));
            assert_ne!(error.title(), "The request failed");
        }
    }

    #[test]
    fn unknown_is_not_failed() {
        let error = ApiError::from(LedgerError::Unknown { reason: "the primary is gone".to_owned() });
        assert_eq!((error.status.as_u16(), error.code), (504, "outcome-unknown"));
    }
}
