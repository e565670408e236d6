//! What the reported certificates mean: whether the cluster accepts one, who shows which, and whether a switch of
//! `Cluster.Crypto.Alias` would cut a node off.

mod switch;
mod verdict;

pub(crate) use switch::check_switch;
pub(crate) use verdict::{UNKNOWN_END, Verdicts};
