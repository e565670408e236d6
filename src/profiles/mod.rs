//! Profiles: how several clusters are reached from one place, by a name each.
//!
//! One TOML file, and beside it what `profile add` was given on standard input or has asked the cluster for. Secrets are in
//! files of their own.

mod secret_file;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use crate::exit::{USAGE, coded};

pub(crate) use secret_file::{check_secret_file, first_line_of_secret, read_secret};

/// The file, if it is not at its usual place.
const FILE_VARIABLE: &str = "FLOTILLA_PROFILES";
/// The profile that commands use.
pub(crate) const NAME_VARIABLE: &str = "FLOTILLA_PROFILE";

/// All of them, as the file has them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Profiles {
    /// Used when nothing else is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) default: Option<String>,
    #[serde(default)]
    pub(crate) profiles: BTreeMap<String, Profile>,
}

/// One cluster.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Profile {
    /// Admin URLs of nodes: the next one is tried when one does not answer.
    pub(crate) urls: Vec<String>,
    pub(crate) ca_file: PathBuf,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) token_file: Option<PathBuf>,
    /// Instead of a token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) user: Option<String>,
    /// Without it the password is asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) password_file: Option<PathBuf>,
    /// A client certificate instead of both.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) certificate_file: Option<PathBuf>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) key_file: Option<PathBuf>,
}

/// Names are file names, too.
pub(crate) fn parse_name(text: &str) -> Result<String, String> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let begins = text.starts_with(|c: char| c.is_ascii_alphanumeric());
    if begins && text.len() <= 64 && text.chars().all(is_plain) {
        return Ok(text.to_owned());
    }
    Err("a name has 1 to 64 of A-Z a-z 0-9 . _ - and begins with a letter or digit".to_owned())
}

/// Where the profiles are: none without a home.
pub(crate) fn usual_file() -> Option<PathBuf> {
    place(|name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from))
}

fn place(variable: impl Fn(&str) -> Option<PathBuf>) -> Option<PathBuf> {
    if let Some(file) = variable(FILE_VARIABLE) {
        return Some(file);
    }
    // The base-directory specification has relative paths ignored.
    let config = variable("XDG_CONFIG_HOME").filter(|dir| dir.is_absolute());
    let config = config.or_else(|| Some(variable("HOME")?.join(".config")))?;
    Some(config.join("flotilla/profiles.toml"))
}

/// The place, or why there is none.
pub(crate) fn required_file() -> Result<PathBuf> {
    usual_file()
        .ok_or_else(|| coded(USAGE, format!("there is no HOME: name the file of the profiles in {FILE_VARIABLE}")))
}

impl Profiles {
    /// None of them if there is no file.
    pub(crate) fn load(file: &Path) -> Result<Self> {
        let text = match std::fs::read_to_string(file) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(error).with_context(|| format!("cannot read {}", file.display())),
        };
        Self::read(&text, file.parent().unwrap_or(Path::new("")))
            .map_err(|wrong| coded(USAGE, format!("{}: {wrong}", file.display())))
    }

    /// `dir` is what relative paths begin at.
    fn read(text: &str, dir: &Path) -> Result<Self, String> {
        let mut all: Self = toml::from_str(text).map_err(|error| error.to_string())?;
        let mut problems = Vec::new();
        for (name, profile) in &mut all.profiles {
            let found = profile.problems().into_iter().chain(parse_name(name).err());
            problems.extend(found.map(|problem| format!("profile {name}: {problem}")));
            profile.ca_file = dir.join(&profile.ca_file);
            let files = [
                &mut profile.token_file,
                &mut profile.password_file,
                &mut profile.certificate_file,
                &mut profile.key_file,
            ];
            for file in files.into_iter().flatten() {
                *file = dir.join(&file);
            }
        }
        if let Some(name) = all.default.as_ref().filter(|name| !all.profiles.contains_key(*name)) {
            problems.push(format!("default: there is no profile {name:?}"));
        }
        if problems.is_empty() { Ok(all) } else { Err(problems.join("; ")) }
    }

    /// Written whole or not at all, for its owner alone.
    pub(crate) fn save(&self, file: &Path) -> Result<()> {
        let text = format!("# Written by `flotilla profile`.\n\n{}", toml::to_string(self)?);
        write_private(file, text.as_bytes())
    }

    pub(crate) fn get(&self, name: &str, file: &Path) -> Result<&Profile> {
        self.profiles.get(name).ok_or_else(|| {
            let names: Vec<&str> = self.profiles.keys().map(String::as_str).collect();
            let known =
                if names.is_empty() { "it has none".to_owned() } else { format!("it has {}", names.join(", ")) };
            coded(USAGE, format!("there is no profile {name:?} in {}: {known}", file.display()))
        })
    }
}

