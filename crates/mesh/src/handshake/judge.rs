//! The decision whether a hello is admitted. Pure: what was seen goes in, a verdict comes out.

use std::collections::HashSet;

use flotilla_model::NodeId;
use flotilla_pki::SecretSet;

use crate::handshake::error::HandshakeError;
use crate::handshake::hello::Hello;
use crate::handshake::proof::{self, ChannelBinding, Direction};
use crate::identity::Identity;
use crate::lane::Lane;

/// All that the decision depends on.
pub(crate) struct Evidence<'a> {
    pub(crate) hello: &'a Hello,
    pub(crate) direction: Direction,
    pub(crate) binding: &'a ChannelBinding,
    /// The node that the peer's certificate names, if it names one.
    pub(crate) certificate_node: Option<NodeId>,
    /// Whom and which lane we dialled; `None` when we were dialled.
    pub(crate) dialled: Option<(NodeId, Lane)>,
}

pub(crate) fn judge(
    evidence: &Evidence<'_>,
    ours: &Identity,
    secrets: &SecretSet,
    barred: &HashSet<NodeId>,
) -> Result<(), HandshakeError> {
    let hello = evidence.hello;
    let claimed = hello.node_id;
    // First, so that who does not know the secret learns nothing about the rest.
    if !proof::verify(secrets, evidence.binding, evidence.direction, hello) {
        let (theirs, ours) = (hello.secret_fingerprint.clone(), secrets.current().fingerprint());
        return Err(HandshakeError::WrongSecret { claimed, theirs, ours });
    }
    if hello.cluster_id != ours.cluster_id {
        return Err(HandshakeError::WrongCluster { claimed });
    }
    if let Some(certificate) = evidence.certificate_node
        && certificate != claimed
    {
        return Err(HandshakeError::CertificateOfAnotherNode { certificate, claimed });
    }
    match evidence.dialled {
        Some((dialled, _)) if dialled != claimed => {
            return Err(HandshakeError::AnotherNodeAnswered { dialled, answered: claimed });
        }
        Some((_, lane)) if lane != hello.lane => return Err(HandshakeError::OutOfPlace { claimed }),
        None if hello.meant_for != ours.node_id => {
            return Err(HandshakeError::MeantForAnotherNode { claimed, meant: hello.meant_for });
        }
        _ => {}
    }
    if claimed == ours.node_id {
        return Err(HandshakeError::OutOfPlace { claimed });
    }
    if barred.contains(&claimed) {
        return Err(HandshakeError::Barred { claimed });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::PeerRole;
    use flotilla_pki::ClusterSecret;

    const BINDING: ChannelBinding = ChannelBinding([9; 32]);

    fn ours() -> Identity {
        Identity {
            node_id: NodeId(1),
            role: PeerRole::Member,
            cluster_id: "c1".to_owned(),
            software_version: String::new(),
        }
    }

    fn hello(secrets: &SecretSet, change: impl Fn(&mut Hello)) -> Hello {
        let mut hello = Hello {
            node_id: NodeId(2),
            role: PeerRole::Member,
            lane: Lane::Raft,
            cluster_id: "c1".to_owned(),
            software_version: String::new(),
            meant_for: NodeId(1),
            previous_cut: None,
            proofs: Vec::new(),
            secret_fingerprint: String::new(),
        };
        change(&mut hello);
        hello.proofs = proof::make(secrets, &BINDING, Direction::FromDialler, &hello);
        hello
    }

    fn verdict(hello: &Hello, secrets: &SecretSet, change: impl Fn(&mut Evidence<'_>)) -> Result<(), HandshakeError> {
        let mut evidence = Evidence {
            hello,
            direction: Direction::FromDialler,
            binding: &BINDING,
            certificate_node: Some(NodeId(2)),
            dialled: None,
        };
        change(&mut evidence);
        judge(&evidence, &ours(), secrets, &HashSet::from([NodeId(5)]))
    }

    #[test]
    fn each_claim_is_compared() {
        let secrets = SecretSet::new(ClusterSecret::generate().unwrap());
        let good = hello(&secrets, |_| {});
        assert!(verdict(&good, &secrets, |_| {}).is_ok());
        assert!(verdict(&good, &secrets, |seen| seen.certificate_node = None).is_ok());
        assert!(verdict(&good, &secrets, |seen| seen.dialled = Some((NodeId(2), Lane::Raft))).is_ok());
        let refused = verdict(&good, &secrets, |seen| seen.certificate_node = Some(NodeId(3)));
        assert!(matches!(refused, Err(HandshakeError::CertificateOfAnotherNode { .. })));
        let refused = verdict(&good, &secrets, |seen| seen.dialled = Some((NodeId(3), Lane::Raft)));
        assert!(matches!(refused, Err(HandshakeError::AnotherNodeAnswered { .. })));
        let refused = verdict(&good, &secrets, |seen| seen.dialled = Some((NodeId(2), Lane::Bulk)));
        assert!(matches!(refused, Err(HandshakeError::OutOfPlace { .. })));
        let elsewhere = hello(&secrets, |hello| hello.meant_for = NodeId(4));
        let refused = verdict(&elsewhere, &secrets, |_| {});
        assert!(matches!(refused, Err(HandshakeError::MeantForAnotherNode { .. })));
        let other_cluster = hello(&secrets, |hello| hello.cluster_id = "c2".to_owned());
        assert!(matches!(verdict(&other_cluster, &secrets, |_| {}), Err(HandshakeError::WrongCluster { .. })));
        let ourselves = hello(&secrets, |hello| hello.node_id = NodeId(1));
        let refused = verdict(&ourselves, &secrets, |seen| seen.certificate_node = None);
        assert!(matches!(refused, Err(HandshakeError::OutOfPlace { .. })));
        let barred = hello(&secrets, |hello| hello.node_id = NodeId(5));
        let refused = verdict(&barred, &secrets, |seen| seen.certificate_node = None);
        assert!(matches!(refused, Err(HandshakeError::Barred { .. })));
    }

    #[test]
    fn a_proof_holds_for_its_channel_direction_and_claims_only() {
        let secrets = SecretSet::new(ClusterSecret::generate().unwrap());
        let good = hello(&secrets, |_| {});
        let other_channel = ChannelBinding([8; 32]);
        let wrong = |refused: Result<(), HandshakeError>| matches!(refused, Err(HandshakeError::WrongSecret { .. }));
        assert!(wrong(verdict(&good, &SecretSet::new(ClusterSecret::generate().unwrap()), |_| {})));
        assert!(wrong(verdict(&good, &secrets, |seen| seen.direction = Direction::FromAcceptor)));
        let evidence = Evidence {
            hello: &good,
            direction: Direction::FromDialler,
            binding: &other_channel,
            certificate_node: None,
            dialled: None,
        };
        assert!(wrong(judge(&evidence, &ours(), &secrets, &HashSet::new())));
        for change in [
            |hello: &mut Hello| hello.node_id = NodeId(3),
            |hello: &mut Hello| hello.lane = Lane::Bulk,
            |hello: &mut Hello| hello.role = PeerRole::Witness,
            |hello: &mut Hello| hello.meant_for = NodeId(9),
            |hello: &mut Hello| hello.proofs.clear(),
            |hello: &mut Hello| hello.proofs[0][31] ^= 1,
        ] {
            let mut changed = good.clone();
            change(&mut changed);
            assert!(wrong(verdict(&changed, &secrets, |seen| seen.certificate_node = None)), "{changed:?}");
        }
    }

    #[test]
    fn during_a_rotation_any_common_secret_is_enough() {
        let [old, new, other] = [(); 3].map(|()| ClusterSecret::generate().unwrap());
        let before = SecretSet::new(old.clone());
        let during = SecretSet::new(new.clone()).accepting(old);
        let after = SecretSet::new(new);
        for (sender, receiver, admitted) in [
            (&before, &during, true),
            (&during, &before, true),
            (&during, &after, true),
            (&after, &during, true),
            (&before, &after, false),
            (&SecretSet::new(other), &during, false),
        ] {
            assert_eq!(verdict(&hello(sender, |_| {}), receiver, |_| {}).is_ok(), admitted);
        }
    }
}
