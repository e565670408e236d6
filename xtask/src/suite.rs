//! What must pass, in the order of what fails soonest.

use anyhow::Result;

use crate::step::{cargo, run, run_last, works};
use crate::{axe, demo, deny, docs, packages, parts};

/// The clients of the rivals that Flotilla is compared with.
const PEERS: &str = "loadtest/peers/Cargo.toml";

/// The tests come last, so that the run ends with the summary of their runner.
pub(crate) fn test() -> Result<()> {
    packages::install_missing()?;
    axe::install_missing()?;
    format(true)?;
    lint()?;
    deny::check()?;
    docs::docs(true)?;
    demo::check()?;
    parts::measure(parts::Run::Short)?;
    all_tests()
}

pub(crate) fn format(check: bool) -> Result<()> {
    add_component("rustfmt", "fmt")?;
    let arguments: &[&str] = if check { &["fmt", "--all", "--check"] } else { &["fmt", "--all"] };
    run("format", cargo(arguments))?;
    // A workspace of its own.
    let peers = [&arguments[..1], &["--manifest-path", PEERS], &arguments[1..]].concat();
    run("format of the rivals' clients", cargo(&peers))
}

pub(crate) fn lint() -> Result<()> {
    add_component("clippy", "clippy")?;
    run("lint", cargo(&["clippy", "--locked", "--workspace", "--all-targets", "--", "-D", "warnings"]))
}

pub(crate) fn simulate(seeds: u32, first: u64) -> Result<()> {
    let mut command = cargo(&["test", "--locked", "-p", "flotilla-tests", "--test", "sim", "--", "--nocapture"]);
    command.env("SIM_SEEDS", seeds.to_string()).env("SIM_FIRST_SEED", first.to_string());
    run_last("simulation", command)
}

pub(crate) fn sizing() -> Result<()> {
    // In release: a hundred members in one process.
    let mut command = cargo(&["test", "--locked", "--release", "-p", "flotilla-tests", "--test", "sizing"]);
    command.args(["--", "--nocapture"]).env("SIZING_MEMBERS", "5,7,20,100");
    run_last("sizing", command)
}

pub(crate) fn bench(arguments: &[String]) -> Result<()> {
    // The daemon first: the harness measures the one in the same profile's folder.
    run("build", cargo(&["build", "--locked", "--release", "--bin", "flotilla"]))?;
    if arguments.first().is_some_and(|command| command == "compare") {
        // Beside the harness, which looks for it there.
        let peers = ["build", "--locked", "--release", "--manifest-path", PEERS, "--target-dir", "target"];
        run("the rivals' clients", cargo(&peers))?;
    }
    let mut command = cargo(&["run", "--locked", "--release", "-p", "flotilla-loadtest", "--"]);
    command.args(arguments);
    run_last("bench", command)
}

/// With nextest where it is installed, which runs test binaries side by side; else with cargo itself.
fn all_tests() -> Result<()> {
    // Tests with real processes start the daemon from the target folder.
    run("build", cargo(&["build", "--locked", "--workspace", "--bins"]))?;
    let left_out = tests_left_out();
    if !works(cargo(&["nextest", "--version"])) {
        let mut command = cargo(&["test", "--locked", "--workspace"]);
        command.arg("--").args(left_out.iter().flat_map(|name| ["--skip", name]));
        return run_last("tests", command);
    }
    run("tests in documentation", cargo(&["test", "--locked", "--workspace", "--doc", "--quiet"]))?;
    let mut command = cargo(&["nextest", "run", "--locked", "--workspace"]);
    command.args(left_out.iter().flat_map(|name| ["-E".to_owned(), format!("not test({name})")]));
    run_last("tests", command)
}

/// Tests that cannot be run here, which is said.
fn tests_left_out() -> Option<&'static str> {
    if can_make_networks() {
        return None;
    }
    println!(
        "\n==> NOT RUN: the tests of nodes that are cut off (test(cable)): no network namespaces can be made here, \
         which takes the rights of root"
    );
    Some("cable")
}

fn can_make_networks() -> bool {
    let ip = |arguments: &[&str]| {
        let mut command = std::process::Command::new("ip");
        command.args(arguments);
        works(command)
    };
    let (bridge, namespace) = ("flotilla-probe", "flotilla-probe");
    let made = ip(&["link", "add", bridge, "type", "bridge"]) && ip(&["netns", "add", namespace]);
    // What was not made needs no removal.
    ip(&["netns", "delete", namespace]);
    ip(&["link", "delete", bridge]);
    made
}

/// A minimal toolchain lacks rustfmt and clippy.
fn add_component(component: &str, subcommand: &str) -> Result<()> {
    if works(cargo(&[subcommand, "--version"])) {
        return Ok(());
    }
    let mut command = std::process::Command::new("rustup");
    command.args(["component", "add", component]);
    run(&format!("install {component}"), command)
}
