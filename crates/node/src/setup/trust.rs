//! A node's own CA and its certificate for cluster traffic.

use std::time::Duration;

use flotilla_pki::{
    Alias, Authority, AuthorityError, AuthorityParameters, ClusterSecret, IssueParameters, KeyAlgorithm, Store,
    StoreError,
};

use super::Place;

const DAY: Duration = Duration::from_secs(86_400);
pub(super) const AUTHORITY_LIFETIME: Duration = Duration::from_secs(10 * 365 * 86_400);
/// Renewed at two thirds of it, with no one asked.
pub(super) const CERTIFICATE_LIFETIME: Duration = Duration::from_secs(397 * DAY.as_secs());

/// The alias of the first node's cluster certificate: the default of `Cluster.Crypto.Alias`.
pub(crate) const CLUSTER_ALIAS: &str = "flotilla-cluster";

/// What the CA of a host is called.
pub(super) fn authority_name(host: &str) -> String {
    format!("Flotilla internal CA of {host}")
}

/// Makes the internal CA of a node.
pub(super) fn make_authority(place: &Place) -> Result<Authority, AuthorityError> {
    Authority::generate(&AuthorityParameters {
        common_name: authority_name(&place.name),
        lifetime: AUTHORITY_LIFETIME,
        algorithm: KeyAlgorithm::EcdsaP256,
    })
}

/// What a certificate of a node says.
fn certificate_parameters(name: &str, names: Vec<String>, node: u64) -> IssueParameters {
    IssueParameters {
        common_name: name.to_owned(),
        names,
        node_id: Some(node),
        lifetime: CERTIFICATE_LIFETIME,
        algorithm: KeyAlgorithm::EcdsaP256,
    }
}

/// Why the trust of a node could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    #[error(transparent)]
    Authority(#[from] AuthorityError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("a trusted CA certificate cannot be read: {0}")]
    Certificate(#[from] flotilla_pki::CertificateError),
}

/// Writes secret, CA, certificate under the alias, and the CAs of the others.
pub(super) fn store_trust(
    store: &Store,
    secret: &ClusterSecret,
    authority: &Authority,
    place: &Place,
    node: u64,
    alias: &str,
    others: &[String],
) -> Result<(), TrustError> {
    let alias: Alias = alias.parse().map_err(|_| AuthorityError::Name { name: alias.to_owned() })?;
    let mut trust = store.load_trust()?;
    trust.add(authority.certificate().clone())?;
    for pem in others {
        trust.add_pem(pem.as_bytes())?;
    }
    // The secret first: the private keys are sealed under it.
    store.save_secrets(secret, None)?;
    store.save_authority(authority)?;
    // One that was brought by hand stays.
    if store.load_local(&alias)?.is_none() {
        let parameters = certificate_parameters(&place.name, place.certificate_names(), node);
        store.save_local(&authority.issue(alias, &parameters)?)?;
    }
    store.save_trust(&trust)?;
    Ok(())
}
