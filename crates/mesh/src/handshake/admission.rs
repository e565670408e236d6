//! What both sides of a handshake need: who we are, what we trust, what we know.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use flotilla_model::NodeId;
use flotilla_pki::{CredentialsHandle, Fingerprint, PeerSide, SecretHandle};
use parking_lot::Mutex;
use rustls_pki_types::{CertificateDer, UnixTime};
use tokio::sync::Semaphore;
use tokio_rustls::{TlsAcceptor, TlsConnector, TlsStream};

use crate::handshake::error::{HandshakeError, RefusalCode};
use crate::handshake::hello::Hello;
use crate::handshake::judge::{Evidence, judge};
use crate::handshake::message::Message;
use crate::handshake::proof::{self, ChannelBinding, Direction, EXPORTER_LABEL};
use crate::identity::{Identity, PeerIdentity};
use crate::lane::Lane;
use crate::limits::Limits;
use crate::network::BoxedStream;
use crate::stats::wall_clock_ms;
use crate::wire::cut::CutReason;

pub(crate) struct Admission {
    pub(crate) identity: Identity,
    pub(crate) credentials: CredentialsHandle,
    pub(crate) secrets: SecretHandle,
    pub(crate) limits: Limits,
    pub(crate) barred: ArcSwap<HashSet<NodeId>>,
    /// Whose turn it is to follow a connection by a new one.
    pub(crate) succession: Semaphore,
    /// Reasons that could not be told over the connection that they ended; bounded by nodes times lanes.
    untold_cuts: Mutex<HashMap<(NodeId, Lane), CutReason>>,
    pub(super) connector: TlsConnector,
    pub(super) acceptor: TlsAcceptor,
}

/// A connection whose other end is known.
pub(crate) struct Admitted {
    pub(crate) stream: TlsStream<BoxedStream>,
    pub(crate) peer: PeerIdentity,
    pub(crate) chain: PeerChain,
    /// Why the peer cut the previous connection of this lane.
    pub(crate) previous_cut: Option<CutReason>,
}

/// The certificates that an admitted peer presented, to be judged again when the trust changes, and the one that it was shown.
#[derive(Clone)]
pub(crate) struct PeerChain {
    certificates: Arc<[CertificateDer<'static>]>,
    side: PeerSide,
    own: Fingerprint,
    validity_ms: (u64, u64),
}

impl PeerChain {
    /// The certificate that this node has shown to the peer.
    pub(crate) fn own(&self) -> Fingerprint {
        self.own
    }

    /// How long until the peer should have a new certificate: nodes renew at two thirds of a lifetime, and have until five
    /// sixths of it. After that, half of what is left, again and again.
    pub(crate) fn time_until_aged(&self) -> Duration {
        let (from_ms, to_ms) = self.validity_ms;
        let now_ms = wall_clock_ms();
        let aged_ms = from_ms + to_ms.saturating_sub(from_ms) / 6 * 5;
        let left_ms = if now_ms < aged_ms { aged_ms - now_ms } else { to_ms.saturating_sub(now_ms) / 2 };
        Duration::from_millis(left_ms)
    }
}

impl Admission {
    pub(crate) fn new(
        identity: Identity,
        credentials: CredentialsHandle,
        secrets: SecretHandle,
        limits: Limits,
    ) -> Result<Self, rustls::Error> {
        let connector = TlsConnector::from(Arc::new(flotilla_pki::mesh_client_config(&credentials)?));
        let acceptor = TlsAcceptor::from(Arc::new(flotilla_pki::mesh_server_config(&credentials)?));
        let barred = ArcSwap::default();
        let untold_cuts = Mutex::default();
        let succession = Semaphore::new(1);
        Ok(Self { identity, credentials, secrets, limits, barred, succession, untold_cuts, connector, acceptor })
    }

    /// Remembers why a stuck connection was cut, for the next hello.
    pub(crate) fn remember_cut(&self, peer: NodeId, lane: Lane, reason: CutReason) {
        self.untold_cuts.lock().insert((peer, lane), reason);
    }

    pub(crate) fn take_untold_cut(&self, peer: NodeId, lane: Lane) -> Option<CutReason> {
        self.untold_cuts.lock().remove(&(peer, lane))
    }

