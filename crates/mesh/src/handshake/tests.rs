//! Each refusal, over a pair of connected streams.
#![allow(clippy::unwrap_used, reason = "test code")]

use std::future::Future;
use std::time::Duration;

use flotilla_model::NodeId;
use flotilla_pki::{ClusterSecret, Credentials, LocalCertificate, PeerCertificateError, PeerSide, RevokedSerials};
use rustls_pki_types::{ServerName, UnixTime};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio_rustls::TlsStream;

use crate::handshake::admission::{Admission, Admitted};
use crate::handshake::error::{HandshakeError, HandshakeStep, RefusalCode};
use crate::handshake::message::{Message, receive, send};
use crate::handshake::proof::Direction;
use crate::lane::Lane;
use crate::network::BoxedStream;
use crate::testing::{Cluster, STEP, admission_with, authority, certificate, member, parts, streams};

const LANE: Lane = Lane::Control;

type Outcome = Result<Admitted, HandshakeError>;

async fn meet(dialler: &Admission, acceptor: &Admission, expected: u64) -> (Outcome, Outcome) {
    let (near, far) = streams();
    tokio::join!(dialler.dial(near, NodeId(expected), LANE), acceptor.accept(far, |_| Ok(())))
}

fn refusal(outcome: Outcome) -> HandshakeError {
    outcome.err().expect("refused")
}

/// Accepts on one side while `stranger` talks on the other.
async fn accept_while<F: Future<Output = ()>>(
    acceptor: &Admission,
    stranger: impl FnOnce(DuplexStream) -> F,
) -> Outcome {
    let (near, far) = tokio::io::duplex(64 * 1024);
    let (outcome, ()) = tokio::join!(acceptor.accept(Box::new(far), |_| Ok(())), stranger(near));
    outcome
}

/// The TLS part of a dial, to go on from by hand.
async fn tls(dialler: &Admission, stream: DuplexStream) -> TlsStream<BoxedStream> {
    let stream: BoxedStream = Box::new(stream);
    let name = ServerName::try_from("mesh.invalid").unwrap();
    TlsStream::Client(dialler.connector.connect(name, stream).await.unwrap())
}

#[tokio::test]
async fn members_admit_each_other_and_learn_who_they_are() {
    let cluster = Cluster::new();
    let (first, second) = (cluster.member(1), cluster.member(2));
    let (dialled, accepted) = meet(&first, &second, 2).await;
    let (dialled, accepted) = (dialled.unwrap().peer, accepted.unwrap().peer);
    assert_eq!((dialled.node_id, accepted.node_id), (NodeId(2), NodeId(1)));
    assert_eq!((dialled.lane, accepted.lane), (LANE, LANE));
    assert_eq!(dialled.software_version, "1.2.3");
}

#[tokio::test]
async fn a_shared_certificate_without_a_node_id_is_enough_with_the_secret() {
    let cluster = Cluster::new();
    let shared = certificate(&cluster.authority, None);
    let admission = |node| {
        let credentials = Credentials::new(parts(shared.clone(), &[&cluster.authority])).unwrap();
        admission_with(node, credentials, &cluster.secret, "c1")
    };
    let (dialled, accepted) = meet(&admission(1), &admission(2), 2).await;
    assert_eq!(dialled.unwrap().peer.node_id, NodeId(2));
    assert_eq!(accepted.unwrap().peer.node_id, NodeId(1));
}

#[tokio::test]
async fn no_certificate_is_refused_and_the_peer_is_told() {
    let cluster = Cluster::new();
    let acceptor = cluster.member(2);
    let mut config = rustls::ClientConfig::builder_with_provider(flotilla_pki::crypto_provider())
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .with_root_certificates({
            let mut roots = rustls::RootCertStore::empty();
            roots.add(cluster.authority.certificate().clone()).unwrap();
            roots
        })
        .with_no_client_auth();
    config.alpn_protocols = vec![b"flotilla-mesh".to_vec()];
    let outcome = accept_while(&acceptor, async |near| {
        let connector = tokio_rustls::TlsConnector::from(std::sync::Arc::new(config));
        let mut stream = connector.connect(ServerName::try_from("localhost").unwrap(), near).await.unwrap();
        let error = stream.read_u8().await.unwrap_err();
        assert!(error.to_string().contains("CertificateRequired"), "{error}");
    });
    let refused = refusal(outcome.await);
    assert!(matches!(refused, HandshakeError::Certificate(PeerCertificateError::Missing)), "{refused}");
}

