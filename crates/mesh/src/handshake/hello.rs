//! The hello: who I am, what the connection is for, and the proofs.
//!
//! `minimum u16, maximum u16` (protocol versions, big-endian), then the fields in postcard. Newer programs append
//! fields; what an older reader does not know it ignores, and what an older sender leaves out is empty.

use flotilla_model::NodeId;
use serde::{Deserialize, Serialize};

use crate::handshake::error::HandshakeError;
use crate::handshake::proof::Proof;
use crate::identity::PeerRole;
use crate::lane::Lane;
use crate::wire::cut::CutReason;

/// The lowest and highest protocol version that we speak.
pub(crate) const VERSION_MIN: u16 = 1;
pub(crate) const VERSION_MAX: u16 = 1;

/// A set of secrets has three; leave room for a longer one in a later version.
const PROOFS_MAX: usize = 8;
/// A fingerprint is 16 hexadecimal digits.
pub(super) const FINGERPRINT_MAX_BYTES: usize = 64;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Hello {
    pub(crate) node_id: NodeId,
    pub(crate) role: PeerRole,
    pub(crate) lane: Lane,
    pub(crate) cluster_id: String,
    pub(crate) software_version: String,
    /// The dialler says whom it means; the acceptor repeats its own id.
    pub(crate) meant_for: NodeId,
    /// Why the sender cut the previous connection of this lane, when it could not say so then.
    pub(crate) previous_cut: Option<CutReason>,
    /// One for each secret that the sender has in force.
    pub(crate) proofs: Vec<Proof>,
    /// Of the sender's current secret, so that a mismatch can be told by name; empty if it does not say.
    #[serde(skip)]
    pub(crate) secret_fingerprint: String,
}

/// Appended since the first form of version 1.
#[derive(Default, Serialize, Deserialize)]
struct Appendix {
    secret_fingerprint: String,
}

impl Hello {
    pub(crate) fn encode(&self) -> Result<Vec<u8>, HandshakeError> {
        let mut bytes = Vec::with_capacity(256);
        bytes.extend_from_slice(&VERSION_MIN.to_be_bytes());
        bytes.extend_from_slice(&VERSION_MAX.to_be_bytes());
        let appendix = Appendix { secret_fingerprint: self.secret_fingerprint.clone() };
        let bytes = postcard::to_extend(self, bytes).map_err(|_| HandshakeError::Malformed)?;
        postcard::to_extend(&appendix, bytes).map_err(|_| HandshakeError::Malformed)
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, HandshakeError> {
        let (minimum, rest) = bytes.split_first_chunk::<2>().ok_or(HandshakeError::Malformed)?;
        let (maximum, rest) = rest.split_first_chunk::<2>().ok_or(HandshakeError::Malformed)?;
        let (minimum, maximum) = (u16::from_be_bytes(*minimum), u16::from_be_bytes(*maximum));
        if minimum > VERSION_MAX || maximum < VERSION_MIN {
            return Err(HandshakeError::Version { minimum, maximum, ours: VERSION_MAX });
        }
        let (mut hello, rest): (Self, &[u8]) =
            postcard::take_from_bytes(rest).map_err(|_| HandshakeError::Malformed)?;
        if hello.proofs.len() > PROOFS_MAX {
            return Err(HandshakeError::Malformed);
        }
        if !rest.is_empty() {
            // What is behind it belongs to fields of a newer program.
            let (appendix, _newer): (Appendix, &[u8]) =
                postcard::take_from_bytes(rest).map_err(|_| HandshakeError::Malformed)?;
            let text = appendix.secret_fingerprint;
            // It is shown to people: digits only.
            let is_plain = text.len() <= FINGERPRINT_MAX_BYTES && text.bytes().all(|byte| byte.is_ascii_hexdigit());
            hello.secret_fingerprint = if is_plain { text } else { String::new() };
        }
        Ok(hello)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sample() -> Hello {
        Hello {
            node_id: NodeId(3),
            role: PeerRole::Member,
            lane: Lane::Raft,
            cluster_id: "c1".to_owned(),
            software_version: "0.1.0".to_owned(),
            meant_for: NodeId(300),
            previous_cut: Some(CutReason::SlowPeer),
            proofs: vec![[7; 32]],
            secret_fingerprint: String::new(),
        }
    }

    #[test]
    fn version_1_stays_as_it_is_and_newer_fields_are_ignored() {
        let mut golden = b"\0\x01\0\x01\x03\0\x01\x02c1\x050.1.0\xac\x02\x01\x01\x01".to_vec();
        golden.extend_from_slice(&[7; 32]);
        assert_eq!(Hello::decode(&golden).unwrap(), sample(), "of a program that says no fingerprint");
        golden.extend_from_slice(b"\x02a7");
        let named = Hello { secret_fingerprint: "a7".to_owned(), ..sample() };
        assert_eq!(named.encode().unwrap(), golden);
        golden.extend_from_slice(b"fields of version 2");
        golden[3] = 2;
        assert_eq!(Hello::decode(&golden).unwrap(), named);
        let forged = Hello { secret_fingerprint: "\u{1b}[2J".to_owned(), ..sample() };
        assert_eq!(Hello::decode(&forged.encode().unwrap()).unwrap(), sample(), "terminals are not steered");
    }

    #[test]
    fn versions_without_overlap_are_refused() {
        let mut newer = sample().encode().unwrap();
        newer[1] = 9;
        newer[3] = 9;
        assert!(matches!(Hello::decode(&newer), Err(HandshakeError::Version { minimum: 9, maximum: 9, ours: 1 })));
    }

    proptest! {
        #[test]
        fn random_bytes_never_panic(mut bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = Hello::decode(&bytes);
            if bytes.len() >= 4 {
                bytes[..4].copy_from_slice(b"\0\x01\0\x01");
                let _ = Hello::decode(&bytes);
            }
        }
    }
}
