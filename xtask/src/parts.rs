//! How fast the parts are, as ratios to work that no change of ours makes faster or slower (`loadtest/parts`).
//!
//! The ratios of a short run are held against recorded ones, and only a gross difference fails: machines differ, and are busy.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::step::{cargo, run};

const RECORDED: &str = "loadtest/parts/recorded.json";
const MEASURED: &str = "target/parts";
/// A part that takes so many times its recorded ratio fails.
const GROSS: f64 = 6.0;

/// A part, and the work it is held against.
const PARTS: [(&str, &str); 11] = [
    ("log/commit-1", "reference/append-and-sync-4kib"),
    ("log/commit-512", "reference/append-and-sync-4kib"),
    ("state/publish-512", "reference/sha256-1mib"),
    ("state/claim-512", "reference/sha256-1mib"),
    ("state/complete-512", "reference/sha256-1mib"),
    ("mesh/round-trip-1kib", "reference/loopback-round-trip-1kib"),
    ("mesh/upload-16mib", "reference/sha256-1mib"),
    ("tls/handshake", "reference/sha256-1mib"),
    ("files/store-64kib-1", "reference/append-and-sync-4kib"),
    ("files/store-64kib-32", "reference/append-and-sync-4kib"),
    ("files/store-16mib", "reference/write-and-sync-16mib"),
];

/// Ratios by the names of the parts.
type Ratios = BTreeMap<String, f64>;

/// The short run takes a moment, and is built as the tests are.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Run {
    Release,
    Short,
    /// Its ratios become the recorded ones.
    ShortToRecord,
}

pub(crate) fn measure(kind: Run) -> Result<()> {
    let short = kind != Run::Release;
    let profile = if short { "dev" } else { "release" };
    let mut command = cargo(&["bench", "--locked", "-p", "flotilla-parts", "--profile", profile, "--"]);
    if short {
        command.args(["--warm-up-time", "0.1", "--measurement-time", "0.5", "--sample-size", "10"]);
    }
    // A run is judged by itself, not by the one before.
    remove(Path::new(MEASURED))?;
    let home = std::env::current_dir()?.join(MEASURED);
    run("parts", {
        command.env("CRITERION_HOME", home);
        command
    })?;

    let measured = measured()?;
    match kind {
        Run::Release => {
            for (part, ratio) in &measured {
                println!("{part:<24} {ratio:>10.2} times its reference");
            }
            Ok(())
        }
        Run::Short => {
            let recorded = fs::read_to_string(RECORDED).context(RECORDED)?;
            judge(&measured, &serde_json::from_str(&recorded).context(RECORDED)?)
        }
        Run::ShortToRecord => {
            let ratios: Ratios = measured.into_iter().map(|(part, ratio)| (part, rounded(ratio))).collect();
            fs::write(RECORDED, format!("{}\n", serde_json::to_string_pretty(&ratios)?)).context(RECORDED)
        }
    }
}

fn remove(dir: &Path) -> Result<()> {
    match fs::remove_dir_all(dir) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}

fn measured() -> Result<Ratios> {
    let ratio = |(part, reference): &(&str, &str)| Ok(((*part).to_owned(), median_ns(part)? / median_ns(reference)?));
    PARTS.iter().map(ratio).collect()
}

fn median_ns(name: &str) -> Result<f64> {
    let file: PathBuf = [MEASURED, name, "new", "estimates.json"].iter().collect();
    let text = fs::read_to_string(&file).with_context(|| format!("{name} was not measured: {}", file.display()))?;
    let estimates: Value = serde_json::from_str(&text)?;
    estimates["median"]["point_estimate"].as_f64().with_context(|| format!("no median in {}", file.display()))
}

fn judge(measured: &Ratios, expected: &Ratios) -> Result<()> {
    println!("{:<24} {:>10} {:>10}", "times its reference", "measured", "recorded");
    let mut gross = Vec::new();
    for (part, ratio) in measured {
        let expected = *expected.get(part).with_context(|| format!("{RECORDED} does not know {part}"))?;
        println!("{part:<24} {ratio:>10.2} {expected:>10.2}");
        if *ratio > expected * GROSS {
            gross.push(part.as_str());
        }
    }
    if !gross.is_empty() {
        bail!(
            "more than {GROSS} times slower than recorded: {} (record anew with --record if it is meant)",
            gross.join(", ")
        );
    }
    Ok(())
}

fn rounded(ratio: f64) -> f64 {
    (ratio * 100.0).round() / 100.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_gross_difference_fails() {
        let ratios = |ratio| Ratios::from([("log/commit-1".to_owned(), ratio)]);
        judge(&ratios(5.9), &ratios(1.0)).unwrap();
        assert!(judge(&ratios(6.1), &ratios(1.0)).unwrap_err().to_string().contains("log/commit-1"));
        assert!(judge(&ratios(1.0), &Ratios::new()).is_err());
    }
}
