//! Members of one cluster, and pairs of connections between them, for the tests inside this crate.

#![allow(clippy::unwrap_used, reason = "test code")]

use std::time::Duration;

use flotilla_model::NodeId;
use flotilla_pki::{
    Authority, AuthorityParameters, ClusterSecret, Credentials, CredentialsHandle, CredentialsParts, IssueParameters,
    KeyAlgorithm, LocalCertificate, RevokedSerials, SecretSet, TrustStore,
};

use crate::handshake::{Admission, Admitted};
use crate::identity::{Identity, PeerRole};
use crate::lane::Lane;
use crate::limits::Limits;
use crate::network::BoxedStream;

const DAY: Duration = Duration::from_secs(86_400);
pub(crate) const STEP: Duration = Duration::from_secs(3);

pub(crate) fn authority(name: &str) -> Authority {
    let common_name = name.to_owned();
    let algorithm = KeyAlgorithm::default();
    Authority::generate(&AuthorityParameters { common_name, lifetime: 30 * DAY, algorithm }).unwrap()
}

pub(crate) fn certificate(authority: &Authority, node: Option<u64>) -> LocalCertificate {
    let parameters = IssueParameters {
        common_name: "node".to_owned(),
        names: vec!["localhost".to_owned()],
        node_id: node,
        lifetime: DAY,
        algorithm: KeyAlgorithm::default(),
    };
    authority.issue("cluster".parse().unwrap(), &parameters).unwrap()
}

pub(crate) fn parts(local: LocalCertificate, authorities: &[&Authority]) -> CredentialsParts {
    let mut trust = TrustStore::new();
    for authority in authorities {
        trust.add(authority.certificate().clone()).unwrap();
    }
    CredentialsParts { local, trust, revoked: RevokedSerials::default() }
}

pub(crate) fn admission_with(node: u64, credentials: Credentials, secret: &ClusterSecret, cluster: &str) -> Admission {
    let identity = Identity {
        node_id: NodeId(node),
        role: PeerRole::Member,
        cluster_id: cluster.to_owned(),
        software_version: "1.2.3".to_owned(),
    };
    let secrets = SecretSet::new(secret.clone()).into();
    let limits = Limits { handshake_step_timeout: STEP, ..Limits::default() };
    Admission::new(identity, CredentialsHandle::new(credentials), secrets, limits).unwrap()
}

pub(crate) fn member(node: u64, authority: &Authority, secret: &ClusterSecret) -> Admission {
    let credentials = Credentials::new(parts(certificate(authority, Some(node)), &[authority])).unwrap();
    admission_with(node, credentials, secret, "c1")
}

pub(crate) struct Cluster {
    pub(crate) authority: Authority,
    pub(crate) secret: ClusterSecret,
}

impl Cluster {
    pub(crate) fn new() -> Self {
        Self { authority: authority("ca"), secret: ClusterSecret::generate().unwrap() }
    }

    pub(crate) fn member(&self, node: u64) -> Admission {
        member(node, &self.authority, &self.secret)
    }
}

pub(crate) fn streams() -> (BoxedStream, BoxedStream) {
    let (near, far) = tokio::io::duplex(64 * 1024);
    (Box::new(near), Box::new(far))
}

/// Node 1, which has dialled node 2 for a lane: each node's admission and its end of the connection.
pub(crate) async fn admitted_pair(lane: Lane, limits: Limits) -> [(Admission, Admitted); 2] {
    let cluster = Cluster::new();
    let [mut dialler, mut acceptor] = [1, 2].map(|node| cluster.member(node));
    (dialler.limits, acceptor.limits) = (limits, limits);
    let (near, far) = streams();
    let (near, far) = tokio::join!(dialler.dial(near, NodeId(2), lane), acceptor.accept(far, |_| Ok(())));
    [(dialler, near.unwrap()), (acceptor, far.unwrap())]
}
