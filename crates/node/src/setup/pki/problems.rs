//! What went wrong in the store, with the code by which it is known outside.

use flotilla_admin::nodes::NodeProblem;
use flotilla_pki::{
    AliasError, AuthorityError, BundleError, EncryptedKeyError, Pkcs12Error, StoreError, UnusableCertificate,
};

pub(super) fn of_alias(error: AliasError) -> NodeProblem {
    NodeProblem::invalid(error.to_string())
}

pub(crate) fn of_store(error: StoreError) -> NodeProblem {
    let detail = error.to_string();
    match error {
        StoreError::AliasTaken { .. } => NodeProblem::with_code(409, "alias-taken", detail),
        StoreError::UnknownAlias { .. } | StoreError::NoRequest { .. } | StoreError::UnknownAuthority { .. } => {
            NodeProblem::not_found(detail)
        }
        StoreError::RequestPending { .. } | StoreError::AuthorityPresent { .. } | StoreError::NoAuthority => {
            NodeProblem::wrong_state(detail)
        }
        StoreError::Import(_) => damaged(detail),
        StoreError::Unusable(reason) => of_unusable(&reason),
        StoreError::Authority { source, .. } => of_authority(source),
        _ => NodeProblem::internal(detail),
    }
}

pub(super) fn of_authority(error: AuthorityError) -> NodeProblem {
    match error {
        AuthorityError::Name { .. } | AuthorityError::Lifetime { .. } => NodeProblem::invalid(error.to_string()),
        _ => NodeProblem::internal(error.to_string()),
    }
}

pub(super) fn of_bundle(error: BundleError) -> NodeProblem {
    let detail = error.to_string();
    match error {
        BundleError::Pkcs12(Pkcs12Error::WrongPassword | Pkcs12Error::PasswordNeeded)
        | BundleError::EncryptedKey(EncryptedKeyError::WrongPassword | EncryptedKeyError::PasswordNeeded) => {
            NodeProblem::with_code(400, "wrong-password", detail)
        }
        BundleError::MissingKey => NodeProblem::with_code(400, "key-missing", detail),
        BundleError::Unusable(reason) => of_unusable(&reason),
        _ => damaged(detail),
    }
}

pub(super) fn of_unusable(reason: &UnusableCertificate) -> NodeProblem {
    let code = match reason {
        UnusableCertificate::Expired { .. } | UnusableCertificate::NotYetValid { .. } => "certificate-expired",
        UnusableCertificate::WrongUsage { .. } | UnusableCertificate::IsAuthority { .. } => "wrong-usage",
        UnusableCertificate::KeyMismatch { .. } => "key-mismatch",
        UnusableCertificate::KeyUnsupported | UnusableCertificate::Unreadable(_) => "certificate-file-damaged",
    };
    NodeProblem::with_code(400, code, reason.to_string())
}

fn damaged(detail: String) -> NodeProblem {
    NodeProblem::with_code(400, "certificate-file-damaged", detail)
}
