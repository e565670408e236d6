//! Local certificates: made, taken in, given out, made anew, removed.

use std::time::Duration;

use flotilla_admin::api::{
    ExportCertificate, ExportFormat, ExportedCertificate, GenerateCertificate, Hidden, ImportCertificate,
};
use flotilla_admin::nodes::{NodeProblem, PkiAnswer};
use flotilla_pki::{
    Alias, Bundle, Fingerprint, IssueParameters, LocalCertificate, Pkcs12Error, Pkcs12Profile, Replace, Store,
    StoreError,
};

use super::Surroundings;
use super::problems::{of_alias, of_authority, of_bundle, of_store};
use crate::setup::trust::CERTIFICATE_LIFETIME;

pub(super) fn generate(
    store: &Store,
    around: &Surroundings<'_>,
    request: &GenerateCertificate,
) -> Result<PkiAnswer, NodeProblem> {
    let alias: Alias = request.alias.parse().map_err(of_alias)?;
    let authority = store.load_authority().map_err(of_store)?.ok_or_else(|| of_store(StoreError::NoAuthority))?;
    if !request.is_shared && around.node.is_none() {
        let problem = "this folder is of no member yet, so a certificate cannot name its node";
        return Err(NodeProblem::wrong_state(problem)
            .mend("join makes one; or make one that nodes share with --shared and --san for every host"));
    }
    let names = if request.names.is_empty() { around.names()? } else { request.names.clone() };
    let common_name = match &request.common_name {
        Some(name) => name.clone(),
        None => around.name()?.to_owned(),
    };
    let parameters = IssueParameters {
        common_name,
        names,
        node_id: around.node.filter(|_| !request.is_shared),
        lifetime: request.lifetime_s.map_or(CERTIFICATE_LIFETIME, Duration::from_secs),
        algorithm: request.algorithm,
    };
    let local = authority.issue(alias, &parameters).map_err(of_authority)?;
    keep(store, around, &local, request.replace)
}

pub(super) fn import(
    store: &Store,
    around: &Surroundings<'_>,
    request: &ImportCertificate,
) -> Result<PkiAnswer, NodeProblem> {
    let password = request.password.as_ref().map(|password| password.as_str());
    let bundle = Bundle::read(request.file.bytes(), password).map_err(of_bundle)?;
    let alias = match (&request.alias, &bundle.name) {
        (Some(alias), _) => alias.parse().map_err(of_alias)?,
        (None, Some(name)) => name.parse::<Alias>().map_err(|error| of_alias(error).mend("name it with --alias"))?,
        (None, None) => {
            return Err(NodeProblem::invalid("the file does not name its certificate").mend("name it with --alias"));
        }
    };
    let local = bundle.into_local(alias, around.now_ms).map_err(of_bundle)?;
    keep(store, around, &local, request.replace)
}

/// Puts a certificate into the store that has passed all that is asked of it.
pub(super) fn keep(
    store: &Store,
    around: &Surroundings<'_>,
    local: &LocalCertificate,
    replace: bool,
) -> Result<PkiAnswer, NodeProblem> {
    check_bound(local, around)?;
    (around.approve)(local)?;
    let replace = if replace { Replace::Yes } else { Replace::No };
    store.add_local(local, replace, around.now_ms).map_err(of_store)?;
    told(local)
}

/// One that names a node is of use to that node only: others would be refused with it.
fn check_bound(local: &LocalCertificate, around: &Surroundings<'_>) -> Result<(), NodeProblem> {
    let info = local.info().map_err(|error| of_store(StoreError::Import(error)))?;
    let Some(bound) = info.node_id.filter(|bound| around.node != Some(*bound)) else { return Ok(()) };
    let this =
        around.node.map_or_else(|| "a folder that is of no member yet".to_owned(), |node| format!("node {node}"));
    let problem = format!("the certificate of {} is bound to node {bound}, and this is {this}", info.subject);
    Err(NodeProblem::with_code(400, "wrong-usage", problem)
        .mend("make one that nodes share: flotilla cert generate --shared --alias …"))
}

