//! The page of the command line: what each command says of itself, and the exit codes.

use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

/// Built beside this program, wherever that is.
const PROGRAM: &str = "flotilla";
const EXIT_CODES: &str = include_str!("../../../src/exit.rs");
/// Of a line of help, so that the page is the same whatever terminal it is made in.
const COLUMNS: &str = "110";

const HEAD: &str = "# The command line

Every command has `--help`, which says more than the lines below, and `--json`. Answers go to standard output, errors and logs to
standard error.

Commands that need a cluster reach it in one of two ways:

- through a member on this host: by its node file (`--config`, else `./flotilla.toml`, `./flotilla/flotilla.toml` or
  `/etc/flotilla/flotilla.toml`). Whoever may read the folder of the node (its `admin.token`) administers the cluster, without a
  password;
- over the network: `--url`, `--user` and `--ca`; the password comes from `--password-file` or the first line of standard input.

Every node answers; a change that is made through one holds for all. The options of these commands are given here and left out below:
";
/// A command with no options but the common ones.
const PLAIN: &[&str] = &["servers", "list"];

/// The whole page.
pub(super) fn page() -> Result<String> {
    let plain = help(PLAIN)?;
    let common: Vec<&str> = options(&plain).filter_map(flag).collect();
    let (_, shown) = plain.split_once("Options:\n").context("the help of a command lists no options")?;
    let mut page = format!("{HEAD}\n```text\n{}\n```\n", shown.trim_end());
    page.push_str("\n## Exit codes\n\n| code | meaning |\n|---|---|\n| 0 | Done |\n");
    for (code, meaning) in exit_codes(EXIT_CODES) {
        page.push_str(&format!("| {code} | {meaning} |\n"));
    }
    add_commands(&[], &common, &mut page)?;
    Ok(page)
}

/// A section for each command that does something itself.
fn add_commands(command: &[&str], common: &[&str], page: &mut String) -> Result<()> {
    let help = help(command)?;
    let children = children(&help);
    if children.is_empty() {
        let text = without(&help, common);
        page.push_str(&format!("\n## flotilla {}\n\n```text\n{}\n```\n", command.join(" "), text.trim_end()));
    }
    for child in children.into_iter().filter(|child| *child != "help") {
        add_commands(&[command, &[child]].concat(), common, page)?;
    }
    Ok(())
}

fn help(command: &[&str]) -> Result<String> {
    let program = std::env::current_exe()?.with_file_name(PROGRAM);
    let mut process = Command::new(&program);
    process.args(command).arg("-h").env("COLUMNS", COLUMNS).stdin(Stdio::null());
    let output = process.output().with_context(|| format!("cannot start {}", program.display()))?;
    ensure!(output.status.success(), "{} -h ended with {}", command.join(" "), output.status);
    let text = String::from_utf8(output.stdout)?;
    Ok(text.lines().map(|line| line.trim_end().to_owned() + "\n").collect())
}

/// The lines with which an option begins.
fn options(help: &str) -> impl Iterator<Item = &str> {
    help.lines().skip_while(|line| *line != "Options:").filter(|line| line.trim_start().starts_with('-'))
}

/// `--url` of `      --url <URL>  Admin URL`.
fn flag(line: &str) -> Option<&str> {
    line.split_whitespace().find(|word| word.starts_with("--"))
}

/// The help without the options that all have, if this command has all of them.
fn without(help: &str, common: &[&str]) -> String {
    let own: Vec<&str> = options(help).filter_map(flag).collect();
    if !common.iter().all(|flag| own.contains(flag)) {
        return help.to_owned();
    }
    let (head, list) = help.split_once("Options:\n").unwrap_or((help, ""));
    let mut kept = String::new();
    let mut keeps = true;
    for line in list.lines() {
        if line.trim_start().starts_with('-') {
            keeps = flag(line).is_none_or(|flag| !common.contains(&flag));
        }
        if keeps {
            kept.push_str(&format!("{line}\n"));
        }
    }
    if kept.is_empty() { head.to_owned() } else { format!("{head}Options:\n{kept}") }
}

/// The commands below one, as its help lists them.
fn children(help: &str) -> Vec<&str> {
    let list = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    // A description that goes on in the next line is indented further.
    list.take_while(|line| !line.is_empty())
        .filter(|line| !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .collect()
}

/// Code and meaning of each constant, from its line of documentation.
fn exit_codes(source: &str) -> Vec<(&str, &str)> {
    let lines: Vec<&str> = source.lines().collect();
    let pairs = lines.windows(2).filter_map(|pair| {
        let meaning = pair[0].strip_prefix("/// ")?;
        let (_, code) = pair[1].strip_prefix("pub(crate) const ")?.split_once(": u8 = ")?;
        Some((code.trim_end_matches(';'), meaning.trim_end_matches('.')))
    });
    pairs.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn common_options_are_left_out_with_all_their_lines() {
        let help = "Usage: x\n\nOptions:\n  -c, --config <FILE>  Where it\n                       is\n      --limit <N>  How many\n  -h, --help  Help\n";
        assert_eq!(without(help, &["--config", "--help"]), "Usage: x\n\nOptions:\n      --limit <N>  How many\n");
        assert_eq!(without(help, &["--config", "--limit", "--help"]), "Usage: x\n\n");
        assert_eq!(without(help, &["--config", "--url"]), help);
    }

    #[test]
    fn commands_and_exit_codes_are_found() {
        let help = "What it is\n\nCommands:\n  init   Make\n         a node\n  token  Tokens\n  help   Print\n\nOptions:\n  -h";
        assert_eq!(children(help), ["init", "token", "help"]);
        assert!(children("Usage: x\n\nOptions:\n  -h\n").is_empty());
        let codes = exit_codes(EXIT_CODES);
        assert!(codes.len() >= 4 && codes.iter().all(|(code, _)| code.parse::<u8>().is_ok()), "{codes:?}");
    }
}
