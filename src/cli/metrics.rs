//! `flotilla metrics`

use clap::Args;

use super::ConnectionArguments;

#[derive(Debug, Args)]
pub(crate) struct MetricsArguments {
    #[command(flatten)]
    pub(crate) connection: ConnectionArguments,
    /// Only those whose name contains this text.
    pub(crate) search: Option<String>,
}
