//! Every way in which a handshake fails, and the codes told to the other end.

use std::fmt;
use std::io;

use flotilla_model::NodeId;
use flotilla_pki::PeerCertificateError;
use serde::{Deserialize, Serialize};

/// The steps that have a deadline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HandshakeStep {
    /// The TLS handshake.
    Tls,
    /// Sending our hello.
    SendHello,
    /// Waiting for the peer's hello.
    ReceiveHello,
    /// Waiting for the peer's decision about us.
    Decision,
}

impl fmt::Display for HandshakeStep {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Tls => "TLS handshake",
            Self::SendHello => "sending the hello",
            Self::ReceiveHello => "waiting for the hello",
            Self::Decision => "waiting for the decision",
        })
    }
}

/// What a refusing side tells the refused one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefusalCode {
    /// No protocol version in common.
    Version,
    /// The proof of the cluster secret is wrong.
    Proof,
    /// Another cluster.
    Cluster,
    /// The node id is not the one of the certificate, or not the one that was dialled.
    NodeId,
    /// The certificate is missing or not acceptable.
    Certificate,
    /// Too many connections; try again later.
    Busy,
    /// What was sent is no hello.
    Malformed,
    /// The node is no longer a member.
    Barred,
    /// A code of a newer version.
    Other(u16),
}

impl RefusalCode {
    pub(crate) fn code(self) -> u16 {
        match self {
            Self::Version => 1,
            Self::Proof => 2,
            Self::Cluster => 3,
            Self::NodeId => 4,
            Self::Certificate => 5,
            Self::Busy => 6,
            Self::Malformed => 7,
            Self::Barred => 8,
            Self::Other(code) => code,
        }
    }

    pub(crate) fn from_code(code: u16) -> Self {
        match code {
            1 => Self::Version,
            2 => Self::Proof,
            3 => Self::Cluster,
            4 => Self::NodeId,
            5 => Self::Certificate,
            6 => Self::Busy,
            7 => Self::Malformed,
            8 => Self::Barred,
            other => Self::Other(other),
        }
    }
}

impl fmt::Display for RefusalCode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Self::Version => "no protocol version in common; bring both nodes to neighbouring versions",
            Self::Proof => "our cluster secret is not theirs; compare `flotilla taeh show-fingerprint` on both nodes",
            Self::Cluster => "it belongs to another cluster",
            Self::NodeId => "it takes us for another node; check the servers list and the certificate",
            Self::Certificate => "it does not accept our certificate; exchange the CA certificates",
            Self::Busy => "it has too many connections",
            Self::Malformed => "it did not understand our hello",
            Self::Barred => "it was told that we are no longer a member",
            Self::Other(code) => return write!(formatter, "code {code}, which this version does not know"),
        };
        formatter.write_str(text)
    }
}

/// Why a connection was not admitted.
#[derive(Debug, thiserror::Error)]
pub enum HandshakeError {
    /// A step took too long.
    #[error("deadline passed in step: {step}")]
    Deadline {
        /// The step.
        step: HandshakeStep,
    },
    /// The connection broke.
    #[error("connection lost in step: {step}: {source}")]
    Lost {
        /// The step.
        step: HandshakeStep,
        /// What the transport said.
        source: io::Error,
    },
    /// TLS failed for another reason than certificates, such as bytes that are no TLS.
    #[error("not TLS 1.3 as the mesh speaks it: {0}")]
    Tls(rustls::Error),
    /// The peer has no certificate, or one that we refuse.
    #[error(transparent)]
    Certificate(#[from] PeerCertificateError),
    /// The peer refused our certificate.
    #[error("the peer refuses our certificate ({0:?}); exchange the CA certificates, check expiry and revocation")]
    OurCertificate(rustls::AlertDescription),
    /// The peer refused us after TLS.
    #[error("the peer refuses us: {0}")]
    RefusedByPeer(RefusalCode),
    /// What came is not our protocol.
    #[error("the peer does not speak the protocol of the mesh")]
    NotMesh,
    /// A message beyond its limit.
    #[error("a handshake message of {length_bytes} bytes is beyond the limit of {limit_bytes}")]
    TooLong {
        /// Its announced length.
        length_bytes: usize,
        /// The limit.
        limit_bytes: usize,
    },
    /// A message that cannot be decoded or is out of order.
    #[error("a handshake message is malformed")]
    Malformed,
    /// No protocol version in common.
    #[error("the peer speaks protocol versions {minimum} to {maximum}, we speak {ours}")]
    Version {
        /// Lowest version of the peer.
        minimum: u16,
        /// Highest version of the peer.
        maximum: u16,
        /// Our version.
        ours: u16,
    },
    /// The proof of the cluster secret is wrong.
    #[error(
        "node {claimed:?} did not prove that it knows the cluster secret: {}; run `flotilla taeh import` on the one \
         that is wrong, with what `flotilla taeh export` prints on a good one",
        mismatch(.theirs, .ours)
    )]
    WrongSecret {
        /// Who it says it is.
        claimed: NodeId,
        /// Fingerprint of its secret, if it says it.
        theirs: String,
        /// Fingerprint of ours.
        ours: String,
    },
    /// The peer has another cluster secret than we have.
    #[error(
        "the peer refuses us: our cluster secret is not theirs, which has the fingerprint {theirs}; run \
         `flotilla taeh import` on the node that is wrong, with what `flotilla taeh export` prints on a good one"
    )]
    OurSecret {
        /// Fingerprint of its secret.
        theirs: String,
    },
    /// It belongs to another cluster.
    #[error("node {claimed:?} belongs to another cluster")]
    WrongCluster {
        /// Who it says it is.
        claimed: NodeId,
    },
    /// The certificate is for another node than the one it says it is.
    #[error("a peer with the certificate of node {certificate:?} says it is node {claimed:?}")]
    CertificateOfAnotherNode {
        /// The node of the certificate.
        certificate: NodeId,
        /// Who it says it is.
        claimed: NodeId,
    },
    /// Another node answered than the one dialled.
    #[error("node {dialled:?} was dialled, node {answered:?} answered; check the address in the servers list")]
    AnotherNodeAnswered {
        /// Whom we meant.
        dialled: NodeId,
        /// Who it is.
        answered: NodeId,
    },
    /// The dialling peer meant another node than us.
    #[error("node {claimed:?} meant to reach node {meant:?}; check its servers list")]
    MeantForAnotherNode {
        /// Who dialled.
        claimed: NodeId,
        /// Whom it meant.
        meant: NodeId,
    },
    /// It answered for another lane, or the dialler takes us for itself.
    #[error("node {claimed:?} answered for another lane or role than asked")]
    OutOfPlace {
        /// Who it says it is.
        claimed: NodeId,
    },
    /// It was removed from the cluster.
    #[error("node {claimed:?} is no longer a member")]
    Barred {
        /// Who it is.
        claimed: NodeId,
    },
    /// We have no room.
    #[error("too many connections; node {claimed:?} may try again later")]
    Busy {
        /// Who it is.
        claimed: NodeId,
    },
}

