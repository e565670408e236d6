//! `flotilla profile`

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use serde::Serialize;
use serde_json::json;

use super::call;
use crate::cli::{ConnectionArguments, ProfileArguments, ProfileCommand};
use crate::connection::{Way, access_of, check_nodes, read_line, way};
use crate::exit::{CHECK_FAILED, USAGE, coded};
use crate::output::{Format, answer, or_dash, table};
use crate::profiles::{Profile, Profiles, beside, check_secret_file, required_file, write_private};

/// Endings of the files that `add` makes for a profile.
const TOKEN: &str = ".token";
const AUTHORITIES: &str = "-ca.pem";

/// A profile as it is shown; its secrets stay in their files.
#[derive(Serialize)]
struct View {
    name: String,
    is_default: bool,
    #[serde(flatten)]
    profile: Profile,
}

pub(super) async fn run(command: ProfileCommand, format: Format) -> Result<()> {
    let file = required_file()?;
    let all = Profiles::load(&file)?;
    match command {
        ProfileCommand::Add { name, profile, replace, make_default } => {
            let taken = all.profiles.contains_key(&name) && !replace;
            ensure!(!taken, "there is a profile {name:?} already: --replace it, or take another name");
            let made = make(&file, &name, profile).await?;
            let mut all = all;
            all.profiles.insert(name.clone(), made);
            if make_default {
                all.default = Some(name.clone());
            }
            all.save(&file)?;
            answer(format, &view(&all, &name)?, |view| format!("profile {name} is made\n{}", one(view)))
        }
        ProfileCommand::List => {
            let views = all.profiles.keys().map(|name| view(&all, name)).collect::<Result<Vec<_>>>()?;
            answer(format, &views, |views| list(views))
        }
        ProfileCommand::Show { name } => {
            let (name, why) = match name {
                Some(name) => (name, None),
                None => in_force()?,
            };
            all.get(&name, &file)?;
            let view = view(&all, &name)?;
            answer(format, &view, |view| {
                let chosen = why.map_or_else(String::new, |by| format!("\nchosen by  {by}"));
                format!("{}{chosen}", one(view))
            })?;
            check(&view.profile).with_context(|| format!("profile {name}"))
        }
        ProfileCommand::Remove { name } => {
            all.get(&name, &file)?;
            let mut all = all;
            let removed = all.profiles.remove(&name);
            all.default = all.default.filter(|default| *default != name);
            all.save(&file)?;
            let removed = removed.map(|profile| own_files(&file, &name, &profile)).unwrap_or_default();
            for own in removed {
                std::fs::remove_file(&own).with_context(|| format!("cannot remove {}", own.display()))?;
            }
            answer(format, &json!({ "removed": name }), |_| format!("profile {name} is forgotten"))
        }
        ProfileCommand::Use { name, none: _ } => {
            if let Some(name) = &name {
                all.get(name, &file)?;
            }
            let mut all = all;
            all.default = name;
            all.save(&file)?;
            answer(format, &json!({ "default": all.default }), |_| match &all.default {
                Some(name) => format!("profile {name} is used when nothing else is named"),
                None => "no profile is used by itself".to_owned(),
            })
        }
    }
}

/// The profile that a command without options would use here, and what has chosen it.
fn in_force() -> Result<(String, Option<&'static str>)> {
    match way(&ConnectionArguments::default())? {
        Way::Profile { name, by } => Ok((name, Some(by))),
        Way::NodeFile(file) => {
            Err(coded(CHECK_FAILED, format!("commands use the node file {} here, no profile", file.display())))
        }
        Way::Urls => Err(coded(USAGE, "no profile is named")),
    }
}