#[tokio::test]
async fn a_foreign_authority_is_refused_by_both_sides() {
    let cluster = Cluster::new();
    let foreign = authority("foreign");
    let credentials = Credentials::new(parts(certificate(&foreign, Some(1)), &[&foreign, &cluster.authority])).unwrap();
    let stranger = admission_with(1, credentials, &cluster.secret, "c1");
    let member = cluster.member(2);
    let (told, refused) = meet(&stranger, &member, 2).await;
    let (told, refused) = (refusal(told), refusal(refused));
    assert!(matches!(refused, HandshakeError::Certificate(PeerCertificateError::Refused(_))), "{refused}");
    assert!(matches!(told, HandshakeError::OurCertificate(rustls::AlertDescription::UnknownCA)), "{told}");
    let (refused, _) = meet(&member, &stranger, 1).await;
    let refused = refusal(refused);
    assert!(matches!(refused, HandshakeError::Certificate(PeerCertificateError::Refused(_))), "{refused}");
}

#[tokio::test]
async fn an_expired_certificate_is_refused() {
    let cluster = Cluster::new();
    let key = rcgen::KeyPair::from_pem(&cluster.authority.key().to_pem()).unwrap();
    let issuer = rcgen::Issuer::from_ca_cert_der(cluster.authority.certificate(), key).unwrap();
    let own = rcgen::KeyPair::generate().unwrap();
    let mut parameters = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    // The CA is valid from an hour ago; the certificate ended half an hour ago.
    let now = UnixTime::now().as_secs();
    let at = |seconds: u64| rcgen::date_time_ymd(1970, 1, 1) + Duration::from_secs(seconds);
    (parameters.not_before, parameters.not_after) = (at(now - 3500), at(now - 1800));
    let signed = parameters.signed_by(&own, &issuer).unwrap();
    let local =
        LocalCertificate::from_pem("cluster".parse().unwrap(), signed.pem().as_bytes(), own.serialize_pem().as_bytes());
    let while_valid = UnixTime::since_unix_epoch(Duration::from_secs(now - 2400));
    let credentials = Credentials::new_at(parts(local.unwrap(), &[&cluster.authority]), while_valid).unwrap();
    let late = admission_with(1, credentials, &cluster.secret, "c1");
    let (told, refused) = meet(&late, &cluster.member(2), 2).await;
    let (told, refused) = (refusal(told), refusal(refused));
    assert!(matches!(told, HandshakeError::OurCertificate(rustls::AlertDescription::CertificateExpired)), "{told}");
    assert!(matches!(refused, HandshakeError::Certificate(PeerCertificateError::Refused(_))), "{refused}");
    assert!(refused.to_string().contains("expired"), "{refused}");
}

#[tokio::test]
async fn a_revoked_certificate_is_refused_from_the_next_handshake_on() {
    let cluster = Cluster::new();
    let (first, second) = (cluster.member(1), cluster.member(2));
    let admitted = meet(&first, &second, 2).await.1.unwrap();
    let current = second.credentials.current();
    let mut next = current.parts().clone();
    next.revoked = RevokedSerials::from_iter([first.credentials.current().info().serial.clone()]);
    second.credentials.publish(Credentials::new(next).unwrap());
    let (told, refused) = meet(&first, &second, 2).await;
    let (told, refused) = (refusal(told), refusal(refused));
    assert!(matches!(refused, HandshakeError::Certificate(PeerCertificateError::Revoked { .. })), "{refused}");
    assert!(matches!(told, HandshakeError::OurCertificate(rustls::AlertDescription::CertificateRevoked)), "{told}");
    // And the connection that was admitted before is found to be no longer trusted.
    tokio::time::timeout(STEP, second.distrusted(&admitted.chain)).await.expect("distrusted");
}