impl HandshakeError {
    /// What to tell the peer, when it can still be told anything.
    pub(crate) fn refusal(&self) -> Option<RefusalCode> {
        match self {
            Self::Deadline { .. } | Self::Lost { .. } | Self::Tls(_) => None,
            Self::OurCertificate(_) | Self::RefusedByPeer(_) | Self::OurSecret { .. } => None,
            Self::Certificate(_) => Some(RefusalCode::Certificate),
            Self::NotMesh | Self::TooLong { .. } | Self::Malformed | Self::OutOfPlace { .. } => {
                Some(RefusalCode::Malformed)
            }
            Self::Version { .. } => Some(RefusalCode::Version),
            Self::WrongSecret { .. } => Some(RefusalCode::Proof),
            Self::WrongCluster { .. } => Some(RefusalCode::Cluster),
            Self::CertificateOfAnotherNode { .. }
            | Self::AnotherNodeAnswered { .. }
            | Self::MeantForAnotherNode { .. } => Some(RefusalCode::NodeId),
            Self::Barred { .. } => Some(RefusalCode::Barred),
            Self::Busy { .. } => Some(RefusalCode::Busy),
        }
    }

    /// The peer's word; with the fingerprint of its secret, if that is the matter.
    pub(crate) fn refused_by_peer(code: RefusalCode, theirs: String) -> Self {
        if code == RefusalCode::Proof && !theirs.is_empty() {
            Self::OurSecret { theirs }
        } else {
            Self::RefusedByPeer(code)
        }
    }

    /// Sorts an error of the TLS stream: certificates, ours and theirs, are told apart from a lost connection.
    pub(crate) fn from_stream(step: HandshakeStep, source: io::Error) -> Self {
        let Some(tls) = source.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) else {
            return Self::Lost { step, source };
        };
        match tls {
            rustls::Error::NoCertificatesPresented => PeerCertificateError::Missing.into(),
            rustls::Error::InvalidCertificate(rustls::CertificateError::Revoked) => {
                PeerCertificateError::Revoked { serial: "of the peer".to_owned() }.into()
            }
            rustls::Error::InvalidCertificate(_) => PeerCertificateError::Refused(tls.clone()).into(),
            rustls::Error::AlertReceived(alert) if is_about_certificates(*alert) => Self::OurCertificate(*alert),
            other => Self::Tls(other.clone()),
        }
    }
}

fn mismatch(theirs: &str, ours: &str) -> String {
    match theirs {
        "" => format!("ours has the fingerprint {ours}"),
        theirs if theirs == ours => format!("it names the same fingerprint {ours} as ours, and is not to be believed"),
        theirs => format!("its fingerprint is {theirs}, ours is {ours}"),
    }
}

fn is_about_certificates(alert: rustls::AlertDescription) -> bool {
    use rustls::AlertDescription as Alert;
    matches!(
        alert,
        Alert::BadCertificate
            | Alert::UnsupportedCertificate
            | Alert::CertificateRevoked
            | Alert::CertificateExpired
            | Alert::CertificateUnknown
            | Alert::UnknownCA
            | Alert::CertificateRequired
            | Alert::DecryptError
            | Alert::AccessDenied
    )
}
