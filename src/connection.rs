//! Reaching a cluster: through a member's own folder, or over the network, as the command line or a profile says.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use flotilla_admin::{Client, Endpoints, LocalToken, Login};
use flotilla_config::NodeConfig;
use flotilla_pki::{Store, TrustStore, shown_client_config, trusting_client_config};
use rustls::ClientConfig;
use zeroize::Zeroizing;

use crate::cli::ConnectionArguments;
use crate::exit::{USAGE, coded};
use crate::profiles::{NAME_VARIABLE, Profile, Profiles, first_line_of_secret, read_secret, required_file, usual_file};

/// Node files that are found by themselves, from the nearest on; a profile in use stands before the last.
const NEAR_FILES: [&str; 2] = ["flotilla.toml", "flotilla/flotilla.toml"];
const SYSTEM_FILE: &str = "/etc/flotilla/flotilla.toml";

/// How the cluster is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Way {
    /// `--url` and what belongs to it.
    Urls,
    NodeFile(PathBuf),
    Profile {
        name: String,
        /// What has chosen it.
        by: &'static str,
    },
}

/// What there is to choose from where the command runs.
struct Surroundings {
    variable: Option<String>,
    near_file: Option<PathBuf>,
    default_profile: Option<String>,
    system_file: Option<PathBuf>,
}

/// Everything that a client is made of.
pub(crate) struct Access {
    endpoints: Endpoints,
    tls: ClientConfig,
    login: Login,
    /// How it is called: `profile prod`.
    pub(crate) name: Option<String>,
}

/// A client that is logged in.
pub(crate) fn connect(arguments: &ConnectionArguments) -> Result<Client> {
    access(arguments)?.client()
}

pub(crate) fn access(arguments: &ConnectionArguments) -> Result<Access> {
    match way(arguments)? {
        Way::Urls => by_urls(arguments),
        Way::NodeFile(file) => by_node_file(&file),
        Way::Profile { name, .. } => by_profile(&name),
    }
}

impl Access {
    pub(crate) fn client(&self) -> Result<Client> {
        let made = Client::through(&self.endpoints, self.tls.clone(), self.login.clone());
        made.map_err(|error| coded(USAGE, error))
    }

    /// One that would rather ask again than wait.
    pub(crate) fn hasty_client(&self, patience: Duration) -> Result<Client> {
        let endpoints = self.endpoints.clone().with_patience(patience);
        Client::through(&endpoints, self.tls.clone(), self.login.clone()).map_err(|error| coded(USAGE, error))
    }

    /// Of one node of the cluster, by its URL.
    pub(crate) fn client_of(&self, url: &str, patience: Duration) -> Result<Client> {
        let endpoints = Endpoints::new([url]).with_patience(patience);
        Ok(Client::through(&endpoints, self.tls.clone(), self.login.clone())?)
    }

    /// Remembers nodes to go on with; whether one was new.
    pub(crate) fn also(&mut self, urls: &[&str]) -> bool {
        let mut is_new = false;
        for url in urls {
            is_new |= self.endpoints.add(url);
        }
        is_new
    }

    /// Whether other nodes than the one that is named take this login: a member's own token is good for that member only.
    pub(crate) fn is_good_everywhere(&self) -> bool {
        !matches!(self.login, Login::Local(_))
    }
}

/// The way that a command with these arguments goes here.
pub(crate) fn way(arguments: &ConnectionArguments) -> Result<Way> {
    let exists = |file: &PathBuf| file.exists();
    let default_profile = match usual_file() {
        // Only when it is needed: a file that is wrong must not hinder what does not need it.
        Some(file) if arguments.is_empty() => Profiles::load(&file)?.default,
        _ => None,
    };
    let surroundings = Surroundings {
        variable: std::env::var(NAME_VARIABLE).ok().filter(|name| !name.is_empty()),
        near_file: NEAR_FILES.iter().map(PathBuf::from).find(exists),
        default_profile,
        system_file: Some(PathBuf::from(SYSTEM_FILE)).filter(exists),
    };
    choose(arguments, surroundings).ok_or_else(|| {
        let text = "no node file here: name a member's with --config, a node with --url, --ca and --user, --token-file or --client-cert, or \
                    a profile with --profile";
        coded(USAGE, text)
    })
}

/// The command line before the environment, what is near before what is far.
fn choose(arguments: &ConnectionArguments, here: Surroundings) -> Option<Way> {
    let profile = |by: &'static str| move |name: String| Way::Profile { name, by };
    if !arguments.url.is_empty() {
        return Some(Way::Urls);
    }
    let named = arguments.config.clone().map(Way::NodeFile);
    named
        .or_else(|| arguments.profile.clone().map(profile("--profile")))
        .or_else(|| here.variable.map(profile(NAME_VARIABLE)))
        .or_else(|| here.near_file.map(Way::NodeFile))
        .or_else(|| here.default_profile.map(profile("profile use")))
        .or_else(|| here.system_file.map(Way::NodeFile))
}

fn by_node_file(file: &Path) -> Result<Access> {
    let config = NodeConfig::load(file).map_err(|error| coded(USAGE, error))?;
    // A certificate that was brought by hand may be of any CA that the node trusts.
    let trust = Store::open(config.node.data_dir.join("pki"))?.load_trust()?;
    let token = LocalToken::load(&config.node.data_dir)?;
    let endpoints = Endpoints::new([&config.admin.url]);
    Ok(Access { endpoints, tls: trusting_client_config(&trust)?, login: Login::Local(token), name: None })
}

