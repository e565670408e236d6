//! Who watches the run: one file for each thing that must hold.

mod acknowledged;
mod completions;
mod digests;
mod leaders;
mod order;

pub(crate) use acknowledged::{ACCOUNT, Acknowledged, Key};
pub(crate) use order::check_order;

/// All of them.
#[derive(Default)]
pub(crate) struct Oracles {
    pub(crate) acknowledged: Acknowledged,
    pub(crate) completions: completions::Completions,
    pub(crate) digests: digests::Digests,
    pub(crate) leaders: leaders::Leaders,
}
