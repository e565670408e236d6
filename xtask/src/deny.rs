//! `cargo deny` with the rules of `deny.toml`; built into the target folder where it is not installed.
//!
//! Advisories are left out on purpose: see `docs/decisions/` on checking dependencies.

use std::path::Path;
use std::process::Command;

use anyhow::Result;

use crate::step::{cargo, run, works};

/// Pinned, so that a new release cannot fail an old commit.
const VERSION: &str = "0.20.2";
const TOOLS: &str = "target/tools";

pub(crate) fn check() -> Result<()> {
    let mut command = ready()?;
    command.args(["--workspace", "--locked", "check", "--hide-inclusion-graph", "bans", "licenses", "sources"]);
    run("dependencies", command)
}

fn ready() -> Result<Command> {
    if works(cargo(&["deny", "--version"])) {
        return Ok(cargo(&["deny"]));
    }
    let own = Path::new(TOOLS).join("bin/cargo-deny");
    let probe = || {
        let mut command = Command::new(&own);
        command.arg("--version");
        command
    };
    if !works(probe()) {
        let arguments = ["install", "cargo-deny", "--version", VERSION, "--locked", "--debug", "--root", TOOLS];
        run("install cargo-deny", cargo(&arguments))?;
    }
    Ok(Command::new(own))
}