pub(super) fn export(store: &Store, alias: &str, export: &ExportCertificate) -> Result<PkiAnswer, NodeProblem> {
    let alias: Alias = alias.parse().map_err(of_alias)?;
    let local = store.require_local(&alias).map_err(of_store)?;
    let password = export.password.as_ref().map(|password| password.as_str());
    let profile = match export.format {
        ExportFormat::Pkcs12 => Some(Pkcs12Profile::Modern),
        ExportFormat::Pkcs12Legacy => Some(Pkcs12Profile::Legacy),
        ExportFormat::Pem => None,
    };
    let file = match profile {
        Some(profile) => local
            .to_pkcs12(password.unwrap_or_default(), profile)
            .map_err(|error| match error {
                Pkcs12Error::Password => NodeProblem::invalid(error.to_string()),
                error => NodeProblem::internal(error.to_string()),
            })?
            .to_vec(),
        None => local.to_pem(password).map_err(|error| NodeProblem::internal(error.to_string()))?.as_bytes().to_vec(),
    };
    let fingerprint = local.info().map_err(|error| of_store(StoreError::Import(error)))?.fingerprint.to_string();
    Ok(PkiAnswer::Exported(ExportedCertificate {
        alias: alias.as_str().to_owned(),
        fingerprint,
        file: Hidden::new(file),
    }))
}

pub(super) fn renew(store: &Store, around: &Surroundings<'_>, alias: &str) -> Result<PkiAnswer, NodeProblem> {
    let alias: Alias = alias.parse().map_err(of_alias)?;
    let old = store.require_local(&alias).map_err(of_store)?;
    let authority = store.load_authority().map_err(of_store)?.ok_or_else(|| of_store(StoreError::NoAuthority))?;
    let info = old.info().map_err(|error| of_store(StoreError::Import(error)))?;
    let trust = store.load_trust().map_err(of_store)?;
    // Whether it has ended does not matter: it is made anew.
    let within_life_ms = around.now_ms.clamp(info.not_before_ms, info.not_after_ms);
    let issuer = trust.issuer_of(&old.chain, within_life_ms).map(|issuer| issuer.fingerprint);
    let is_internal = issuer.is_some_and(|issuer| around.internal.contains(&issuer));
    if !is_internal {
        let problem = format!("the certificate {alias} comes from {}, which is no CA of a node", info.issuer);
        return Err(NodeProblem::wrong_state(problem).mend(format!("ask that CA: flotilla cert csr --alias {alias}")));
    }
    let parameters = IssueParameters::renewing(&old).map_err(|error| of_store(StoreError::Import(error)))?;
    let local = authority.issue(alias, &parameters).map_err(of_authority)?;
    keep(store, around, &local, true)
}

pub(super) fn delete(store: &Store, alias: &str) -> Result<PkiAnswer, NodeProblem> {
    let alias: Alias = alias.parse().map_err(of_alias)?;
    store.delete_local(&alias).map_err(of_store)?;
    Ok(PkiAnswer::Done)
}

/// Refuses if the alias has another certificate by now.
pub(super) fn require(store: &Store, alias: &str, expected: Fingerprint) -> Result<(), NodeProblem> {
    let alias: Alias = alias.parse().map_err(of_alias)?;
    let local = store.require_local(&alias).map_err(of_store)?;
    let actual = local.info().map_err(|error| of_store(StoreError::Import(error)))?.fingerprint;
    if actual == expected {
        return Ok(());
    }
    let problem = format!("the certificate {alias} has the fingerprint {actual}, not {expected}");
    Err(NodeProblem::with_code(412, "version-conflict", problem).mend("read the resource again and repeat the change"))
}

pub(super) fn told(local: &LocalCertificate) -> Result<PkiAnswer, NodeProblem> {
    let info = local.info().map_err(|error| of_store(StoreError::Import(error)))?;
    Ok(PkiAnswer::Certificate {
        alias: local.alias.as_str().to_owned(),
        fingerprint: info.fingerprint.to_string(),
        chain_pem: local.chain_pem(),
    })
}
