//! The node's credentials on disk and in force, for the certificates actor.

use async_trait::async_trait;
use flotilla_actors::ports::{
    CredentialKeeper, CredentialReport, OwnAuthority, StoredCertificate, StoredCredentials, Trust,
};
use flotilla_model::{Authority as AuthorityRow, CertificateRecord, NodeId};
use flotilla_pki::{
    Alias, CertificateInfo, Credentials, CredentialsHandle, CredentialsParts, IssueParameters, RevokedSerials,
    SerialNumber, Store, StoreError, TrustStore,
};

use crate::clock::now_ms;

/// Store and handle.
#[derive(Clone)]
pub(crate) struct Keeper {
    pub(crate) node: NodeId,
    pub(crate) store: Store,
    pub(crate) credentials: CredentialsHandle,
}

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}

/// Puts certificate and trust together and checks them.
pub(crate) fn assemble(
    store: &Store,
    alias: &Alias,
    trust: TrustStore,
    revoked: RevokedSerials,
) -> Result<Credentials, String> {
    let local = store.require_local(alias).map_err(text)?;
    Credentials::new(CredentialsParts { local, trust, revoked }).map_err(text)
}

/// Issues a certificate anew that says what the former one says.
pub(crate) fn renew(store: &Store, alias: &Alias) -> Result<(), String> {
    let authority = store.load_authority().map_err(text)?.ok_or_else(|| text(StoreError::NoAuthority))?;
    let old = store.require_local(alias).map_err(text)?;
    let parameters = IssueParameters::renewing(&old).map_err(text)?;
    let renewed = authority.issue(alias.clone(), &parameters).map_err(text)?;
    store.save_local(&renewed).map_err(text)
}

fn trusted(trust: &Trust) -> Result<TrustStore, String> {
    let mut store = TrustStore::new();
    for authority in &trust.authorities {
        store.add_pem(authority.certificate_pem.as_bytes()).map_err(text)?;
    }
    Ok(store)
}

