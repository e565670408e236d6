//! The proof that a side knows the cluster secret: a MAC under the secret's mesh key over what identifies this TLS
//! channel (its exporter, RFC 8446 section 7.5), the direction, and the claims of the hello. A proof seen on one
//! channel is worthless on another, and one side's proof is worthless as the other's.

use flotilla_pki::{Key, Purpose, SecretSet};

use crate::handshake::hello::Hello;

pub(crate) type Proof = [u8; 32];

/// The exporter's label; private use, as RFC 5705 asks.
pub(crate) const EXPORTER_LABEL: &[u8] = b"EXPORTER-flotilla-mesh-proof-v1";

/// Who sends the hello.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    FromDialler,
    FromAcceptor,
}

/// What is unique to one TLS channel and known to both its ends only.
#[derive(Clone)]
pub(crate) struct ChannelBinding(pub(crate) [u8; 32]);

/// One proof for each secret in force.
pub(crate) fn make(secrets: &SecretSet, binding: &ChannelBinding, direction: Direction, hello: &Hello) -> Vec<Proof> {
    secrets.keys(Purpose::MeshProof).iter().map(|key| mac(key, binding, direction, hello)).collect()
}

/// Whether one of the hello's proofs was made under one of our secrets for this channel.
pub(crate) fn verify(secrets: &SecretSet, binding: &ChannelBinding, direction: Direction, hello: &Hello) -> bool {
    let expected = make(secrets, binding, direction, hello);
    // Every pair is compared: how long it takes tells nothing.
    let mut matches = 0;
    for ours in &expected {
        for theirs in &hello.proofs {
            matches += usize::from(flotilla_pki::constant_time_eq(ours, theirs));
        }
    }
    matches > 0
}

fn mac(key: &Key, binding: &ChannelBinding, direction: Direction, hello: &Hello) -> Proof {
    let direction: &[u8] = match direction {
        Direction::FromDialler => b"dialler",
        Direction::FromAcceptor => b"acceptor",
    };
    key.mac(&[
        &binding.0,
        direction,
        &hello.node_id.0.to_be_bytes(),
        &[hello.role.code()],
        &[hello.lane.code()],
        hello.cluster_id.as_bytes(),
        &hello.meant_for.0.to_be_bytes(),
    ])
}