impl Profile {
    fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        if self.urls.is_empty() {
            problems.push("urls names no node".to_owned());
        }
        let ways = [self.token_file.is_some(), self.user.is_some(), self.certificate_file.is_some()];
        if ways.into_iter().filter(|is_named| *is_named).count() != 1 {
            problems.push("it needs one of token_file, user and certificate_file".to_owned());
        }
        if self.certificate_file.is_some() != self.key_file.is_some() {
            problems.push("certificate_file and key_file need each other".to_owned());
        }
        if self.password_file.is_some() && self.user.is_none() {
            problems.push("password_file needs user".to_owned());
        }
        problems
    }
}

/// The file of a profile that `add` makes beside the profiles.
pub(crate) fn beside(file: &Path, name: &str, ending: &str) -> PathBuf {
    file.with_file_name(format!("{name}{ending}"))
}

/// Puts a file into place that its owner alone can read.
pub(crate) fn write_private(file: &Path, contents: &[u8]) -> Result<()> {
    let cannot = || format!("cannot write {}", file.display());
    if let Some(dir) = file.parent().filter(|dir| !dir.as_os_str().is_empty()) {
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(dir).with_context(cannot)?;
    }
    let mut name = file.file_name().with_context(cannot)?.to_owned();
    name.push(format!(".{}", std::process::id()));
    let new = file.with_file_name(name);
    let write = || -> std::io::Result<()> {
        let mut written = File::options().write(true).create_new(true).mode(0o600).open(&new)?;
        written.write_all(contents)?;
        written.sync_all()?;
        std::fs::rename(&new, file)
    };
    write().with_context(cannot)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_is_where_the_desktop_puts_it_unless_told_otherwise() {
        let place_of = |pairs: &[(&str, &str)]| {
            place(|name| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| PathBuf::from(value)))
        };
        let home = ("HOME", "/home/ada");
        let file = |text: &str| Some(PathBuf::from(text));
        assert_eq!(place_of(&[home]), file("/home/ada/.config/flotilla/profiles.toml"));
        assert_eq!(place_of(&[home, ("XDG_CONFIG_HOME", "/c")]), file("/c/flotilla/profiles.toml"));
        assert_eq!(place_of(&[home, ("XDG_CONFIG_HOME", "c")]), file("/home/ada/.config/flotilla/profiles.toml"));
        assert_eq!(place_of(&[home, (FILE_VARIABLE, "p.toml")]), file("p.toml"));
        assert_eq!(place_of(&[]), None);
    }

    #[test]
    fn every_mistake_is_told_at_once() {
        let text = "default = 'x'\n[profiles.a]\nurls = []\nca_file = 'ca.pem'\n[profiles.-b]\nurls = ['https://b']\nca_file = 'c'\n\
                    token_file = 't'\nuser = 'u'\n";
        let wrong = Profiles::read(text, Path::new("/d")).unwrap_err();
        for part in [
            "profile a: urls names no node",
            "profile a: it needs one of",
            "profile -b: it needs one of",
            "profile -b: a name has",
            "there is no profile \"x\"",
        ] {
            assert!(wrong.contains(part), "{part} is missing in {wrong}");
        }
        let unknown = Profiles::read("[profiles.a]\nurl = 'x'\n", Path::new("/d")).unwrap_err();
        assert!(unknown.contains("unknown field `url`"), "{unknown}");
    }

    #[test]
    fn what_is_saved_is_read_again_and_private() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("deep/profiles.toml");
        let profile = Profile {
            urls: vec!["https://ft1.example.org:8444".to_owned()],
            ca_file: "/etc/ca.pem".into(),
            token_file: Some("/home/ada/t".into()),
            ..Profile::default()
        };
        let all = Profiles { default: Some("prod".to_owned()), profiles: [("prod".to_owned(), profile)].into() };
        all.save(&file).unwrap();
        all.save(&file).unwrap();
        assert_eq!(Profiles::load(&file).unwrap(), all);
        let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&file).unwrap().permissions());
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(std::fs::read_dir(file.parent().unwrap()).unwrap().count(), 1, "nothing else is left");
        assert_eq!(Profiles::load(&dir.path().join("none")).unwrap(), Profiles::default());
    }

    #[test]
    fn paths_begin_at_the_file() {
        let text = "[profiles.a]\nurls = ['https://a']\nca_file = 'ca.pem'\nuser = 'ada'\npassword_file = '/p'\n";
        let all = Profiles::read(text, Path::new("/d")).unwrap();
        let profile = &all.profiles["a"];
        assert_eq!(
            (profile.ca_file.as_path(), profile.password_file.as_deref()),
            (Path::new("/d/ca.pem"), Some(Path::new("/p")))
        );
    }
}
