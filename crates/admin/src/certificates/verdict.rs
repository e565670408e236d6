//! Judges reported certificates as the nodes' TLS would.

use std::time::Duration;

use flotilla_config::parameters::Parameters;
use flotilla_model::{CertificateRecord, NodeId, State};
use flotilla_pki::{CertificateInfo, TrustStore, parse_chain_pem};

use crate::api::{CertificateView, from_ms};

/// The trust of the cluster at one moment.
pub(crate) struct Verdicts<'a> {
    state: &'a State,
    trust: TrustStore,
    now_ms: u64,
}

impl<'a> Verdicts<'a> {
    pub(crate) fn new(state: &'a State, now_ms: u64) -> Self {
        let mut trust = TrustStore::new();
        for authority in state.authorities.values() {
            // One that cannot be read is trusted by no node.
            if trust.add_pem(authority.certificate_pem.as_bytes()).is_err() {
                tracing::warn!(fingerprint = authority.fingerprint, "a CA of the log cannot be read");
            }
        }
        Self { state, trust, now_ms }
    }

    /// Why the nodes would refuse a certificate that this one shows; `None` if they would not.
    pub(crate) fn refusal(&self, node: NodeId, record: &CertificateRecord) -> Option<String> {
        let Ok(chain) = parse_chain_pem(record.chain_pem.as_bytes()) else {
            return Some("cannot be read".to_owned());
        };
        let Some(Ok(info)) = chain.first().map(|leaf| CertificateInfo::read(leaf)) else {
            return Some("cannot be read".to_owned());
        };
        if self.is_revoked(&record.serial) {
            return Some(format!("is revoked (serial {})", record.serial));
        }
        if record.not_after_ms <= self.now_ms {
            return Some(format!("expired at {}", from_ms(record.not_after_ms)));
        }
        if record.not_before_ms > self.now_ms {
            return Some(format!("is not valid before {}", from_ms(record.not_before_ms)));
        }
        if let Some(other) = info.node_id.filter(|bound| *bound != node.0) {
            return Some(format!("is bound to node {other}"));
        }
        if let Some(missing) = ["server", "client"].iter().find(|usage| !info.usages.iter().any(|it| it == *usage)) {
            return Some(format!("is not for {missing}s"));
        }
        if self.trust.issuer_of(&chain, self.now_ms).is_none() {
            return Some(format!("comes from a CA that the cluster does not trust ({})", record.issuer));
        }
        None
    }

    pub(crate) fn is_revoked(&self, serial: &str) -> bool {
        self.state.revocations.contains(&serial.to_owned())
    }

    /// Whether its node is to show it.
    pub(crate) fn is_in_use(&self, node: NodeId, alias: &str) -> bool {
        self.state.members.contains(&node) && alias_of(self.state, node) == alias
    }

    pub(crate) fn describe(&self, node: NodeId, record: &CertificateRecord, with_chain: bool) -> CertificateView {
        let chain = parse_chain_pem(record.chain_pem.as_bytes()).unwrap_or_default();
        let info = chain.first().and_then(|leaf| CertificateInfo::read(leaf).ok());
        let (names, key, usages, bound_to) = match info {
            Some(info) => (info.names, info.key, info.usages, info.node_id.map(NodeId)),
            None => (Vec::new(), String::new(), Vec::new(), None),
        };
        CertificateView {
            node: Some(node),
            alias: record.alias.clone(),
            subject: record.subject.clone(),
            issuer: record.issuer.clone(),
            serial: record.serial.clone(),
            fingerprint: record.fingerprint.clone(),
            authority: record.authority.clone(),
            not_before: from_ms(record.not_before_ms),
            not_after: from_ms(record.not_after_ms),
            names,
            bound_to,
            key,
            usages,
            is_in_use: self.is_in_use(node, &record.alias),
            is_revoked: self.is_revoked(&record.serial),
            refusal: self.refusal(node, record),
            chain_pem: with_chain.then(|| record.chain_pem.clone()),
        }
    }
}

/// `Cluster.Crypto.Alias` as a node has it.
pub(super) fn alias_of(state: &State, node: NodeId) -> String {
    let value = |name: &str| state.parameter(name, Some(node)).map(|row| row.value.clone());
    Parameters(value).cluster_crypto_alias()
}

/// How long a revocation is kept of which nobody knows when its certificate ends: longer than any that we issue.
pub(crate) const UNKNOWN_END: Duration = Duration::from_secs(10 * 366 * 86_400);
