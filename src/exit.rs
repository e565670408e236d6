//! Exit codes, the same for every command: `flotilla --help`, the manual and `docs/reference/command-line.md` list them.

use std::process::ExitCode;

use anyhow::Result;

pub(crate) const CHECK_FAILED: u8 = 1;
pub(crate) const USAGE: u8 = 2;
pub(crate) const UNAVAILABLE: u8 = 3;
pub(crate) const FATAL: u8 = 70;
pub(crate) const REMOVED: u8 = 71;

/// What each says. Where a command means something closer, its own help says it.
pub(crate) const CODES: [(u8, &str); 6] = [
    (0, "Done"),
    (CHECK_FAILED, "The command failed or was refused, or a check says no"),
    (USAGE, "The configuration or the command line is wrong"),
    (UNAVAILABLE, "The cluster could not be reached or has no quorum; nothing was changed"),
    (FATAL, "A part of the node that it cannot do without has failed; the cluster takes over"),
    (REMOVED, "The node was removed from the cluster: to start it again is of no use"),
];

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

/// The code with which this error would end the process.
pub(crate) fn code_of(error: &anyhow::Error) -> u8 {
    error.downcast_ref::<Coded>().map_or(CHECK_FAILED, |coded| coded.code)
}

/// The table of them, for help.
pub(crate) fn listed() -> String {
    let lines = CODES.iter().map(|(code, meaning)| format!("\n  {code:<4}{meaning}"));
    format!("Exit codes:{}", lines.collect::<String>())
}

/// Says what went wrong, on standard error.
#[expect(clippy::print_stderr, reason = "this is where the process speaks to its caller")]
pub(crate) fn report(result: Result<()>) -> ExitCode {
    let Err(error) = result else { return ExitCode::SUCCESS };
    eprintln!("flotilla: {error:#}");
    ExitCode::from(code_of(&error))
}
