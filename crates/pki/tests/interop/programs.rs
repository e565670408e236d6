//! Starts programs; what they say is part of a failure.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};

use flotilla_pki::{Alias, Authority, KeyAlgorithm, LocalCertificate};

use crate::common::{authority, issue_parameters};

pub(crate) const PASSWORD: &str = "correct horse 7!";

pub(crate) fn now_ms() -> u64 {
    u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap()
}

/// A folder with files of one test.
pub(crate) struct Bench {
    folder: tempfile::TempDir,
}

impl Bench {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, contents: &[u8]) -> PathBuf {
        std::fs::write(self.path(name), contents).unwrap();
        self.path(name)
    }

    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path(name)).unwrap()
    }

    pub(crate) fn run(&self, program: &str, package: &str, arguments: &[&str]) -> String {
        let (is_ok, said) = self.attempt(program, package, arguments);
        assert!(is_ok, "{program} {arguments:?} failed: {said}");
        said
    }

    /// Whether it succeeded, and what it said on both streams.
    pub(crate) fn attempt(&self, program: &str, package: &str, arguments: &[&str]) -> (bool, String) {
        let mut command = Command::new(program);
        command.args(arguments).current_dir(self.folder.path()).env("LC_ALL", "C");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{program} (package {package}): {error}"));
        child.stdin.take().unwrap().write_all(b"").unwrap();
        let output = child.wait_with_output().unwrap();
        let said = [output.stdout.as_slice(), &output.stderr].concat();
        (output.status.success(), String::from_utf8_lossy(&said).into_owned())
    }

    pub(crate) fn openssl(&self, line: &str) -> String {
        let arguments: Vec<String> = line.split(' ').map(|word| word.replace("PASS", PASSWORD)).collect();
        self.run("openssl", "openssl", &arguments.iter().map(String::as_str).collect::<Vec<_>>())
    }

    pub(crate) fn keytool(&self, line: &str) -> String {
        // The compiler of the second stage costs more than it saves in so short a run.
        let quick = ["-J-XX:TieredStopAtLevel=1", "-J-XX:+UseSerialGC"].into_iter();
        let arguments: Vec<String> = quick.chain(line.split(' ')).map(str::to_owned).collect();
        self.run("keytool", "default-jre-headless", &arguments.iter().map(String::as_str).collect::<Vec<_>>())
    }
}

pub(crate) fn certificate(algorithm: KeyAlgorithm) -> (Authority, LocalCertificate) {
    let authority = authority("interop");
    let mut parameters = issue_parameters(None);
    parameters.algorithm = algorithm;
    let alias: Alias = "mesh-2026".parse().unwrap();
    let local = authority.issue(alias, &parameters).unwrap();
    (authority, local)
}