impl Keeper {
    /// Off the threads of the runtime: files are read, keys are made.
    async fn blocking<T: Send + 'static>(
        &self,
        job: impl FnOnce(&Self) -> Result<T, String> + Send + 'static,
    ) -> Result<T, String> {
        let keeper = self.clone();
        tokio::task::spawn_blocking(move || job(&keeper)).await.map_err(text)?
    }

    fn put_into_force(&self, trust: &Trust) -> Result<CredentialReport, String> {
        let alias: Alias = trust.alias.parse().map_err(|error: flotilla_pki::AliasError| error.to_string())?;
        let store = trusted(trust)?;
        let revoked: RevokedSerials = trust.revoked.iter().cloned().map(SerialNumber::from).collect();
        // A restart without its cluster must know whom to trust.
        self.follow_on_disk(&store)?;
        let current = self.credentials.current();
        let (next, refusal) = match assemble(&self.store, &alias, store.clone(), revoked.clone()) {
            Ok(credentials) => (credentials, None),
            Err(reason) => {
                // The certificate stays as it is; others come and go all the same.
                let parts = CredentialsParts { local: current.parts().local.clone(), trust: store, revoked };
                (Credentials::new_unproven(parts).map_err(text)?, Some(reason))
            }
        };
        let is_new = current.info().fingerprint != next.info().fingerprint
            || current.alias() != next.alias()
            || current.trust().to_pem() != next.trust().to_pem()
            || current.revoked() != next.revoked();
        let report = CredentialReport {
            alias: alias.as_str().to_owned(),
            fingerprint: next.info().fingerprint.to_string(),
            not_before_ms: next.info().not_before_ms,
            not_after_ms: next.info().not_after_ms,
        };
        if is_new {
            self.credentials.publish(next);
        }
        refusal.map_or(Ok(report), Err)
    }

    /// The files of the trust become those of the log, former CAs of this node included.
    fn follow_on_disk(&self, trust: &TrustStore) -> Result<(), String> {
        self.store.save_trust(trust).map_err(text)?;
        for authority in self.store.list_authorities().map_err(text)? {
            if authority.is_former() && !trust.contains(authority.info.fingerprint) {
                self.store.remove_authority(authority.info.fingerprint).map_err(text)?;
            }
        }
        Ok(())
    }

    fn read_store(&self, trust: &Trust) -> Result<StoredCredentials, String> {
        let trusted = trusted(trust)?;
        let own = self.store.load_authority().map_err(text)?;
        let mut certificates = Vec::new();
        for alias in self.store.list_local().map_err(text)? {
            match self.read_certificate(&alias, trust, &trusted) {
                Ok(certificate) => certificates.push(certificate),
                // Others must not think that this node could show it.
                Err(error) => tracing::warn!(%alias, error, "a local certificate is not usable"),
            }
        }
        for certificate in &mut certificates {
            certificate.is_renewable &= own.is_some();
        }
        let authority =
            own.map(|own| own_authority(self.node, own.certificate(), own.certificate_pem())).transpose()?;
        Ok(StoredCredentials { certificates, authority })
    }

    fn read_certificate(
        &self,
        alias: &Alias,
        trust: &Trust,
        trusted: &TrustStore,
    ) -> Result<StoredCertificate, String> {
        let local = self.store.require_local(alias).map_err(text)?;
        if !local.has_its_key() {
            return Err("its key does not belong to it".to_owned());
        }
        let info = local.info().map_err(text)?;
        // One that has ended has an issuer as well.
        let within_life_ms = now_ms().clamp(info.not_before_ms, info.not_after_ms);
        let issuer = trusted.issuer_of(&local.chain, within_life_ms);
        let row = issuer
            .and_then(|issuer| trust.authorities.iter().find(|row| row.fingerprint == issuer.fingerprint.to_string()));
        Ok(StoredCertificate {
            ends_ms: issuer.map_or(info.not_after_ms, |issuer| issuer.not_after_ms.min(info.not_after_ms)),
            // A CA of a member: whatever it issued, another member's CA may issue as well.
            is_renewable: row.is_some_and(|row| row.node.is_some()),
            record: CertificateRecord {
                alias: alias.as_str().to_owned(),
                chain_pem: local.chain_pem(),
                fingerprint: info.fingerprint.to_string(),
                serial: info.serial.as_str().to_owned(),
                subject: info.subject.clone(),
                issuer: info.issuer.clone(),
                authority: issuer.map(|issuer| issuer.fingerprint.to_string()),
                not_before_ms: info.not_before_ms,
                not_after_ms: info.not_after_ms,
            },
        })
    }
}

fn own_authority(node: NodeId, der: &[u8], pem: String) -> Result<OwnAuthority, String> {
    let info = CertificateInfo::read(der).map_err(text)?;
    let authority = AuthorityRow {
        fingerprint: info.fingerprint.to_string(),
        certificate_pem: pem,
        node: Some(node),
        added_ms: now_ms(),
    };
    Ok(OwnAuthority {
        authority,
        subject: info.subject,
        not_before_ms: info.not_before_ms,
        not_after_ms: info.not_after_ms,
    })
}

#[async_trait]
impl CredentialKeeper for Keeper {
    async fn publish(&self, trust: Trust) -> Result<CredentialReport, String> {
        self.blocking(move |keeper| keeper.put_into_force(&trust)).await
    }

    async fn renew(&self, alias: String) -> Result<(), String> {
        let alias: Alias = alias.parse().map_err(|error: flotilla_pki::AliasError| error.to_string())?;
        self.blocking(move |keeper| renew(&keeper.store, &alias)).await
    }

    async fn renew_authority(&self) -> Result<(), String> {
        self.blocking(|keeper| {
            let old = keeper.store.load_authority().map_err(text)?.ok_or_else(|| text(StoreError::NoAuthority))?;
            let parameters = old.renewal_parameters().map_err(text)?;
            keeper.store.renew_authority(&parameters).map(drop).map_err(text)
        })
        .await
    }

    async fn stored(&self, trust: Trust) -> Result<StoredCredentials, String> {
        self.blocking(move |keeper| keeper.read_store(&trust)).await
    }
}
