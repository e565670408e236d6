//! Certificates and secret of the three nodes. Made once a process: keys are expensive, and no run changes them.

use std::collections::BTreeMap;
use std::sync::OnceLock;
use std::time::Duration;

use flotilla_model::NodeId;
use flotilla_pki::{
    Authority, AuthorityParameters, ClusterSecret, Credentials, CredentialsHandle, CredentialsParts, IssueParameters,
    KeyAlgorithm, RevokedSerials, SecretHandle, SecretSet, TrustStore,
};

use crate::world::NODES;

const LIFETIME: Duration = Duration::from_secs(86_400);

struct Trust {
    secret: ClusterSecret,
    parts: BTreeMap<NodeId, CredentialsParts>,
}

fn issue(authority: &Authority, node: NodeId) -> CredentialsParts {
    let parameters = IssueParameters {
        common_name: format!("node-{node}"),
        names: vec![format!("node-{node}")],
        node_id: Some(node.0),
        lifetime: LIFETIME,
        algorithm: KeyAlgorithm::default(),
    };
    let local = authority.issue("cluster".parse().unwrap(), &parameters).unwrap();
    let mut trust = TrustStore::new();
    trust.add(authority.certificate().clone()).unwrap();
    CredentialsParts { local, trust, revoked: RevokedSerials::default() }
}

fn make() -> Trust {
    let common_name = "simulation".to_owned();
    let algorithm = KeyAlgorithm::default();
    let authority = Authority::generate(&AuthorityParameters { common_name, lifetime: LIFETIME, algorithm }).unwrap();
    let parts = NODES.into_iter().map(|node| (node, issue(&authority, node))).collect();
    Trust { secret: ClusterSecret::generate().unwrap(), parts }
}

/// What a process of this node reads when it starts.
pub(super) fn of(node: NodeId) -> (CredentialsHandle, SecretHandle) {
    static TRUST: OnceLock<Trust> = OnceLock::new();
    let trust = TRUST.get_or_init(make);
    let credentials = Credentials::new(trust.parts[&node].clone()).unwrap();
    (CredentialsHandle::new(credentials), SecretHandle::new(SecretSet::new(trust.secret.clone())))
}