/// Makes the profile and the files that it needs.
async fn make(file: &Path, name: &str, arguments: ProfileArguments) -> Result<Profile> {
    let ProfileArguments { urls, ca, login, all_nodes } = arguments;
    let ca_file = absolute(&ca)?;
    check_nodes(&urls, &ca_file)?;
    let token_file = if login.token_stdin {
        let token = read_line("the API token")?;
        let kept = beside(file, name, TOKEN);
        write_private(&kept, format!("{token}\n").as_bytes())?;
        Some(kept)
    } else {
        login.token_file.as_deref().map(absolute).transpose()?
    };
    let password_file = login.password_file.as_deref().map(absolute).transpose()?;
    let certificate_file = login.client_cert.as_deref().map(absolute).transpose()?;
    let key_file = login.client_key.as_deref().map(absolute).transpose()?;
    let user = login.user;
    let mut profile = Profile { urls, ca_file, token_file, user, password_file, certificate_file, key_file };
    check(&profile)?;
    if all_nodes {
        ask_for_all(file, name, &mut profile).await?;
    }
    Ok(profile)
}

/// Paths hold wherever the profile is used.
fn absolute(path: &Path) -> Result<PathBuf> {
    std::path::absolute(path).with_context(|| format!("no path: {}", path.display()))
}

/// That its files are there, and its secrets nobody else's.
fn check(profile: &Profile) -> Result<()> {
    check_nodes(&profile.urls, &profile.ca_file)?;
    [&profile.token_file, &profile.password_file, &profile.key_file]
        .into_iter()
        .flatten()
        .try_for_each(|file| check_secret_file(file))
}

/// Each node shows a certificate of its own CA: to go on with another node its CA has to be known.
async fn ask_for_all(file: &Path, name: &str, profile: &mut Profile) -> Result<()> {
    let client = access_of(name, profile)?.client()?;
    let cluster = call(client.cluster().await)?;
    for node in cluster.nodes {
        if !profile.urls.iter().any(|url| url.trim_end_matches('/') == node.admin_url) {
            profile.urls.push(node.admin_url);
        }
    }
    let given = profile.ca_file.display().to_string();
    let given = std::fs::read_to_string(&profile.ca_file).with_context(|| format!("cannot read {given}"))?;
    let mut bundle = given.trim_end().to_owned() + "\n";
    for authority in call(client.authorities().await)? {
        if !bundle.contains(authority.certificate_pem.trim()) {
            bundle.push_str(authority.certificate_pem.trim());
            bundle.push('\n');
        }
    }
    profile.ca_file = beside(file, name, AUTHORITIES);
    write_private(&profile.ca_file, bundle.as_bytes())
}

/// The files that `add` has made for it.
fn own_files(file: &Path, name: &str, profile: &Profile) -> Vec<PathBuf> {
    let used = [Some(&profile.ca_file), profile.token_file.as_ref()];
    let own = [beside(file, name, TOKEN), beside(file, name, AUTHORITIES)];
    let is_own = |path: &&PathBuf| own.contains(path) && path.exists();
    used.into_iter().flatten().filter(is_own).cloned().collect()
}

fn view(all: &Profiles, name: &str) -> Result<View> {
    let profile = all.profiles.get(name).context("the profile is gone")?.clone();
    Ok(View { name: name.to_owned(), is_default: all.default.as_deref() == Some(name), profile })
}

fn login(profile: &Profile) -> String {
    if let Some(file) = &profile.certificate_file {
        return format!("certificate in {}", file.display());
    }
    match (&profile.token_file, &profile.user, &profile.password_file) {
        (Some(file), ..) => format!("API token in {}", file.display()),
        (None, user, Some(file)) => format!("{}, password in {}", or_dash(user.as_ref()), file.display()),
        (None, user, None) => format!("{}, password asked for", or_dash(user.as_ref())),
    }
}

fn list(views: &[View]) -> String {
    if views.is_empty() {
        return "there is no profile: see 'flotilla profile add --help'".to_owned();
    }
    let line = |view: &View| {
        let mark = if view.is_default { "in use" } else { "" }.to_owned();
        [view.name.clone(), mark, view.profile.urls.join(" "), login(&view.profile)]
    };
    table(["profile", "", "nodes", "log-in"], views.iter().map(line))
}

fn one(view: &View) -> String {
    let urls = view.profile.urls.join("\n           ");
    let mark = if view.is_default { "   (used when nothing else is named)" } else { "" };
    format!(
        "profile    {}{mark}\nnodes      {urls}\nCAs        {}\nlog-in     {}",
        view.name,
        view.profile.ca_file.display(),
        login(&view.profile)
    )
}
