//! Who is asking, and how they showed it.

use std::fmt;

use flotilla_model::{AccountName, Administrator, AdministratorRole, FactorProof, LoginSessionId, Sha256, State};

use super::certificate;
use crate::error::ApiError;
use crate::problems::Code;

/// How someone showed who they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Credential {
    Password,
    PasswordAndCode,
    PasswordAndRecoveryCode,
    /// The token of this node's data folder, which belongs to no administrator.
    LocalToken,
    /// Of this name.
    ApiToken(AccountName),
    Session(LoginSessionId),
    /// A client certificate, by its SHA-256.
    Certificate(Sha256),
    /// Of this id.
    JoinToken(String),
}

/// As the audit log says it.
impl fmt::Display for Credential {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Password => formatter.write_str("password"),
            Self::PasswordAndCode => formatter.write_str("password and code"),
            Self::PasswordAndRecoveryCode => formatter.write_str("password and recovery code"),
            Self::LocalToken => formatter.write_str("local token"),
            Self::ApiToken(name) => write!(formatter, "token {name}"),
            Self::Session(id) => write!(formatter, "session {id}"),
            Self::Certificate(fingerprint) => write!(formatter, "certificate {}", certificate::short(fingerprint)),
            Self::JoinToken(id) => write!(formatter, "join token {id}"),
        }
    }
}

/// Someone who may administer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Caller {
    pub(crate) name: String,
    /// Address from which the request comes.
    pub(crate) remote: String,
    pub(crate) role: AdministratorRole,
    pub(crate) credential: Credential,
    pub(super) must_change_password: bool,
    /// Of the administrator's row with which a password was compared.
    pub(super) row_version: Option<u64>,
}

impl Caller {
    /// Who has access to this node's own folder.
    pub(super) fn local(remote: String) -> Self {
        Self {
            name: "local".to_owned(),
            remote,
            role: AdministratorRole::Administrator,
            credential: Credential::LocalToken,
            must_change_password: false,
            row_version: None,
        }
    }

    pub(crate) fn with_password(row: &Administrator, proof: Option<FactorProof>, remote: String) -> Self {
        Self {
            name: row.name.to_string(),
            remote,
            role: row.role,
            credential: match proof {
                None => Credential::Password,
                Some(FactorProof::Code { .. }) => Credential::PasswordAndCode,
                Some(FactorProof::RecoveryCode { .. }) => Credential::PasswordAndRecoveryCode,
            },
            must_change_password: row.must_change_password,
            row_version: Some(row.version),
        }
    }

    /// A node that joins: its token speaks for it.
    pub(crate) fn joining(token: &str, remote: String) -> Self {
        Self {
            name: format!("join token {token}"),
            remote,
            role: AdministratorRole::Auditor,
            credential: Credential::JoinToken(token.to_owned()),
            must_change_password: false,
            row_version: None,
        }
    }

    /// For what is not one's own.
    pub(crate) fn require_auditor(&self) -> Result<(), ApiError> {
        self.require(AdministratorRole::Auditor)
    }

    /// For what depends on more than the role.
    pub(crate) fn require_administrator(&self) -> Result<(), ApiError> {
        self.require(AdministratorRole::Administrator)
    }

    /// For what a token or a certificate must not do, whatever its role: who has got hold of it would keep what it made when it is revoked.
    pub(crate) fn require_person(&self) -> Result<(), ApiError> {
        match &self.credential {
            Credential::ApiToken(name) => {
                let detail = format!("the API token {name} stands for a program, and this is for people");
                Err(ApiError::new(Code::Forbidden, detail).mend("log in with name and password"))
            }
            Credential::Certificate(fingerprint) => {
                let shown = certificate::short(fingerprint);
                let detail = format!("the certificate {shown} stands for a program, and this is for people");
                Err(ApiError::new(Code::Forbidden, detail).mend("log in with name and password"))
            }
            _ => Ok(()),
        }
    }

    /// Whether this is the administrator in person, or somebody with their session.
    pub(crate) fn is_in_person(&self, name: &AccountName) -> bool {
        let is_person =
            !matches!(self.credential, Credential::ApiToken(_) | Credential::Certificate(_) | Credential::LocalToken);
        is_person && self.name == name.as_str()
    }

    /// Whether what this caller has shown would be good now: it was not taken back since.
    pub(crate) fn is_in_force(&self, state: &State, now_ms: u64) -> bool {
        if self.credential == Credential::LocalToken {
            return true;
        }
        let row = AccountName::parse(&self.name).ok().and_then(|name| state.administrators.get(&name));
        let Some(row) = row.filter(|row| row.is_enabled()) else { return false };
        match &self.credential {
            Credential::ApiToken(name) => {
                state.api_token(name).is_some_and(|token| token.owner == row.name && !token.has_expired(now_ms))
            }
            Credential::Certificate(fingerprint) => certificate::is_of(state, fingerprint, &row.name),
            Credential::Session(id) => state.login_sessions.get(id).is_some_and(|session| session.expires_ms > now_ms),
            // Whatever was changed of the row: who is still good comes again.
            _ => Some(row.version) == self.row_version,
        }
    }

    pub(super) fn require(&self, least: AdministratorRole) -> Result<(), ApiError> {
        if self.role.includes(least) {
            return Ok(());
        }
        let detail = format!("{} has the role {}, which does not allow this", self.name, self.role.name());
        Err(ApiError::new(Code::Forbidden, detail).mend("ask an administrator"))
    }
}
