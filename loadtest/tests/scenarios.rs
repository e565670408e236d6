//! The harness against real nodes: scenarios pass, their reports are there, and what must not pass fails.

#![expect(clippy::unwrap_used, reason = "only tests")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

/// The program under test, built by the same build as this test.
fn flotilla() -> PathBuf {
    let beside = Path::new(env!("CARGO_BIN_EXE_flotilla-loadtest")).with_file_name("flotilla");
    assert!(beside.exists(), "{} is missing: build the workspace's programs first", beside.display());
    beside
}

fn run(scenario: &str, report: &Path, flags: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_flotilla-loadtest"));
    command.args(["run", scenario, "--binary"]).arg(flotilla()).arg("--report").arg(report).args(flags);
    command.output().unwrap()
}

fn report_of(output: &Output, report: &Path) -> Value {
    let errors = String::from_utf8_lossy(&output.stderr);
    let text = std::fs::read_to_string(report.join("run.json")).unwrap_or_else(|error| panic!("{error}: {errors}"));
    serde_json::from_str(&text).unwrap()
}

fn failed_checks(run: &Value) -> Vec<String> {
    let checks = run["checks"].as_array().unwrap();
    let failed = checks.iter().filter(|check| check["passed"] == Value::Bool(false));
    failed.map(|check| format!("{}: {}", check["name"], check["detail"])).collect()
}

#[test]
fn the_smoke_scenario_passes_and_leaves_a_report() {
    let folder = tempfile::tempdir().unwrap();
    let report = folder.path().join("report");
    let output = run("smoke", &report, &["--seconds", "4"]);
    let run = report_of(&output, &report);
    assert!(output.status.success(), "{:?} {}", failed_checks(&run), String::from_utf8_lossy(&output.stderr));
    for load in run["loads"].as_array().unwrap() {
        assert!(load["totals"]["acknowledged"].as_u64().unwrap() > 0, "{load}");
        assert_eq!(load["totals"]["refused"], 0, "{load}");
    }
    assert_eq!(run["nodes"].as_array().unwrap().len(), 3);
    let page = std::fs::read_to_string(report.join("report.html")).unwrap();
    assert!(page.contains("<svg") && page.contains("smoke"));
    assert!(std::fs::read_to_string(report.join("intervals.csv")).unwrap().lines().count() > 4);
    let summary = String::from_utf8(output.stdout).unwrap();
    assert!(summary.contains("uploads") && summary.contains("every event has ended exactly once"), "{summary}");

    // It is not overwritten by mistake, which is said before any load.
    let again = self::run("smoke", &report, &["--seconds", "4"]);
    assert!(!again.status.success() && String::from_utf8_lossy(&again.stderr).contains("--overwrite"));
}

#[test]
fn nothing_is_lost_when_the_primary_is_killed_and_frozen() {
    let folder = tempfile::tempdir().unwrap();
    let report = folder.path().join("report");
    let scenario = folder.path().join("faults.toml");
    let text = r#"
        description = "faults close together"
        duration_s = 26

        [[load]]
        name = "uploads"
        kind = "upload"
        rate = 20
        size = "8 KiB"
        work = "checksum"

        [[load]]
        name = "events"
        kind = "event"
        rate = 40
        work = { webhook_ms = 5 }

        [[at]]
        s = 2
        do = "kill"
        node = "primary"
        for_s = 1

        [[at]]
        s = 14
        do = "pause"
        node = "primary"
        for_s = 2
    "#;
    std::fs::write(&scenario, text).unwrap();
    let output = run(scenario.to_str().unwrap(), &report, &["--json"]);
    let run = report_of(&output, &report);
    assert!(output.status.success(), "{:?} {}", failed_checks(&run), String::from_utf8_lossy(&output.stderr));
    assert_eq!(run, serde_json::from_slice::<Value>(&output.stdout).unwrap());
    let marks: Vec<&str> = run["marks"].as_array().unwrap().iter().map(|mark| mark["text"].as_str().unwrap()).collect();
    assert!(marks.len() == 2 && marks[0].starts_with("kill -9") && marks[1].starts_with("freeze"), "{marks:?}");
    // The killed node was seen to be down.
    let is_down = |node: &Value| node["samples"].as_array().unwrap().iter().any(|sample| sample["is_up"] == false);
    assert!(run["nodes"].as_array().unwrap().iter().any(is_down));
}

#[test]
fn a_limit_that_is_not_kept_fails_the_run_and_a_bad_scenario_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let report = folder.path().join("report");
    let scenario = folder.path().join("strict.toml");
    let load =
        "description = 'd'\nduration_s = 1\n[cluster]\nnodes = 1\n[[load]]\nname = 'up'\nkind = 'upload'\nrate = 20\n";
    std::fs::write(&scenario, format!("{load}expect = {{ p50_ms = 0.001, failed = 0 }}\n")).unwrap();
    let output = run(scenario.to_str().unwrap(), &report, &[]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("the run has failed: up: p50"));
    let failed = failed_checks(&report_of(&output, &report));
    assert!(failed.len() == 1 && failed[0].contains("up: p50"), "{failed:?}");

    // What the scenario does must have been done, and the second deed is due when the first one is not over.
    let deeds = "[[at]]\ns = 0.5\ndo = 'kill'\nnode = 1\nfor_s = 1\n[[at]]\ns = 0.6\ndo = 'restart'\nnode = 1\n";
    let report = folder.path().join("late");
    std::fs::write(&scenario, format!("{load}{deeds}")).unwrap();
    let output = run(scenario.to_str().unwrap(), &report, &[]);
    assert_eq!(output.status.code(), Some(1));
    let failed = failed_checks(&report_of(&output, &report));
    assert!(failed.iter().any(|check| check.contains("before what was due at 0.6 s")), "{failed:?}");

    std::fs::write(&scenario, format!("{load}speed = 3\n")).unwrap();
    let output = run(scenario.to_str().unwrap(), &folder.path().join("other"), &[]);
    assert!(!output.status.success() && String::from_utf8_lossy(&output.stderr).contains("unknown field `speed`"));
}
