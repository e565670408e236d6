//! Keys and certificates of this node, while it runs.

use std::time::Duration;

use flotilla_actors::certificates::{Certificates, alias_in_force};
use flotilla_admin::nodes::{NodeProblem, PkiAnswer, PkiRequest};
use flotilla_model::{NodeId, State};
use flotilla_pki::{Credentials, CredentialsHandle, CredentialsParts, Fingerprint, LocalCertificate, Store};

use super::Operations;
use crate::clock::now_ms;
use crate::setup::pki::{Surroundings, carry_out};

/// The log is told within milliseconds. Whoever asked should find in it what was done; without a quorum that comes later.
const TOLD_WITHIN: Duration = Duration::from_secs(3);

/// What these operations are done with.
pub(crate) struct Keys {
    pub(crate) store: Store,
    pub(crate) name: String,
    pub(crate) credentials: CredentialsHandle,
    pub(crate) certificates: Certificates,
}

impl Operations {
    pub(super) async fn pki(&self, request: PkiRequest) -> Result<PkiAnswer, NodeProblem> {
        let state = self.consensus.view().state.clone();
        let alias = alias_in_force(&state, self.node);
        let deleted = match request.deed() {
            PkiRequest::Delete { alias } => Some(alias.clone()),
            _ => None,
        };
        if deleted.as_ref() == Some(&alias) {
            let problem = format!("node {} shows the certificate {alias}: Cluster.Crypto.Alias names it", self.node);
            return Err(NodeProblem::with_code(409, "certificate-in-use", problem)
                .mend("switch the alias first, or renew the certificate"));
        }
        let is_change = !matches!(request.deed(), PkiRequest::Export { .. } | PkiRequest::Requests);
        let answer = self.in_store(request, alias, &state).await?;
        if is_change {
            // An actor that is being restarted looks by itself.
            let _ = self.keys.certificates.refresh().await;
            self.log_is_told(&answer, deleted).await;
        }
        Ok(answer)
    }

    async fn in_store(&self, request: PkiRequest, alias: String, state: &State) -> Result<PkiAnswer, NodeProblem> {
        let (node, store, name) = (self.node, self.keys.store.clone(), self.keys.name.clone());
        let current = self.keys.credentials.clone();
        let internal = state.authorities.values().filter(|row| row.node.is_some());
        let internal: Vec<Fingerprint> = internal.filter_map(|row| row.fingerprint.parse().ok()).collect();
        let job = move || {
            let approve = |local: &LocalCertificate| approve(local, &alias, node, &current);
            let around =
                Surroundings { node: Some(node.0), name: Some(name), internal, approve: &approve, now_ms: now_ms() };
            carry_out(&store, &around, request)
        };
        let done = tokio::task::spawn_blocking(job).await;
        done.map_err(|error| NodeProblem::internal(error.to_string()))?
    }

    /// Waits until the log shows what was done, and this node trusts what it issues, for a while.
    async fn log_is_told(&self, answer: &PkiAnswer, deleted: Option<String>) {
        let deleted = deleted.map(|alias| (self.node, alias));
        let is_shown = |state: &State| match &deleted {
            Some(row) => !state.certificates.contains(row),
            None => is_shown(state, self.node, answer),
        };
        let told = async {
            let mut views = self.consensus.watch();
            // The log ends when the node does: then nobody is told.
            let _ = views.wait_for(|view| is_shown(&view.state)).await;
            let PkiAnswer::Authority { fingerprint, .. } = answer else { return };
            let Ok(fingerprint) = fingerprint.parse() else { return };
            let mut published = self.keys.credentials.subscribe();
            while !self.keys.credentials.current().trust().contains(fingerprint) && published.changed().await.is_ok() {}
        };
        if tokio::time::timeout(TOLD_WITHIN, told).await.is_err() {
            tracing::warn!("the log does not show yet what was done to the store of certificates");
        }
    }
}

fn is_shown(state: &State, node: NodeId, answer: &PkiAnswer) -> bool {
    match answer {
        PkiAnswer::Authority { fingerprint, .. } => {
            state.members.get(&node).is_some_and(|member| member.authority == *fingerprint)
        }
        PkiAnswer::Certificate { alias, fingerprint, .. } => {
            let row = state.certificates.get(&(node, alias.clone()));
            row.is_some_and(|row| row.fingerprint == *fingerprint)
        }
        _ => true,
    }
}

/// A certificate that takes the place of the one in force must be one that the others accept.
fn approve(
    local: &LocalCertificate,
    alias: &str,
    node: NodeId,
    current: &CredentialsHandle,
) -> Result<(), NodeProblem> {
    if local.alias.as_str() != alias {
        return Ok(());
    }
    let current = current.current();
    let parts =
        CredentialsParts { local: local.clone(), trust: current.trust().clone(), revoked: current.revoked().clone() };
    match Credentials::new(parts) {
        Ok(_) => Ok(()),
        Err(error) => {
            let problem = format!("{error}; node {node} would be cut off with it");
            Err(NodeProblem::with_code(409, "certificate-untrusted", problem)
                .mend("have the cluster trust its CA first: flotilla ca import"))
        }
    }
}
