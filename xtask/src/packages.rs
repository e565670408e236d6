//! System programs that tests call: installed with apt when missing, or named when that cannot be done.

use std::process::Command;

use anyhow::{Context, Result};

use crate::step::{run, works};

/// Program and the Debian package that brings it.
const PROGRAMS: [(&str, &str); 9] = [
    // Uploads and downloads as partners do them.
    ("curl", "curl"),
    // Second opinion on keys, certificates and TLS.
    ("openssl", "openssl"),
    // PKCS#12 files of Java programs.
    ("keytool", "default-jre-headless"),
    // WebDAV and listings as another program understands them.
    ("rclone", "rclone"),
    // The web console in a real browser.
    ("chromium", "chromium"),
    ("chromedriver", "chromium-driver"),
    // Fetches the checker of its accessibility.
    ("npm", "npm"),
    // Network namespaces, for nodes that are cut off.
    ("ip", "iproute2"),
    // Manual pages as they will be read.
    ("groff", "groff-base"),
];

pub(crate) fn install_missing() -> Result<()> {
    let missing: Vec<&str> =
        PROGRAMS.iter().filter(|(program, _)| !is_present(program)).map(|(_, package)| *package).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let names = missing.join(" ");
    let by_hand = || format!("these programs are missing; install them and call again: {names}");
    run("package lists", apt(&["update", "-qq"])).with_context(by_hand)?;
    let arguments: Vec<&str> =
        ["install", "-y", "-qq", "--no-install-recommends"].into_iter().chain(missing.iter().copied()).collect();
    run("packages", apt(&arguments)).with_context(by_hand)
}

/// Python with its folders of packages (venv), which Debian has apart.
pub(crate) fn install_python() -> Result<()> {
    let mut probe = Command::new("python3");
    probe.args(["-c", "import ensurepip, venv"]);
    if works(probe) {
        return Ok(());
    }
    let by_hand = || "Python is missing; install it and call again: python3-venv";
    run("package lists", apt(&["update", "-qq"])).with_context(by_hand)?;
    run("packages", apt(&["install", "-y", "-qq", "--no-install-recommends", "python3-venv"])).with_context(by_hand)
}

fn apt(arguments: &[&str]) -> Command {
    let mut command = Command::new("apt-get");
    command.args(arguments).env("DEBIAN_FRONTEND", "noninteractive");
    command
}

fn is_present(program: &str) -> bool {
    let mut command = Command::new(program);
    command.arg(match program {
        "openssl" => "version",
        "keytool" => "-help",
        "ip" => "-Version",
        _ => "--version",
    });
    works(command)
}
