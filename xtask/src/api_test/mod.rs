//! The REST interface against its own description: a real node, asked by schemathesis with all that the description allows and with
//! what it does not.
//!
//! It fails on a server error that is not described (503 is: the cluster cannot do this now), on a status or a content type that is not
//! described, on a body that does not match its schema, on methods that should be refused, and where credentials are needed and not asked for.

mod node;
mod schemathesis;

use anyhow::{Context, Result};

use crate::step::{cargo, run};

/// Requests of each operation, besides those that follow from its description: bounded, so that it takes a minute or two.
const EXAMPLES: u32 = 8;
/// For a night.
const EXAMPLES_LONG: u32 = 400;

pub(crate) fn check(long: bool, seed: u64) -> Result<()> {
    // As the tests have it built: the root package alone would be built with other features of its dependencies.
    run("build", cargo(&["build", "--locked", "--workspace", "--bins"]))?;
    let program = schemathesis::install_missing()?;
    let node = node::start()?;
    let examples = if long { EXAMPLES_LONG } else { EXAMPLES };
    run("REST against its description", schemathesis::command(&program, &node, examples, seed)?)
        .with_context(|| format!("the node's folder, with its log: {}", node.folder().display()))?;
    // Whatever was asked of it, it must be there still.
    node.stop()
}
