//! Exit codes, the same for every command: documented in `docs/reference/command-line.md`.

use std::process::ExitCode;

use anyhow::Result;

/// The command failed or was refused, or a check says no.
pub(crate) const CHECK_FAILED: u8 = 1;
/// The configuration or the command line is wrong.
pub(crate) const USAGE: u8 = 2;
/// The cluster could not be reached or has no quorum; nothing was changed.
pub(crate) const UNAVAILABLE: u8 = 3;
/// A part of the node that it cannot do without has failed; the cluster takes over.
pub(crate) const FATAL: u8 = 70;

/// The node was removed from the cluster: to start it again is of no use.
pub(crate) const REMOVED: u8 = 71;

/// An error with an exit code of its own.
#[derive(Debug)]
pub(crate) struct Coded {
    pub(crate) code: u8,
    pub(crate) message: String,
}

impl std::fmt::Display for Coded {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.message.fmt(formatter)
    }
}

impl std::error::Error for Coded {}

/// An error that ends the process with `code`.
pub(crate) fn coded(code: u8, message: impl ToString) -> anyhow::Error {
    Coded { code, message: message.to_string() }.into()
}

/// Says what went wrong, on standard error.
#[expect(clippy::print_stderr, reason = "this is where the process speaks to its caller")]
pub(crate) fn report(result: Result<()>) -> ExitCode {
    let Err(error) = result else { return ExitCode::SUCCESS };
    eprintln!("flotilla: {error:#}");
    match error.downcast_ref::<Coded>() {
        Some(coded) => ExitCode::from(coded.code),
        None => ExitCode::from(CHECK_FAILED),
    }
}
