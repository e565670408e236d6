//! The description of REST, and the page of its problems: as the server itself tells them.

use anyhow::{Context, Result, ensure};

use crate::step::{cargo, describe};

/// The OpenAPI document.
pub(super) fn openapi() -> Result<String> {
    printed("openapi")
}

/// The page of the problems.
pub(super) fn problems() -> Result<String> {
    printed("problems")
}

fn printed(page: &str) -> Result<String> {
    let mut command =
        cargo(&["run", "--locked", "--quiet", "-p", "flotilla-admin", "--example", "reference", "--", page]);
    let line = describe(&command);
    let output = command.output().with_context(|| format!("cannot start {line}"))?;
    ensure!(
        output.status.success(),
        "{line} ended with {}:\n{}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(String::from_utf8(output.stdout)?)
}
