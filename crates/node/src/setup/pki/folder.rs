//! The store of a node that does not run.

use std::fs::File;
use std::path::Path;

use flotilla_admin::api::{AuthorityView, CertificateView, NodeId, from_ms};
use flotilla_admin::nodes::{NodeProblem, PkiAnswer, PkiRequest};
use flotilla_config::NodeConfig;
use flotilla_pki::{
    Alias, CertificateInfo, Credentials, CredentialsParts, RevokedSerials, Store, StoreError, StoredAuthority,
};

use super::problems::{of_alias, of_store};
use super::{Surroundings, carry_out};
use crate::clock::now_ms;
use crate::data_dir::{DataDir, DataDirError};
use crate::identity::Identity;

/// The keys and certificates in a folder, which is held while this lives.
pub struct FolderPki {
    store: Store,
    identity: Option<Identity>,
    name: Option<String>,
    _lock: File,
}

/// Why a folder cannot be worked on.
#[derive(Debug, thiserror::Error)]
pub enum FolderPkiError {
    #[error(transparent)]
    DataDir(#[from] DataDirError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl FolderPki {
    /// Takes the folder, which is made if it is missing. A node that runs has its folder for itself.
    pub fn open(folder: &Path) -> Result<Self, FolderPkiError> {
        let dir = DataDir::open_or_create(folder)?;
        let lock = dir.lock()?;
        let identity = dir.read_json(&dir.identity_file())?;
        // A folder that is no node's yet has no node file, and one that is wrong is for `flotilla run --check` to name.
        let name = NodeConfig::load(&dir.config_file()).ok().map(|config| config.node.name);
        Ok(Self { store: Store::open(dir.pki())?, identity, name, _lock: lock })
    }

    /// Does what is asked for.
    pub fn carry_out(&self, request: PkiRequest) -> Result<PkiAnswer, NodeProblem> {
        let own = self.store.list_authorities().map_err(of_store)?;
        let own = own.iter().filter(|authority| authority.is_own || authority.is_former());
        let around = Surroundings {
            node: self.identity.as_ref().map(|identity| identity.node.0),
            name: self.name.clone(),
            internal: own.map(|authority| authority.info.fingerprint).collect(),
            approve: &|_| Ok(()),
            now_ms: now_ms(),
        };
        carry_out(&self.store, &around, request)
    }

    /// Every CA that the folder trusts.
    pub fn authorities(&self) -> Result<Vec<AuthorityView>, NodeProblem> {
        let node = self.identity.as_ref().map(|identity| identity.node);
        let certificates = self.certificates()?;
        let authorities = self.store.list_authorities().map_err(of_store)?;
        Ok(authorities.iter().map(|authority| self.describe(authority, node, &certificates)).collect())
    }

    fn describe(
        &self,
        authority: &StoredAuthority,
        node: Option<NodeId>,
        certificates: &[CertificateView],
    ) -> AuthorityView {
        let (info, is_mine) = (&authority.info, authority.is_own || authority.is_former());
        let fingerprint = info.fingerprint.to_string();
        let live = certificates.iter().filter(|view| view.authority.as_ref() == Some(&fingerprint));
        AuthorityView {
            name: if is_mine { authority.name.clone() } else { "imported".to_owned() },
            node: node.filter(|_| is_mine),
            subject: info.subject.clone(),
            serial: info.serial.to_string(),
            fingerprint: fingerprint.clone(),
            not_before: from_ms(info.not_before_ms),
            not_after: from_ms(info.not_after_ms),
            key: info.key.clone(),
            is_current: authority.is_own,
            live_certificates: live.count() as u64,
            certificate_pem: authority.to_pem(),
        }
    }

    /// Trusts the CAs of a PEM text.
    pub fn import_authorities(&self, pem: &str) -> Result<Vec<AuthorityView>, NodeProblem> {
        let added = self.store.import_authorities(pem.as_bytes()).map_err(of_store)?;
        let added: Vec<String> = added.iter().map(ToString::to_string).collect();
        Ok(self.authorities()?.into_iter().filter(|view| added.contains(&view.fingerprint)).collect())
    }

    /// Trusts a CA no longer, named by its name or fingerprint.
    pub fn remove_authority(&self, name: &str, force: bool) -> Result<(), NodeProblem> {
        let found = self.store.find_authority(name).map_err(of_store)?;
        let fingerprint = found.info.fingerprint.to_string();
        let live = self.certificates()?.into_iter().find(|view| view.authority.as_ref() == Some(&fingerprint));
        if let Some(live) = live.filter(|_| !force) {
            let detail = format!("{name} has issued the certificate {}, which has not ended", live.alias);
            return Err(
                NodeProblem::with_code(409, "authority-in-use", detail).mend("renew that one first, or add --force")
            );
        }
        self.store.remove_authority(found.info.fingerprint).map_err(of_store)
    }

    /// All local certificates.
    pub fn certificates(&self) -> Result<Vec<CertificateView>, NodeProblem> {
        let aliases = self.store.list_local().map_err(of_store)?;
        aliases.iter().map(|alias| self.view(alias)).collect()
    }

    /// One of them, with its chain.
    pub fn certificate(&self, alias: &str) -> Result<CertificateView, NodeProblem> {
        let alias: Alias = alias.parse().map_err(of_alias)?;
        let mut view = self.view(&alias)?;
        view.chain_pem = Some(self.store.require_local(&alias).map_err(of_store)?.chain_pem());
        Ok(view)
    }

    fn view(&self, alias: &Alias) -> Result<CertificateView, NodeProblem> {
        let local = self.store.require_local(alias).map_err(of_store)?;
        let info: CertificateInfo = local.info().map_err(|error| of_store(StoreError::Import(error)))?;
        let trust = self.store.load_trust().map_err(of_store)?;
        let authority = trust.issuer_of(&local.chain, now_ms()).map(|issuer| issuer.fingerprint.to_string());
        let parts = CredentialsParts { local, trust, revoked: RevokedSerials::default() };
        Ok(CertificateView {
            node: self.identity.as_ref().map(|identity| identity.node),
            alias: alias.as_str().to_owned(),
            subject: info.subject,
            issuer: info.issuer,
            serial: info.serial.to_string(),
            fingerprint: info.fingerprint.to_string(),
            authority,
            not_before: from_ms(info.not_before_ms),
            not_after: from_ms(info.not_after_ms),
            names: info.names,
            bound_to: info.node_id.map(NodeId),
            key: info.key,
            usages: info.usages,
            // What the parameters say is in the log, which no node reads here.
            is_in_use: false,
            is_revoked: false,
            refusal: Credentials::new(parts).err().map(|error| error.to_string()),
            chain_pem: None,
        })
    }
}
