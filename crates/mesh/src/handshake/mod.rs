//! Who may talk to us. After mutual TLS both sides prove that they know the cluster secret, bound to this very TLS
//! channel, and are compared with whom they claim to be and whom we meant to reach.
//!
//! ```text
//! dialler                         acceptor
//!    | ---------- TLS 1.3 ----------- |   both certificates verified against the live trust
//!    | -- Hello (lane, id, proofs) -> |
//!    | <- Hello (id, proofs) -------- |   or Refusal(code)
//!    | -- Accept -------------------> |   or Refusal(code)
//! ```
//! A certificate without the secret fails at the proof, the secret without a certificate fails at TLS. A refusal tells
//! a code and nothing of the values compared.

mod accept;
mod admission;
mod dial;
mod error;
mod hello;
mod judge;
mod message;
mod proof;
#[cfg(test)]
mod tests;

/// What TLS takes at once, encrypted, before it waits for the connection: a batch of frames is one write then.
const SEND_BYTES: usize = 256 << 10;

pub(crate) use admission::{Admission, Admitted, PeerChain};
pub use error::{HandshakeError, HandshakeStep, RefusalCode};
