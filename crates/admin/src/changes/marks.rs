//! Two moments, compared by the digests of the tables: a number each, whatever the size of the cluster.

use std::hash::{DefaultHasher, Hash, Hasher};

use flotilla_model::State;

use crate::api::ChangeKind;

/// A number for each kind; another one when something of the kind is different.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Marks([u64; ChangeKind::ALL.len()]);

impl Marks {
    pub(super) fn of(state: &State) -> Self {
        Self(ChangeKind::ALL.map(|kind| mark(kind, state)))
    }

    /// The kinds that are different from before, in their order.
    pub(super) fn since(&self, before: &Self) -> Vec<ChangeKind> {
        let pairs = self.0.iter().zip(&before.0).zip(ChangeKind::ALL);
        pairs.filter(|((now, before), _)| now != before).map(|(_, kind)| kind).collect()
    }
}

fn mark(kind: ChangeKind, state: &State) -> u64 {
    let mut hasher = DefaultHasher::new();
    match kind {
        ChangeKind::Servers => {
            (state.members.digest(), state.leaving.digest()).hash(&mut hasher);
            state.servers().hash(&mut hasher);
        }
        ChangeKind::Parameters => state.parameters.digest().hash(&mut hasher),
        ChangeKind::Accounts => state.accounts.digest().hash(&mut hasher),
        ChangeKind::Routes => (state.routes.digest(), state.kind_routes.digest()).hash(&mut hasher),
        ChangeKind::Lanes => state.lanes.values().for_each(|lane| {
            (lane.name.as_str(), lane.weight, lane.is_paused).hash(&mut hasher);
        }),
        ChangeKind::Queue => state.events.digest().hash(&mut hasher),
        ChangeKind::Transfers => state.transfers.digest().hash(&mut hasher),
        ChangeKind::Audit => state.audit.digest().hash(&mut hasher),
        ChangeKind::Certificates => (state.certificates.digest(), state.revocations.digest()).hash(&mut hasher),
        ChangeKind::CertificateAuthorities => state.authorities.digest().hash(&mut hasher),
        ChangeKind::Secret => state.secret_rotations.digest().hash(&mut hasher),
        ChangeKind::TransactionManager => state.stopped_tms.digest().hash(&mut hasher),
        ChangeKind::Administrators => {
            (state.administrators.digest(), state.second_factors.digest(), state.login_failures.digest())
                .hash(&mut hasher);
        }
        ChangeKind::Sessions => state.login_sessions.digest().hash(&mut hasher),
        ChangeKind::ApiTokens => state.api_tokens.digest().hash(&mut hasher),
        // What is not in the state: compared as it is.
        ChangeKind::Nodes => {}
    }
    hasher.finish()
}