    /// Our hello; the proofs are made for this channel.
    pub(super) fn hello(&self, peer: NodeId, lane: Lane, binding: &ChannelBinding, direction: Direction) -> Hello {
        let mut hello = Hello {
            node_id: self.identity.node_id,
            role: self.identity.role,
            lane,
            cluster_id: self.identity.cluster_id.clone(),
            software_version: self.identity.software_version.clone(),
            meant_for: peer,
            previous_cut: self.take_untold_cut(peer, lane),
            proofs: Vec::new(),
            secret_fingerprint: String::new(),
        };
        let secrets = self.secrets.current();
        hello.proofs = proof::make(&secrets, binding, direction, &hello);
        hello.secret_fingerprint = secrets.current().fingerprint();
        hello
    }

    /// What to tell a peer that is refused, when it can still be told anything.
    pub(super) fn refusal(&self, error: &HandshakeError) -> Option<Message> {
        let code = error.refusal()?;
        let is_proof = code == RefusalCode::Proof;
        let fingerprint = if is_proof { self.secrets.current().current().fingerprint() } else { String::new() };
        Some(Message::Refusal(code, fingerprint))
    }

    /// Judges the peer's hello, and turns it into who the peer is.
    pub(super) fn judge(
        &self,
        hello: Hello,
        channel: &Channel,
        direction: Direction,
        dialled: Option<(NodeId, Lane)>,
    ) -> Result<(PeerIdentity, Option<CutReason>), HandshakeError> {
        let evidence = Evidence {
            hello: &hello,
            direction,
            binding: &channel.binding,
            certificate_node: channel.certificate_node,
            dialled,
        };
        judge(&evidence, &self.identity, &self.secrets.current(), &self.barred.load())?;
        let Hello { node_id, role, lane, software_version, previous_cut, .. } = hello;
        Ok((PeerIdentity { node_id, role, lane, software_version }, previous_cut))
    }

    /// What the TLS handshake told about the channel and the peer.
    ///
    /// `own` was in force before the handshake began: if another one has been shown since, the connection is followed by a
    /// new one once too often, and never once too seldom.
    pub(super) fn examine(
        &self,
        stream: &TlsStream<BoxedStream>,
        side: PeerSide,
        own: Fingerprint,
    ) -> Result<Channel, HandshakeError> {
        let (_, connection) = stream.get_ref();
        let certificates = connection.peer_certificates().unwrap_or_default();
        let certificates: Arc<[CertificateDer<'static>]> =
            certificates.iter().map(|certificate| certificate.clone().into_owned()).collect();
        let info = self.credentials.current().examine_peer(&certificates, side, UnixTime::now())?;
        let exported = match stream {
            TlsStream::Client(stream) => stream.get_ref().1.export_keying_material([0; 32], EXPORTER_LABEL, None),
            TlsStream::Server(stream) => stream.get_ref().1.export_keying_material([0; 32], EXPORTER_LABEL, None),
        };
        Ok(Channel {
            binding: ChannelBinding(exported.map_err(HandshakeError::Tls)?),
            certificate_node: info.node_id.map(NodeId),
            chain: PeerChain { certificates, side, own, validity_ms: (info.not_before_ms, info.not_after_ms) },
        })
    }
}

/// What is known of a channel after TLS.
pub(super) struct Channel {
    pub(super) binding: ChannelBinding,
    pub(super) certificate_node: Option<NodeId>,
    pub(super) chain: PeerChain,
}

impl Admission {
    /// The certificate that is shown at this moment.
    pub(super) fn shown(&self) -> Fingerprint {
        self.credentials.current().info().fingerprint
    }

    /// Returns when another certificate is shown than this one.
    pub(crate) async fn shows_another(&self, certificate: Fingerprint) {
        let mut published = self.credentials.subscribe();
        while self.shown() == certificate {
            if published.changed().await.is_err() {
                return std::future::pending().await;
            }
        }
    }

    /// Returns when the peer's certificate is no longer trusted. Ends with the connection that it guards.
    pub(crate) async fn distrusted(&self, chain: &PeerChain) {
        let mut published = self.credentials.subscribe();
        loop {
            // Judged first: a publication between the handshake and this subscription must not be missed.
            let credentials = self.credentials.current();
            if credentials.examine_peer(&chain.certificates, chain.side, UnixTime::now()).is_err() {
                return;
            }
            if published.changed().await.is_err() {
                // No publisher is left, so nothing will change.
                return std::future::pending().await;
            }
        }
    }
}
