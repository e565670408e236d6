//! `--watch`

use clap::Args;

#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct WatchArguments {
    /// Show it again every 2 seconds, or as many as are given, until Ctrl-C; with --json a line each.
    #[arg(
        long,
        value_name = "SECONDS",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "2",
        value_parser = clap::value_parser!(u64).range(1..=86_400)
    )]
    pub(crate) watch: Option<u64>,
}
