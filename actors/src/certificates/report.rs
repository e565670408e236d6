//! What the log has to be told of this node's store.

use flotilla_model::{CertificateRecord, Command, NodeId, State};

use super::core::CertificatesConfig;
use crate::ports::StoredCredentials;

/// The commands that make the log say what is in the store; none when it does.
pub(super) fn commands(
    state: &State,
    config: CertificatesConfig,
    stored: &StoredCredentials,
    now_ms: u64,
) -> Vec<Command> {
    let node = config.node;
    let mut commands = Vec::new();
    let known = state.members.get(&node).map(|member| &member.authority);
    // A new CA is trusted by all before a certificate of it is shown to anyone.
    if let (Some(known), Some(own)) = (known, &stored.authority)
        && *known != own.authority.fingerprint
    {
        commands.push(Command::ReplaceAuthority { node, authority: own.authority.clone(), now_ms });
    }
    let certificates: Vec<CertificateRecord> =
        stored.certificates.iter().map(|certificate| certificate.record.clone()).collect();
    if !is_known(state, node, &certificates) {
        commands.push(Command::ReportCertificates { node, session: config.session, certificates, now_ms });
    }
    commands
}

fn is_known(state: &State, node: NodeId, certificates: &[CertificateRecord]) -> bool {
    let from = (node, String::new())..(NodeId(node.0.saturating_add(1)), String::new());
    let rows = state.certificates.range(from).map(|(_, record)| record);
    rows.eq(certificates)
}
