//! `flotilla init`, `flotilla join`, `flotilla run`

use std::net::IpAddr;
use std::path::PathBuf;

use clap::Args;

/// Where a node lives.
#[derive(Debug, Args)]
pub(crate) struct PlaceArguments {
    /// Folder of the node: made if it is missing.
    #[arg(long, default_value = "flotilla")]
    pub(crate) dir: PathBuf,
    /// Host name or address by which partners and the other nodes reach this host.
    #[arg(long)]
    pub(crate) name: String,
    /// Address to listen on.
    #[arg(long, default_value = "0.0.0.0")]
    pub(crate) bind: IpAddr,
    /// Port for traffic between the nodes.
    #[arg(long, default_value_t = 44431)]
    pub(crate) cluster_port: u16,
    /// Port for administration.
    #[arg(long, default_value_t = 8444)]
    pub(crate) admin_port: u16,
    /// Port for partners (HTTPS).
    #[arg(long, default_value_t = 8443)]
    pub(crate) transfer_port: u16,
}

#[derive(Debug, Args)]
pub(crate) struct InitArguments {
    #[command(flatten)]
    pub(crate) place: PlaceArguments,
    /// Name of the cluster, for people.
    #[arg(long, default_value = "flotilla")]
    pub(crate) cluster_name: String,
    /// Name of the first administrator.
    #[arg(long, default_value = "admin")]
    pub(crate) admin: String,
}

#[derive(Debug, Args)]
pub(crate) struct JoinArguments {
    #[command(flatten)]
    pub(crate) place: PlaceArguments,
    /// Admin URL of the member that made the token.
    #[arg(long)]
    pub(crate) primary: String,
    /// The token that `flotilla token create` printed; `-` reads it from standard input.
    #[arg(long, required_unless_present = "by_hand", conflicts_with = "by_hand")]
    pub(crate) token: Option<String>,
    /// Instead of a token: the folder has the cluster secret and the CAs of the others, and `flotilla servers add` has
    /// named this host.
    #[arg(long)]
    pub(crate) by_hand: bool,
    /// `full`: serves partners, holds files, runs workers; `witness`: votes only, so that two full nodes survive the loss of one.
    #[arg(long, default_value = "full", value_parser = ["full", "witness"])]
    pub(crate) role: String,
}

#[derive(Debug, Args)]
pub(crate) struct RunArguments {
    /// The node file.
    #[arg(long, short, default_value = "flotilla.toml")]
    pub(crate) config: PathBuf,
    /// Check the configuration, say what is wrong, and end.
    #[arg(long)]
    pub(crate) check: bool,
}
