//! The command line itself: completions, manual, and the commands that nothing else calls.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::common::{Scene, flotilla};

fn text_of(output: std::process::Output) -> Result<String> {
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8(output.stdout)?)
}

/// What bash would offer for this line.
fn completed_by_bash(script: &Path, words: &[&str]) -> Result<BTreeSet<String>> {
    let line: Vec<String> = words.iter().map(|word| format!("'{word}'")).collect();
    let (last, before) = (words[words.len() - 1], words[words.len() - 2]);
    let program = format!(
        "set -e; source '{}'; complete -p flotilla >/dev/null; COMP_WORDS=({}); COMP_CWORD={}; \
         _flotilla flotilla '{last}' '{before}'; printf '%s\\n' \"${{COMPREPLY[@]}}\"",
        script.display(),
        line.join(" "),
        words.len() - 1
    );
    let output = Command::new("bash").args(["--norc", "--noprofile", "-c", &program]).output()?;
    ensure!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    Ok(text_of(output)?.lines().map(str::to_owned).collect())
}

#[test]
fn bash_takes_the_completions_and_offers_commands_and_options() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let script = dir.path().join("flotilla");
    std::fs::write(&script, text_of(flotilla(&["completions", "bash"])?)?)?;
    let commands = completed_by_bash(&script, &["flotilla", "qu"])?;
    assert_eq!(commands, ["queue".to_owned()].into());
    let below = completed_by_bash(&script, &["flotilla", "queue", "re"])?;
    assert_eq!(below, ["resolve", "resume", "retry"].map(str::to_owned).into());
    let options = completed_by_bash(&script, &["flotilla", "status", "--w"])?;
    assert_eq!(options, ["--wait", "--watch"].map(str::to_owned).into());
    let values = completed_by_bash(&script, &["flotilla", "admin", "add", "--role", "op"])?;
    assert_eq!(values, ["operator".to_owned()].into());
    Ok(())
}

#[test]
fn every_shell_gets_a_script_and_another_one_is_refused() -> Result<()> {
    for (shell, part) in [
        ("zsh", "#compdef flotilla"),
        ("fish", "complete -c flotilla"),
        ("elvish", "edit:completion"),
        ("powershell", "Register-ArgumentCompleter"),
    ] {
        let script = text_of(flotilla(&["completions", shell])?)?;
        assert!(script.contains(part) && script.contains("handover"), "{shell}");
    }
    assert_eq!(flotilla(&["completions", "tcsh"])?.status.code(), Some(2));
    Ok(())
}

#[test]
fn a_page_for_each_command_that_groff_sets_without_a_complaint() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let out = dir.path().join("man1");
    let made = text_of(flotilla(&["--json", "man", "--out", &out.display().to_string()])?)?;
    let made: Value = serde_json::from_str(&made)?;
    let pages: Vec<&str> = made["pages"].as_array().context("no list")?.iter().filter_map(Value::as_str).collect();
    assert!(pages.len() > 90, "{pages:?}");
    for name in ["flotilla.1", "flotilla-queue.1", "flotilla-queue-retry.1", "flotilla-admin-second-factor-enrol.1"] {
        assert!(out.join(name).exists(), "{name} is missing in {pages:?}");
    }
    for page in &pages {
        let set = Command::new("groff").args(["-man", "-Tutf8", "-ww", "-z"]).arg(page).output();
        let set = set.context("groff (Debian: groff-base) is needed")?;
        let complaints = String::from_utf8_lossy(&set.stderr).into_owned();
        assert!(set.status.success() && complaints.is_empty(), "{page}: {complaints}");
    }
    let set =
        Command::new("groff").args(["-man", "-Tutf8", "-P-cbou"]).arg(out.join("flotilla-sync-verify.1")).output()?;
    let text = text_of(set)?;
    for part in ["flotilla-sync-verify(1)", "EXIT STATUS", "it gave no digest", "--profile"] {
        assert!(text.contains(part), "{part} is missing in:\n{text}");
    }
    Ok(())
}

#[test]
fn help_lists_the_exit_codes() -> Result<()> {
    let help = text_of(flotilla(&["--help"])?)?;
    for code in ["0 ", "1 ", "2 ", "3 ", "70", "71"] {
        assert!(help.lines().any(|line| line.starts_with(&format!("  {code}  "))), "{code} is missing in:\n{help}");
    }
    Ok(())
}

#[tokio::test]
async fn what_has_a_row_in_the_reference_of_rest_can_be_asked() -> Result<()> {
    let scene = Scene::start(1).await?;
    scene.partner("alice", &[]).await?;
    let command = async |arguments: &[&str]| scene.cluster.command(0, arguments).await;
    let alice = command(&["account", "show", "alice"]).await?;
    assert!(alice["name"] == "alice" && alice["is_enabled"] == true, "{alice}");
    assert!(command(&["account", "show", "nobody"]).await.is_err());
    command(&["queue", "pause", "alice"]).await?;
    let lane = command(&["queue", "lane", "alice"]).await?;
    assert!(lane["is_paused"] == true && lane["weight"] == 1, "{lane}");
    command(&["admin", "add", "ada", "--role", "operator"]).await?;
    command(&["admin", "role", "ada", "auditor"]).await?;
    assert_eq!(command(&["admin", "show", "ada"]).await?["role"], "auditor");
    assert!(command(&["admin", "role", "nobody", "auditor"]).await.is_err(), "nobody is made by the way");
    let own = command(&["ca", "show"]).await?;
    let fingerprint = own["fingerprint"].as_str().context("no fingerprint")?;
    assert_eq!(command(&["ca", "show", fingerprint]).await?, own);
    assert_eq!(command(&["cert", "requests"]).await?, Value::Array(Vec::new()));
    command(&["cert", "csr", "--alias", "company"]).await?;
    assert_eq!(command(&["cert", "requests"]).await?[0]["alias"], "company");
    let measured = command(&["metrics", "flotilla_ready"]).await?;
    assert_eq!(measured["items"][0]["value"], 1.0, "{measured}");
    let config = scene.cluster.nodes[0].config_file().display().to_string();
    let plain = text_of(flotilla(&["metrics", "--config", &config])?)?;
    assert!(plain.starts_with("# HELP") && plain.trim_end().ends_with("# EOF"), "{plain}");
    for arguments in
        [&["ca", "show"][..], &["cert", "requests"], &["queue", "lane", "alice"], &["account", "show", "alice"]]
    {
        text_of(flotilla(&[arguments, &["--config", &config]].concat())?)?;
    }
    Ok(())
}
