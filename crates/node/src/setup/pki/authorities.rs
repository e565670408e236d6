//! The internal CA of a node.

use std::time::Duration;

use flotilla_admin::api::{GenerateAuthority, RenewAuthority};
use flotilla_admin::nodes::{NodeProblem, PkiAnswer};
use flotilla_pki::{Authority, AuthorityParameters, Store};

use super::Surroundings;
use super::problems::of_store;
use crate::setup::trust::{AUTHORITY_LIFETIME, authority_name};

pub(super) fn generate(
    store: &Store,
    around: &Surroundings<'_>,
    request: &GenerateAuthority,
) -> Result<PkiAnswer, NodeProblem> {
    let common_name = match &request.common_name {
        Some(name) => name.clone(),
        None => authority_name(around.name()?),
    };
    let parameters = AuthorityParameters {
        common_name,
        lifetime: request.lifetime_s.map_or(AUTHORITY_LIFETIME, Duration::from_secs),
        algorithm: request.algorithm,
    };
    store.create_authority(&parameters).map(|authority| told(&authority)).map_err(of_store)
}

pub(super) fn renew(store: &Store, request: &RenewAuthority) -> Result<PkiAnswer, NodeProblem> {
    let old = store.load_authority().map_err(of_store)?;
    let old = old.ok_or(flotilla_pki::StoreError::NoAuthority).map_err(of_store)?;
    let mut parameters = old.renewal_parameters().map_err(|error| NodeProblem::internal(error.to_string()))?;
    parameters.algorithm = request.algorithm.unwrap_or(parameters.algorithm);
    parameters.lifetime = request.lifetime_s.map_or(parameters.lifetime, Duration::from_secs);
    store.renew_authority(&parameters).map(|authority| told(&authority)).map_err(of_store)
}

fn told(authority: &Authority) -> PkiAnswer {
    PkiAnswer::Authority {
        fingerprint: authority.fingerprint().to_string(),
        certificate_pem: authority.certificate_pem(),
    }
}
