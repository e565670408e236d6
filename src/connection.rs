//! Reaching a cluster: through a member's own folder, or over the network as an administrator.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use flotilla_admin::{Client, LocalToken, Login};
use flotilla_config::NodeConfig;
use flotilla_pki::{Store, TrustStore, trusting_client_config};
use rustls::ClientConfig;

use crate::cli::ConnectionArguments;
use crate::exit::{USAGE, coded};

const PLACES: [&str; 3] = ["flotilla.toml", "flotilla/flotilla.toml", "/etc/flotilla/flotilla.toml"];

/// A client that is logged in.
pub(crate) fn connect(arguments: &ConnectionArguments) -> Result<Client> {
    match &arguments.url {
        Some(url) => by_url(url, arguments),
        None => by_folder(arguments.config.as_deref()),
    }
}

fn by_folder(config: Option<&Path>) -> Result<Client> {
    let file = match config {
        Some(file) => file.to_owned(),
        None => PLACES.iter().map(PathBuf::from).find(|file| file.exists()).ok_or_else(|| {
            coded(USAGE, "no node file here: name a member's with --config, or a node with --url, --ca and --user or --token-file")
        })?,
    };
    let config = NodeConfig::load(&file).map_err(|error| coded(USAGE, error))?;
    // A certificate that was brought by hand may be of any CA that the node trusts.
    let trust = Store::open(config.node.data_dir.join("pki"))?.load_trust()?;
    let token = LocalToken::load(&config.node.data_dir)?;
    Ok(Client::new(&config.admin.url, trusting_client_config(&trust)?, Login::Local(token))?)
}

fn by_url(url: &str, arguments: &ConnectionArguments) -> Result<Client> {
    let authority = arguments.ca.clone().context("--url needs --ca")?;
    if let Some(file) = &arguments.token_file {
        return Ok(Client::new(url, trusting(&authority)?, Login::Token(first_line(file)?.into()))?);
    }
    let name = arguments.user.clone().ok_or_else(|| coded(USAGE, "--url needs --user or --token-file"))?;
    let password = match &arguments.password_file {
        Some(file) => first_line(file)?,
        None => read_line("the administrator's password")?,
    };
    Ok(Client::new(url, trusting(&authority)?, Login::Password { name, password: password.into() })?)
}

fn first_line(file: &Path) -> Result<String> {
    let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    Ok(text.lines().next().unwrap_or_default().trim().to_owned())
}

/// Trusts the CAs of this file and nobody else.
fn trusting(file: &Path) -> Result<ClientConfig> {
    let pem = std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    let mut trust = TrustStore::new();
    trust.add_pem(&pem).with_context(|| file.display().to_string())?;
    Ok(trusting_client_config(&trust)?)
}

/// The first line of standard input.
pub(crate) fn read_line(what: &str) -> Result<String> {
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).with_context(|| format!("cannot read {what} from standard input"))?;
    let text = line.trim_end_matches(['\r', '\n']);
    anyhow::ensure!(!text.is_empty(), "{what} is expected on standard input");
    Ok(text.to_owned())
}
