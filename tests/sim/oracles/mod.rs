//! Who watches the run: one file for each thing that must hold.

mod acknowledged;
mod completions;
mod digests;
mod leaders;

pub(crate) use acknowledged::{ACCOUNT, Acknowledged, Key};

/// All of them.
#[derive(Default)]
pub(crate) struct Oracles {
    pub(crate) acknowledged: Acknowledged,
    pub(crate) completions: completions::Completions,
    pub(crate) digests: digests::Digests,
    pub(crate) leaders: leaders::Leaders,
}
