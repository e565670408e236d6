//! The node's credentials follow the log: whom to trust, which certificate to show, and its renewal in time. And the log
//! follows the node's store, so that every node knows which certificates there are.
//!
//! `wanted` reads the view, `expiry` judges a certificate's age, `report` compares the log with the store, `warning` says whom
//! to tell of an end, `core` decides, `actor` acts. It holds no key and reads no certificate itself: storing, validating and
//! publishing are the keeper's, which leaves the certificate in force when a new one is not usable.
//!
//! Until the view shows this process's own session nothing is published: an older view may lack the CA of a member that
//! joined meanwhile, perhaps of the primary, and trusting it would cut this node off from the log that could tell it
//! better. Until then the node shows and trusts what it kept on disk.

mod actor;
mod core;
mod expiry;
mod pauses;
mod report;
mod status;
mod wanted;
mod warning;

pub use actor::{Certificates, CertificatesPorts};
pub use core::{CertificatesConfig, CertificatesCore, Effect};
pub use expiry::Expiry;
pub use status::CertificatesStatus;
pub use wanted::alias_in_force;
pub use warning::{EXPIRING, Warning};

#[cfg(test)]
mod tests;