#[tokio::test]
async fn the_right_certificate_with_the_wrong_secret_is_refused() {
    let cluster = Cluster::new();
    let wrong = ClusterSecret::generate().unwrap();
    let impostor = member(1, &cluster.authority, &wrong);
    let (told, refused) = meet(&impostor, &cluster.member(2), 2).await;
    let (told, refused) = (refusal(told), refusal(refused));
    let (theirs, ours) = (wrong.fingerprint(), cluster.secret.fingerprint());
    let HandshakeError::WrongSecret { claimed: NodeId(1), theirs: named, ours: own } = &refused else {
        panic!("{refused}");
    };
    assert_eq!((named, own), (&theirs, &ours));
    let text = refused.to_string();
    assert!(text.contains(&theirs) && text.contains(&ours) && text.contains("taeh import"), "{text}");
    assert!(matches!(&told, HandshakeError::OurSecret { theirs } if *theirs == ours), "{told}");
}

#[tokio::test]
async fn a_dialler_refuses_an_acceptor_that_does_not_know_the_secret() {
    let cluster = Cluster::new();
    let (dialler, certificate_thief) = (cluster.member(1), cluster.member(2));
    let (near, far) = streams();
    let thief = async {
        let mut stream = TlsStream::Server(certificate_thief.accept_tls_for_test(far).await);
        let channel = certificate_thief.examine(&stream, PeerSide::Client, certificate_thief.shown()).unwrap();
        let mut hello = certificate_thief.hello(NodeId(1), LANE, &channel.binding, Direction::FromAcceptor);
        // The best it can do without the secret: give the dialler's own proofs back.
        let Message::Hello(received) = receive(&mut stream, HandshakeStep::ReceiveHello, STEP).await.unwrap() else {
            panic!("a hello was expected");
        };
        hello.proofs = received.proofs;
        send(&mut stream, &Message::Hello(Box::new(hello)), HandshakeStep::SendHello, STEP).await.unwrap();
        receive(&mut stream, HandshakeStep::Decision, STEP).await
    };
    let (outcome, told) = tokio::join!(dialler.dial(near, NodeId(2), LANE), thief);
    let refused = refusal(outcome);
    assert!(matches!(refused, HandshakeError::WrongSecret { claimed: NodeId(2), .. }), "{refused}");
    assert!(matches!(told, Ok(Message::Refusal(RefusalCode::Proof, _))), "{told:?}");
}

#[tokio::test]
async fn a_recorded_proof_is_worthless_on_another_connection() {
    let cluster = Cluster::new();
    let (dialler, acceptor) = (cluster.member(1), cluster.member(2));
    let mut recorded = None;
    let outcome = accept_while(&acceptor, async |near| {
        let mut stream = tls(&dialler, near).await;
        let channel = dialler.examine(&stream, PeerSide::Server, dialler.shown()).unwrap();
        let hello = dialler.hello(NodeId(2), LANE, &channel.binding, Direction::FromDialler);
        let message = Message::Hello(Box::new(hello.clone()));
        send(&mut stream, &message, HandshakeStep::SendHello, STEP).await.unwrap();
        receive(&mut stream, HandshakeStep::ReceiveHello, STEP).await.unwrap();
        send(&mut stream, &Message::Accept, HandshakeStep::Decision, STEP).await.unwrap();
        recorded = Some(hello);
    });
    outcome.await.expect("the proof is good on its own connection");
    let outcome = accept_while(&acceptor, async |near| {
        let mut stream = tls(&dialler, near).await;
        let message = Message::Hello(Box::new(recorded.unwrap()));
        send(&mut stream, &message, HandshakeStep::SendHello, STEP).await.unwrap();
        let told = receive(&mut stream, HandshakeStep::ReceiveHello, STEP).await;
        assert!(matches!(told, Ok(Message::Refusal(RefusalCode::Proof, _))), "{told:?}");
    });
    let refused = refusal(outcome.await);
    assert!(matches!(refused, HandshakeError::WrongSecret { claimed: NodeId(1), .. }), "{refused}");
}

