//! The page of the command line: what each command says of itself, and the exit codes.

use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

/// Built beside this program, wherever that is.
const PROGRAM: &str = "flotilla";
/// Of a line of help, so that the page is the same whatever terminal it is made in.
const COLUMNS: &str = "110";

const HEAD: &str = "# The command line

Every command has `--help`, which says more than the lines below, and `--json`. Answers go to standard output, errors and logs to
standard error. `flotilla completions` prints what a shell needs to complete all of it, `flotilla man` writes it as manual pages.

Commands that need a cluster reach it in one of three ways:

- through a member on this host, by its node file. Whoever may read the folder of the node (its `admin.token`) administers the
  cluster, without a password;
- over the network: `--url` and `--ca`, with `--token-file`, with `--client-cert` and `--client-key`, or with `--user` and the password from
  `--password-file` or the first line of standard input;
- as a profile says: see [several clusters](#several-clusters).

What names the cluster is taken from the first of these that is there:

1. `--url`, `--config` or `--profile`, of which there can be one
2. the variable `FLOTILLA_PROFILE`
3. `./flotilla.toml`, `./flotilla/flotilla.toml`
4. the profile of `flotilla profile use`
5. `/etc/flotilla/flotilla.toml`

With several URLs (`--url` given again, or a profile) the next node is tried when one cannot be connected, has no quorum or is about to stop;
a question that changes nothing also when no answer comes. A change that may have been made is never sent twice.

With `--watch`, or `--watch=SECONDS`, commands that show something show it again every 2 s, or as often as told, until Ctrl-C, which ends
them with 0: drawn in place on a terminal, one after the other elsewhere, with `--json` a line each. While no node answers they say so, on standard
error where nothing is drawn, and go on; a refusal ends them.

Every node answers; a change that is made through one holds for all. The options of these commands are given here and left out below:
";
/// A command with no options but the common ones.
const PLAIN: &[&str] = &["session", "end"];

const PROFILES: &str = "
## Several clusters

A profile is how one cluster is reached, by a name: `flotilla profile add | list | show | use | remove`. They are in
`$XDG_CONFIG_HOME/flotilla/profiles.toml`, which is `~/.config/flotilla/profiles.toml`, or in the file that `FLOTILLA_PROFILES` names:

```toml
default = \"prod\"

[profiles.prod]
urls = [\"https://ft1.example.org:8444\", \"https://ft2.example.org:8444\"]
ca_file = \"prod-ca.pem\"          # the CAs of all these nodes; relative to this file
token_file = \"prod.token\"        # or user = \"ada\", with password_file or the password asked for; or certificate_file and key_file
```

The file with a token, a password or a key has to be its owner's alone (mode 0600): else the command ends with 2 and says so. `profile add --token-stdin`
makes such a file, `--all-nodes` asks the cluster for the URLs and the CAs of the others. Errors name the profile. The commands write the
file anew, without comments.

```console
$ (umask 077; flotilla --json api-token create ada-laptop --role operator --owner ada | jq -r .token > token)   # on a member
$ flotilla profile add prod --url https://ft1.example.org:8444 --ca ft1-ca.pem --token-stdin --all-nodes < token
$ flotilla --profile prod status
```
";

/// The whole page.
pub(super) fn page() -> Result<String> {
    let plain = help(PLAIN)?;
    let common: Vec<&str> = options(&plain).filter_map(flag).collect();
    let (_, shown) = plain.split_once("Options:\n").context("the help of a command lists no options")?;
    let mut page = format!("{HEAD}\n```text\n{}\n```\n", shown.trim_end());
    page.push_str(PROFILES);
    page.push_str("\n## Exit codes\n\nWhere a command means something closer, its section says it.\n\n| code | meaning |\n|---|---|\n");
    let whole = help(&[])?;
    let codes = exit_codes(&whole);
    ensure!(!codes.is_empty(), "the help of {PROGRAM} lists no exit codes");
    for (code, meaning) in codes {
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
        if line.is_empty() {
            // What follows is no option.
            keeps = true;
        } else if line.trim_start().starts_with('-') {
            keeps = flag(line).is_none_or(|flag| !common.contains(&flag));
        }
        if keeps {
            kept.push_str(&format!("{line}\n"));
        }
    }
    match kept.chars().next() {
        None => head.to_owned(),
        Some('\n') => format!("{}\n{kept}", head.trim_end()),
        Some(_) => format!("{head}Options:\n{kept}"),
    }
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

/// Code and meaning of each line behind `Exit codes:`.
fn exit_codes(help: &str) -> Vec<(&str, &str)> {
    let lines = help.lines().skip_while(|line| *line != "Exit codes:").skip(1);
    lines.map_while(|line| line.trim().split_once(' ')).map(|(code, meaning)| (code, meaning.trim())).collect()
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
        let more = format!("{help}\nExit codes: 1 if not.\n");
        assert!(without(&more, &["--config", "--help"]).ends_with("--limit <N>  How many\n\nExit codes: 1 if not.\n"));
        assert_eq!(without(&more, &["--config", "--limit", "--help"]), "Usage: x\n\nExit codes: 1 if not.\n");
    }

    #[test]
    fn commands_and_exit_codes_are_found() {
        let help = "What it is\n\nCommands:\n  init   Make\n         a node\n  token  Tokens\n  help   Print\n\nOptions:\n  -h";
        assert_eq!(children(help), ["init", "token", "help"]);
        assert!(children("Usage: x\n\nOptions:\n  -h\n").is_empty());
        let codes = exit_codes("-V  Version\n\nExit codes:\n  0   Done\n  70  It failed\n");
        assert_eq!(codes, [("0", "Done"), ("70", "It failed")]);
    }
}
