//! What passes between a member and a node that wants to become one: the token that a person carries over, and the
//! cluster secret that the answer carries back.
//!
//! The token pins the CA of the node that made it, so the joining node knows whom it talks to before it says anything. Its
//! secret is sent over that connection only; the cluster keeps nothing but its SHA-256.

mod seal;
mod token;

pub(crate) use seal::seal_secret;
pub use seal::{OpenError, open_secret};
pub use token::{JoinToken, TokenError, TokenSecret};
