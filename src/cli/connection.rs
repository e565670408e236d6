//! How commands name the cluster, and the folder of a node that does not run

use std::path::PathBuf;

use clap::Args;

/// How to reach the cluster: through a member's own folder, over the network, or as a profile says.
#[derive(Debug, Default, Args)]
pub(crate) struct ConnectionArguments {
    /// Node file of a member on this host; its folder holds what is needed to get in. [default: ./flotilla.toml, then ./flotilla/flotilla.toml, then /etc/flotilla/flotilla.toml]
    #[arg(long, short, conflicts_with_all = ["url", "profile"])]
    pub(crate) config: Option<PathBuf>,
    /// Profile of a cluster: see `flotilla profile`. [env: FLOTILLA_PROFILE]
    #[arg(long, value_name = "NAME", conflicts_with = "url")]
    pub(crate) profile: Option<String>,
    /// Admin URL of any node, such as https://ft1.example.org:8444; given again, the next one is tried when one does not answer.
    #[arg(long, requires = "ca")]
    pub(crate) url: Vec<String>,
    /// Administrator, with --url.
    #[arg(long, requires = "url")]
    pub(crate) user: Option<String>,
    /// File with an API token, which only its owner may read (mode 0600), with --url instead of --user.
    #[arg(long, requires = "url", conflicts_with_all = ["user", "password_file"])]
    pub(crate) token_file: Option<PathBuf>,
    /// File with the administrator's password, which only its owner may read (mode 0600); without it it is read from standard input.
    #[arg(long, requires = "url")]
    pub(crate) password_file: Option<PathBuf>,
    /// PEM file with the certificate of an administrator, with --url instead of --user: see `flotilla admin certificate`.
    #[arg(long, requires_all = ["url", "client_key"], conflicts_with_all = ["user", "token_file", "password_file"])]
    pub(crate) client_cert: Option<PathBuf>,
    /// PEM file with its private key, in clear, which only its owner may read (mode 0600).
    #[arg(long, requires = "client_cert")]
    pub(crate) client_key: Option<PathBuf>,
    /// PEM file of the CA of that node, or of all of them.
    #[arg(long, requires = "url")]
    pub(crate) ca: Option<PathBuf>,
}

impl ConnectionArguments {
    /// Nothing says which cluster is meant.
    pub(crate) fn is_empty(&self) -> bool {
        self.config.is_none() && self.profile.is_none() && self.url.is_empty()
    }
}

/// The keys and certificates of a node of a cluster, or in the folder of a node that does not run.
#[derive(Debug, Args)]
pub(crate) struct StorePlace {
    #[command(flatten)]
    pub(crate) connection: ConnectionArguments,
    /// The node, named by its id. [default: the one that answers; with `list` all]
    #[arg(long)]
    pub(crate) node: Option<u64>,
    /// Folder of a node that does not run, instead of a cluster.
    #[arg(long, conflicts_with_all = ["config", "profile", "url", "node"])]
    pub(crate) dir: Option<PathBuf>,
}
