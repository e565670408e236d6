//! Logs: structured, to standard error.

use std::io::IsTerminal;

use anyhow::{Context, Result};
use flotilla_config::LogFormat;
use tracing_subscriber::EnvFilter;

/// Libraries that tell of every step of theirs; what matters of it, our own parts say. A filter that names them wins.
const QUIET: &str = "openraft=error,actix_server=warn";

/// Sends logs of `level` (a level, or a filter such as `info,flotilla_mesh=debug`) to standard error.
pub(crate) fn start(format: LogFormat, level: &str) -> Result<()> {
    let filter = format!("{QUIET},{level}");
    let filter = EnvFilter::try_new(filter).with_context(|| format!("log.level {level:?} is no filter of levels"))?;
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match format {
        LogFormat::Json => builder.json().flatten_event(true).init(),
        LogFormat::Text => builder.with_ansi(std::io::stderr().is_terminal()).init(),
    }
    Ok(())
}
