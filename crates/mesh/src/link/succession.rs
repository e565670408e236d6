//! When a connection is to be followed by a new one to the same peer, while it works.
//!
//! A certificate that was renewed or chosen anew is shown by new connections only, on both sides: of its own this node knows, of
//! the peer's it is told. And the one that the peer has shown ends one day, or is revoked. So a new connection is made beside the old one, calls move
//! over, the old one answers what it was asked, and nobody notices. One connection of a node moves at a time.

use std::time::Duration;

use flotilla_pki::Fingerprint;

use crate::handshake::{Admission, PeerChain};

/// First pause after a failed attempt; doubles up to [`PAUSE_MAX`]. The old connection works on meanwhile.
pub(super) const PAUSE_MIN: Duration = Duration::from_millis(500);
pub(super) const PAUSE_MAX: Duration = Duration::from_secs(30);
/// However short a peer's certificate still lives, connections are not made more often for it.
const AGE_PAUSE_MIN: Duration = Duration::from_millis(500);

/// The certificates under which a connection was made.
pub(super) struct Terms {
    /// What this node has shown.
    own: Fingerprint,
    /// What the peer has shown.
    chain: PeerChain,
    /// When the peer's certificate has become so old that it should have a new one by now.
    aged: tokio::time::Instant,
}

impl Terms {
    pub(super) fn of(chain: &PeerChain) -> Self {
        let pause = chain.time_until_aged().max(AGE_PAUSE_MIN);
        Self { own: chain.own(), chain: chain.clone(), aged: tokio::time::Instant::now() + pause }
    }

    /// Returns when the connection should be followed by another one.
    pub(super) async fn over(&self, admission: &Admission) {
        tokio::select! {
            biased;
            () = admission.shows_another(self.own) => {}
            () = admission.distrusted(&self.chain) => {}
            () = tokio::time::sleep_until(self.aged) => {}
        }
    }
}