fn by_urls(arguments: &ConnectionArguments) -> Result<Access> {
    let authority = arguments.ca.clone().context("--url needs --ca")?;
    let endpoints = Endpoints::new(&arguments.url);
    if let (Some(certificate), Some(key)) = (&arguments.client_cert, &arguments.client_key) {
        return Ok(Access { endpoints, tls: showing(&authority, certificate, key)?, login: Login::None, name: None });
    }
    let tls = trusting(&authority)?;
    if let Some(file) = &arguments.token_file {
        return Ok(Access { endpoints, tls, login: Login::Token(first_line_of_secret(file)?), name: None });
    }
    let name =
        arguments.user.clone().ok_or_else(|| coded(USAGE, "--url needs --user, --token-file or --client-cert"))?;
    let password = match &arguments.password_file {
        Some(file) => first_line_of_secret(file)?,
        None => asked_password()?,
    };
    Ok(Access { endpoints, tls, login: Login::Password { name, password }, name: None })
}

fn by_profile(name: &str) -> Result<Access> {
    let file = required_file()?;
    let profile = Profiles::load(&file)?.get(name, &file)?.clone();
    access_of(name, &profile).with_context(|| format!("profile {name}"))
}

/// What a profile makes of itself; errors of the client name it.
pub(crate) fn access_of(name: &str, profile: &Profile) -> Result<Access> {
    let tls = match (&profile.certificate_file, &profile.key_file) {
        (Some(certificate), Some(key)) => showing(&profile.ca_file, certificate, key)?,
        _ => trusting(&profile.ca_file)?,
    };
    let login = match (&profile.token_file, &profile.user) {
        (Some(file), _) => Login::Token(first_line_of_secret(file)?),
        (None, Some(user)) => {
            let password = match &profile.password_file {
                Some(file) => first_line_of_secret(file)?,
                None => asked_password()?,
            };
            Login::Password { name: user.clone(), password }
        }
        (None, None) => Login::None,
    };
    let name = format!("profile {name}");
    Ok(Access { endpoints: Endpoints::new(&profile.urls).named(&name), tls, login, name: Some(name) })
}

/// That the URLs are some, and the file has CAs; nobody is asked.
pub(crate) fn check_nodes(urls: &[String], ca_file: &Path) -> Result<()> {
    let made = Client::through(&Endpoints::new(urls), trusting(ca_file)?, Login::None);
    made.map(drop).map_err(|error| coded(USAGE, error))
}

fn asked_password() -> Result<Zeroizing<String>> {
    Ok(read_line("the administrator's password")?.into())
}

/// Trusts the CAs of this file and nobody else.
fn trusting(file: &Path) -> Result<ClientConfig> {
    Ok(trusting_client_config(&trust_of(file)?)?)
}

/// The same, and shows a certificate.
fn showing(authority: &Path, certificate: &Path, key: &Path) -> Result<ClientConfig> {
    let chain = std::fs::read(certificate).with_context(|| format!("cannot read {}", certificate.display()))?;
    let made = shown_client_config(&trust_of(authority)?, &chain, &read_secret(key)?);
    made.map_err(|error| coded(USAGE, format!("{} and {}: {error}", certificate.display(), key.display())))
}

fn trust_of(file: &Path) -> Result<TrustStore> {
    let pem = std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    let mut trust = TrustStore::new();
    trust.add_pem(&pem).with_context(|| file.display().to_string())?;
    Ok(trust)
}

/// The first line of standard input.
pub(crate) fn read_line(what: &str) -> Result<String> {
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).with_context(|| format!("cannot read {what} from standard input"))?;
    let text = line.trim_end_matches(['\r', '\n']);
    anyhow::ensure!(!text.is_empty(), "{what} is expected on standard input");
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Everything at once; each case takes away what would come before it.
    fn everything() -> (ConnectionArguments, Surroundings) {
        let arguments = ConnectionArguments {
            config: Some("given.toml".into()),
            url: vec!["https://a".to_owned()],
            profile: Some("given".to_owned()),
            ..ConnectionArguments::default()
        };
        let here = Surroundings {
            variable: Some("variable".to_owned()),
            near_file: Some("flotilla.toml".into()),
            default_profile: Some("default".to_owned()),
            system_file: Some(SYSTEM_FILE.into()),
        };
        (arguments, here)
    }

    #[test]
    fn the_command_line_goes_before_the_environment_and_near_before_far() {
        type Change = fn(&mut ConnectionArguments, &mut Surroundings);
        let profile = |name: &str, by| Some(Way::Profile { name: name.to_owned(), by });
        let nothing: Change = |_, _| {};
        let ways: [(Change, Option<Way>); 8] = [
            (nothing, Some(Way::Urls)),
            (|arguments, _| arguments.url.clear(), Some(Way::NodeFile("given.toml".into()))),
            (|arguments, _| arguments.config = None, profile("given", "--profile")),
            (|arguments, _| arguments.profile = None, profile("variable", NAME_VARIABLE)),
            (|_, here| here.variable = None, Some(Way::NodeFile("flotilla.toml".into()))),
            (|_, here| here.near_file = None, profile("default", "profile use")),
            (|_, here| here.default_profile = None, Some(Way::NodeFile(SYSTEM_FILE.into()))),
            (|_, here| here.system_file = None, None),
        ];
        for count in 1..=ways.len() {
            let (mut arguments, mut here) = everything();
            ways[..count].iter().for_each(|(change, _)| change(&mut arguments, &mut here));
            assert_eq!(choose(&arguments, here), ways[count - 1].1, "case {count}");
        }
    }
}
