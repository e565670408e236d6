//! One command of a chore: named, timed, and repeatable by hand when it fails.

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, bail};

/// Makes the root of the repository the current folder, from wherever cargo was called.
pub(crate) fn enter_repository() -> Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("xtask stands in the repository's root")?;
    std::env::set_current_dir(root).with_context(|| format!("cannot enter {}", root.display()))
}

/// A cargo of the same toolchain as this one.
pub(crate) fn cargo(arguments: &[&str]) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(arguments);
    command
}

/// Runs a step to its end; says how long it took.
pub(crate) fn run(name: &str, command: Command) -> Result<()> {
    let started = Instant::now();
    run_last(name, command)?;
    println!("==> {name}: passed in {:.1} s", started.elapsed().as_secs_f64());
    Ok(())
}

/// As [`run`], but the command's own words stand last.
pub(crate) fn run_last(name: &str, mut command: Command) -> Result<()> {
    let line = describe(&command);
    println!("\n==> {name}: {line}");
    let status = command.status().with_context(|| format!("{name}: cannot start {line}"))?;
    if !status.success() {
        bail!("{name} ended with {status}\nrepeat it with: {line}");
    }
    Ok(())
}

/// Whether a command works at all; its words go nowhere.
pub(crate) fn works(mut command: Command) -> bool {
    command.output().is_ok_and(|output| output.status.success())
}

/// The command as one types it in a shell.
pub(crate) fn describe(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let program = program.file_name().unwrap_or(command.get_program()).to_string_lossy();
    let variables = command
        .get_envs()
        .filter_map(|(name, value)| Some(format!("{}={}", name.to_string_lossy(), value?.to_string_lossy())));
    let arguments = command.get_args().map(|argument| argument.to_string_lossy().into_owned());
    variables.chain([program.into_owned()]).chain(arguments).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_step_says_how_to_repeat_it() {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", "false"]).env("SIM_SEEDS", "7");
        let error = run("shell", command).unwrap_err().to_string();
        assert!(error.contains("repeat it with: SIM_SEEDS=7 sh -c false"), "{error}");
        assert!(run("shell", Command::new("true")).is_ok());
        assert!(run("shell", Command::new("no-such-program-anywhere")).is_err());
    }
}