#[tokio::test]
async fn a_certificate_of_another_node_is_refused() {
    let cluster = Cluster::new();
    let credentials = Credentials::new(parts(certificate(&cluster.authority, Some(3)), &[&cluster.authority]));
    let liar = admission_with(1, credentials.unwrap(), &cluster.secret, "c1");
    let (told, refused) = meet(&liar, &cluster.member(2), 2).await;
    let (told, refused) = (refusal(told), refusal(refused));
    let expected =
        matches!(refused, HandshakeError::CertificateOfAnotherNode { certificate: NodeId(3), claimed: NodeId(1) });
    assert!(expected, "{refused}");
    assert!(matches!(told, HandshakeError::RefusedByPeer(RefusalCode::NodeId)), "{told}");
}

#[tokio::test]
async fn another_node_than_the_dialled_one_is_refused() {
    let cluster = Cluster::new();
    let (told, refused) = meet(&cluster.member(1), &cluster.member(2), 3).await;
    let (told, refused) = (refusal(told), refusal(refused));
    assert!(matches!(refused, HandshakeError::MeantForAnotherNode { meant: NodeId(3), .. }), "{refused}");
    assert!(matches!(told, HandshakeError::RefusedByPeer(RefusalCode::NodeId)), "{told}");
}

#[tokio::test]
async fn another_cluster_and_a_barred_node_are_refused() {
    let cluster = Cluster::new();
    let credentials = Credentials::new(parts(certificate(&cluster.authority, Some(1)), &[&cluster.authority]));
    let elsewhere = admission_with(1, credentials.unwrap(), &cluster.secret, "c2");
    let acceptor = cluster.member(2);
    let (told, refused) = meet(&elsewhere, &acceptor, 2).await;
    assert!(matches!(refusal(refused), HandshakeError::WrongCluster { .. }));
    assert!(matches!(refusal(told), HandshakeError::RefusedByPeer(RefusalCode::Cluster)));
    acceptor.barred.store(std::sync::Arc::new([NodeId(1)].into()));
    let (told, refused) = meet(&cluster.member(1), &acceptor, 2).await;
    assert!(matches!(refusal(refused), HandshakeError::Barred { .. }));
    assert!(matches!(refusal(told), HandshakeError::RefusedByPeer(RefusalCode::Barred)));
}

#[tokio::test]
async fn garbage_instead_of_tls_is_refused() {
    let cluster = Cluster::new();
    let acceptor = cluster.member(2);
    let outcome = accept_while(&acceptor, async |mut near| {
        near.write_all(b"GET / HTTP/1.1\r\nhost: node\r\n\r\n").await.unwrap();
        let mut answer = Vec::new();
        let _ = near.read_to_end(&mut answer).await;
    });
    let refused = refusal(outcome.await);
    assert!(matches!(refused, HandshakeError::Tls(_)), "{refused}");
}

