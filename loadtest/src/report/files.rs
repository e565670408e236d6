//! The folder of one run: `run.json`, from which all else is made.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;
use tempfile::NamedTempFile;

use super::run::{Run, VERSION};
use super::{csv, page};

const RUN: &str = "run.json";
pub(super) const PAGE: &str = "report.html";

/// Writes all there is of a run; `dir` is made if need be. A run that is there already stays, unless `overwrite` is set.
pub(crate) fn write(run: &Run, dir: &Path, overwrite: bool) -> Result<()> {
    fs::create_dir_all(dir).with_context(|| format!("cannot make {}", dir.display()))?;
    let json = serde_json::to_string_pretty(run).context("cannot encode the run")?;
    put(&dir.join(RUN), &json, overwrite)?;
    write_derived(run, dir)
}

/// Writes what is made of a run: the page and the tables.
pub(crate) fn write_derived(run: &Run, dir: &Path) -> Result<()> {
    for (name, text) in [
        (PAGE, page::html(run)),
        ("intervals.csv", csv::intervals(run)),
        ("nodes.csv", csv::nodes(run)),
        ("distribution.csv", csv::distribution(run)),
    ] {
        put(&dir.join(name), &text, true)?;
    }
    Ok(())
}

/// Reads a run from its file, or from the folder that holds it.
pub(crate) fn read(path: &Path) -> Result<Run> {
    #[derive(Deserialize)]
    struct Versioned {
        version: u32,
    }

    let file = if path.is_dir() { path.join(RUN) } else { path.to_owned() };
    let shown = file.display();
    let json = match fs::read_to_string(&file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => bail!("there is no run at {shown}"),
        other => other.with_context(|| format!("cannot read {shown}"))?,
    };
    let damaged = || format!("{shown} is damaged, or not the record of a run");
    // Before the rest, which another version may have written differently.
    let Versioned { version } = serde_json::from_str(&json).with_context(damaged)?;
    ensure!(
        version == VERSION,
        "{shown} is of version {version}, this program reads version {VERSION}; use the program that wrote it"
    );
    serde_json::from_str(&json).with_context(damaged)
}

/// The folder that a run was read from.
pub(super) fn folder(path: &Path) -> PathBuf {
    if path.is_dir() {
        return path.to_owned();
    }
    match path.parent() {
        Some(parent) if parent != Path::new("") => parent.to_owned(),
        _ => PathBuf::from("."),
    }
}

/// Wholly or not at all, so that a full disk does not cost the file that was there.
fn put(path: &Path, text: &str, overwrite: bool) -> Result<()> {
    let shown = path.display();
    let temporary = || -> io::Result<NamedTempFile> {
        // As for any other file: the umask has its say.
        let permissions = fs::Permissions::from_mode(0o666);
        let mut file = tempfile::Builder::new().permissions(permissions).tempfile_in(folder(path))?;
        file.write_all(text.as_bytes())?;
        Ok(file)
    };
    let file = temporary().with_context(|| format!("cannot write {shown}"))?;
    if overwrite {
        file.persist(path).with_context(|| format!("cannot write {shown}"))?;
        return Ok(());
    }
    match file.persist_noclobber(path) {
        Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => {
            bail!("{shown} exists: choose another folder, or overwrite it")
        }
        other => other.map(drop).with_context(|| format!("cannot write {shown}")),
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    #[test]
    fn a_run_is_read_as_it_was_written() {
        let dir = tempfile::tempdir().unwrap();
        let dir = dir.path().join("runs/first");
        let run = sample::run();
        write(&run, &dir, false).unwrap();
        assert_eq!(read(&dir).unwrap(), run);
        assert_eq!(read(&dir.join(RUN)).unwrap(), run);
        let mut names: Vec<_> = fs::read_dir(&dir).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        assert_eq!(names, ["distribution.csv", "intervals.csv", "nodes.csv", "report.html", "run.json"]);
    }

    #[test]
    fn a_run_that_is_there_stays_unless_told() {
        let dir = tempfile::tempdir().unwrap();
        write(&sample::run(), dir.path(), false).unwrap();
        let error = write(&sample::empty(), dir.path(), false).unwrap_err().to_string();
        assert!(error.ends_with("run.json exists: choose another folder, or overwrite it"), "{error}");
        assert_eq!(read(dir.path()).unwrap(), sample::run());
        write(&sample::empty(), dir.path(), true).unwrap();
        assert_eq!(read(dir.path()).unwrap(), sample::empty());
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let error = |dir: &Path| format!("{:#}", read(dir).unwrap_err());
        assert!(error(dir.path()).starts_with("there is no run at "), "{}", error(dir.path()));
        let file = dir.path().join(RUN);
        fs::write(&file, "{\"version\": 1, \"scenario\":").unwrap();
        assert!(error(&file).contains("is damaged, or not the record of a run: EOF"), "{}", error(&file));
        fs::write(&file, "{\"version\": 1}").unwrap();
        assert!(error(&file).contains("missing field `scenario`"), "{}", error(&file));
        fs::write(&file, "{\"version\": 2, \"other\": true}").unwrap();
        assert!(error(&file).contains("is of version 2, this program reads version 1"), "{}", error(&file));
    }

    #[test]
    fn the_folder_of_a_file_without_one_is_the_current() {
        assert_eq!(folder(Path::new("run.json")), Path::new("."));
        assert_eq!(folder(Path::new("runs/run.json")), Path::new("runs"));
    }
}
