//! Schemathesis: installed into the target folder, and called.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::node::Node;
use crate::packages;
use crate::step::{run, works};

/// Pinned, so that a new release cannot fail an old commit.
const VERSION: &str = "4.32.5";

/// A folder of Python packages of its own.
fn folder() -> PathBuf {
    Path::new("target/tools").join(format!("schemathesis-{VERSION}"))
}

pub(super) fn install_missing() -> Result<PathBuf> {
    let program = folder().join("bin/schemathesis");
    let probe = || {
        let mut command = Command::new(&program);
        command.arg("--version");
        command
    };
    if works(probe()) {
        return Ok(program);
    }
    packages::install_python()?;
    let mut venv = Command::new("python3");
    venv.args(["-m", "venv", "--clear"]).arg(folder());
    run("a folder for schemathesis", venv)?;
    let mut pip = Command::new(folder().join("bin/pip"));
    pip.args(["install", "--quiet", "--disable-pip-version-check"]).arg(format!("schemathesis=={VERSION}"));
    run("install schemathesis", pip)?;
    Ok(program)
}

pub(super) fn command(program: &Path, node: &Node, examples: u32, seed: u64) -> Result<Command> {
    let configuration = node.folder().join("schemathesis.toml");
    // The token stands in a file of the node's folder, not on a command line that everybody sees.
    std::fs::write(&configuration, settings(&node.token()?)).context("cannot write the settings of schemathesis")?;
    // It keeps notes in the folder in which it runs.
    let mut command = Command::new(std::path::absolute(program)?);
    command.current_dir(node.folder()).arg("--config-file").arg(&configuration).arg("run");
    // The CA is among the things that are changed.
    command.arg(format!("{}/api/v2.0/openapi.json", node.url)).args(["--tls-verify", "false"]);
    command.arg("--max-examples").arg(examples.to_string()).arg("--seed").arg(seed.to_string());
    command.args(["--request-timeout", "30"]);
    Ok(command)
}

/// Which promises are checked, and with whose rights.
fn settings(token: &str) -> String {
    format!(
        "warnings = false

[auth.openapi.bearer]
bearer = \"{token}\"

[cache]
enabled = false

[generation]
database = \"none\"
with-security-parameters = false

[checks]
enabled = false

[checks.not_a_server_error]
enabled = true
expected-statuses = [\"2xx\", \"3xx\", \"4xx\", 503]

[checks.status_code_conformance]
enabled = true

[checks.content_type_conformance]
enabled = true

[checks.response_headers_conformance]
enabled = true

[checks.response_schema_conformance]
enabled = true

[checks.negative_data_rejection]
enabled = true

[checks.unsupported_method]
enabled = true

[checks.allow_header_conformance]
enabled = true

[checks.ignored_auth]
enabled = true
"
    )
}
