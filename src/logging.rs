//! Logs: structured, to standard error; the last lines are kept in memory, for who asks any node for them.

use std::io::IsTerminal;

use anyhow::{Context, Result};
use flotilla_config::LogFormat;
use flotilla_node::RecentLines;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, fmt};

/// Libraries that tell of every step of theirs; what matters of it, our own parts say. A filter that names them wins.
const QUIET: &str = "openraft=error,actix_server=warn";

/// Sends logs of `level` (a level, or a filter such as `info,flotilla_mesh=debug`) to standard error, and gives where the last lines of
/// them are kept.
pub(crate) fn start(format: LogFormat, level: &str) -> Result<RecentLines> {
    let filter = format!("{QUIET},{level}");
    let filter = EnvFilter::try_new(filter).with_context(|| format!("log.level {level:?} is no filter of levels"))?;
    let recent_lines = RecentLines::default();
    let written = fmt::layer().with_writer(std::io::stderr);
    let written = match format {
        LogFormat::Json => written.json().flatten_event(true).boxed(),
        LogFormat::Text => written.with_ansi(std::io::stderr().is_terminal()).boxed(),
    };
    tracing_subscriber::registry().with(filter).with(written).with(recent_lines.layer()).init();
    Ok(recent_lines)
}
