//! The `servers` list against Raft and mesh: whom to dial, who follows, who votes, who is promoted first; and this
//! node's own word that its process runs.

mod actor;
mod core;
mod status;
mod voters;

pub use actor::{Membership, MembershipPorts};
pub use core::{Announcement, Effect, MembershipConfig, MembershipCore};
pub use status::MembershipStatus;

#[cfg(test)]
mod tests;
