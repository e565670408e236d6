//! Logs: structured, to standard error.

use std::io::IsTerminal;

use anyhow::{Context, Result};
use flotilla_config::LogFormat;
use tracing_subscriber::EnvFilter;

/// Sends logs of `level` (a level, or a filter such as `info,flotilla_mesh=debug`) to standard error.
pub(crate) fn start(format: LogFormat, level: &str) -> Result<()> {
    let filter = EnvFilter::try_new(level).with_context(|| format!("log.level {level:?} is no filter of levels"))?;
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match format {
        LogFormat::Json => builder.json().flatten_event(true).init(),
        LogFormat::Text => builder.with_ansi(std::io::stderr().is_terminal()).init(),
    }
    Ok(())
}
