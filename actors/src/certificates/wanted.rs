//! What the view asks for.

use flotilla_model::{NodeId, SessionId, State};

use crate::parameters::stored;
use crate::ports::Trust;

/// The alias of the certificate that a node is to show.
pub fn alias_in_force(state: &State, node: NodeId) -> String {
    stored(state, node).cluster_crypto_alias()
}

/// Reads the view; again only when what it reads has changed.
#[derive(Debug, Default)]
pub(super) struct Reader {
    is_announced: bool,
    read: Option<(u64, u64, u64)>,
}

impl Reader {
    /// What to trust and show, if it may differ from what the last call returned.
    pub(super) fn read(&mut self, state: &State, node: NodeId, session: SessionId) -> Option<Trust> {
        // Once seen, the view is never older again within this process, even if the node is then declared lost.
        self.is_announced |= state.members.get(&node).is_some_and(|member| member.session == Some(session));
        let digests = (state.authorities.digest(), state.parameters.digest(), state.revocations.digest());
        if !self.is_announced || state.authorities.is_empty() || self.read == Some(digests) {
            return None;
        }
        self.read = Some(digests);
        Some(Trust {
            authorities: state.authorities.values().cloned().collect(),
            alias: alias_in_force(state, node),
            revoked: state.revocations.iter().map(|(serial, _)| serial.clone()).collect(),
        })
    }
}