#[tokio::test]
async fn garbage_instead_of_a_hello_is_refused_and_told() {
    let cluster = Cluster::new();
    let (dialler, acceptor) = (cluster.member(1), cluster.member(2));
    for (bytes, expected) in [
        (&b"GET / HTTP/1.1\r\n"[..], "NotMesh"),
        (&b"FLTM\x01\xff\xff\xff\xff"[..], "TooLong"),
        (&b"FLTM\x01\0\0\0\x02\0\x01"[..], "Malformed"),
        (&b"FLTM\x02\0\0\0\0"[..], "Malformed"),
        (&b"FLTM\x63\0\0\0\0"[..], "Malformed"),
        (&b"FLTM\x01\0\0\0\x04\0\x07\0\x09"[..], "Version"),
    ] {
        let outcome = accept_while(&acceptor, async |near| {
            let mut stream = tls(&dialler, near).await;
            stream.write_all(bytes).await.unwrap();
            stream.flush().await.unwrap();
            let told = receive(&mut stream, HandshakeStep::ReceiveHello, STEP).await;
            assert!(matches!(told, Ok(Message::Refusal(RefusalCode::Malformed | RefusalCode::Version, _))), "{told:?}");
        });
        let refused = format!("{:?}", refusal(outcome.await));
        assert!(refused.starts_with(expected), "{refused} for {bytes:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_stalled_peer_meets_the_deadline_of_its_step() {
    let cluster = Cluster::new();
    let (dialler, acceptor) = (cluster.member(1), cluster.member(2));
    let (near, far) = tokio::io::duplex(1024);
    let refused = refusal(acceptor.accept(Box::new(far), |_| Ok(())).await);
    assert!(matches!(refused, HandshakeError::Deadline { step: HandshakeStep::Tls }), "{refused}");
    drop(near);
    let (near, far) = tokio::io::duplex(1024);
    let refused = refusal(dialler.dial(Box::new(near), NodeId(2), LANE).await);
    assert!(matches!(refused, HandshakeError::Deadline { step: HandshakeStep::Tls }), "{refused}");
    drop(far);
    let mut open = None;
    let outcome = accept_while(&acceptor, async |near| open = Some(tls(&dialler, near).await));
    let refused = refusal(outcome.await);
    assert!(matches!(refused, HandshakeError::Deadline { step: HandshakeStep::ReceiveHello }), "{refused}");
    let outcome = accept_while(&acceptor, async |near| {
        let mut stream = tls(&dialler, near).await;
        let channel = dialler.examine(&stream, PeerSide::Server, dialler.shown()).unwrap();
        let hello = dialler.hello(NodeId(2), LANE, &channel.binding, Direction::FromDialler);
        send(&mut stream, &Message::Hello(Box::new(hello)), HandshakeStep::SendHello, STEP).await.unwrap();
        open = Some(stream);
    });
    let refused = refusal(outcome.await);
    assert!(matches!(refused, HandshakeError::Deadline { step: HandshakeStep::Decision }), "{refused}");
}

#[tokio::test]
async fn a_lost_connection_is_told_apart() {
    let cluster = Cluster::new();
    let acceptor = cluster.member(2);
    let outcome = accept_while(&acceptor, async |near| drop(near));
    let refused = refusal(outcome.await);
    assert!(matches!(refused, HandshakeError::Lost { step: HandshakeStep::Tls, .. }), "{refused}");
}

#[tokio::test]
async fn the_acceptor_has_the_last_word_when_it_is_busy() {
    let cluster = Cluster::new();
    let (dialler, acceptor) = (cluster.member(1), cluster.member(2));
    let (near, far) = streams();
    let full = acceptor.accept(far, |peer| Err(HandshakeError::Busy { claimed: peer.node_id }));
    let (told, refused) = tokio::join!(dialler.dial(near, NodeId(2), LANE), full);
    assert!(matches!(refusal(refused), HandshakeError::Busy { .. }));
    assert!(matches!(refusal(told), HandshakeError::RefusedByPeer(RefusalCode::Busy)));
}

#[tokio::test]
async fn why_a_stuck_connection_was_cut_is_told_in_the_next_hello() {
    let cluster = Cluster::new();
    let (first, second) = (cluster.member(1), cluster.member(2));
    second.remember_cut(NodeId(1), LANE, crate::CutReason::SlowPeer);
    let (dialled, _) = meet(&first, &second, 2).await;
    assert_eq!(dialled.unwrap().previous_cut, Some(crate::CutReason::SlowPeer));
    let (dialled, _) = meet(&first, &second, 2).await;
    assert_eq!(dialled.unwrap().previous_cut, None);
}

impl Admission {
    async fn accept_tls_for_test(&self, stream: BoxedStream) -> tokio_rustls::server::TlsStream<BoxedStream> {
        self.acceptor.accept(stream).await.unwrap()
    }
}
