//! The node's credentials on disk and in force, for the certificates actor.

use std::time::Duration;

use async_trait::async_trait;
use flotilla_actors::ports::{CredentialKeeper, CredentialReport, Trust};
use flotilla_model::NodeId;
use flotilla_pki::{
    Alias, CertificateInfo, Credentials, CredentialsHandle, CredentialsParts, RevokedSerials, Store, TrustStore,
};

use crate::setup::certificate_parameters;

/// Store and handle.
pub(crate) struct Keeper {
    pub(crate) node: NodeId,
    pub(crate) name: String,
    pub(crate) store: Store,
    pub(crate) credentials: CredentialsHandle,
}

/// Puts certificate and trust together and checks them.
pub(crate) fn assemble(store: &Store, alias: &Alias, trust: TrustStore) -> Result<Credentials, String> {
    let text = |error: &dyn std::fmt::Display| error.to_string();
    let local = store.load_local(alias).map_err(|error| text(&error))?;
    let local = local.ok_or_else(|| format!("there is no local certificate with the alias {:?}", alias.as_str()))?;
    let parts = CredentialsParts { local, trust, revoked: RevokedSerials::default() };
    Credentials::new(parts).map_err(|error| text(&error))
}

impl Keeper {
    fn report(&self, info: &CertificateInfo, alias: &Alias) -> CredentialReport {
        let own = self.store.load_authority().ok().flatten();
        let issuer = own.and_then(|authority| CertificateInfo::read(authority.certificate()).ok());
        CredentialReport {
            alias: alias.as_str().to_owned(),
            fingerprint: info.fingerprint.to_string(),
            not_before_ms: info.not_before_ms,
            not_after_ms: info.not_after_ms,
            renewable: issuer.is_some_and(|authority| authority.subject == info.issuer),
        }
    }
}

#[async_trait]
impl CredentialKeeper for Keeper {
    async fn publish(&self, trust: Trust) -> Result<CredentialReport, String> {
        let alias: Alias = trust.alias.parse().map_err(|error: flotilla_pki::AliasError| error.to_string())?;
        let mut store = TrustStore::new();
        for authority in &trust.authorities {
            store.add_pem(authority.certificate_pem.as_bytes()).map_err(|error| error.to_string())?;
        }
        let credentials = assemble(&self.store, &alias, store.clone())?;
        // A restart without its cluster must know whom to trust.
        self.store.save_trust(&store).map_err(|error| error.to_string())?;
        let report = self.report(credentials.info(), &alias);
        let current = self.credentials.current();
        let is_new = current.info().fingerprint != credentials.info().fingerprint
            || current.trust().to_pem() != credentials.trust().to_pem();
        if is_new {
            self.credentials.publish(credentials);
        }
        Ok(report)
    }

    async fn renew(&self, alias: String) -> Result<(), String> {
        let alias: Alias = alias.parse().map_err(|error: flotilla_pki::AliasError| error.to_string())?;
        let authority = self.store.load_authority().map_err(|error| error.to_string())?;
        let authority = authority.ok_or("this node has no internal CA")?;
        let old = self.store.load_local(&alias).map_err(|error| error.to_string())?;
        let old = old.ok_or_else(|| format!("there is no local certificate with the alias {:?}", alias.as_str()))?;
        let info = old.info().map_err(|error| error.to_string())?;
        let mut parameters = certificate_parameters(&self.name, info.names.clone(), self.node.0);
        // It lives as long as the old one did.
        parameters.lifetime = Duration::from_millis(info.not_after_ms.saturating_sub(info.not_before_ms));
        let renewed = authority.issue(alias, &parameters).map_err(|error| error.to_string())?;
        self.store.save_local(&renewed).map_err(|error| error.to_string())
    }
}
