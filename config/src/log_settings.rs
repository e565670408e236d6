//! The two settings of the log: its format, and which records it holds.

use crate::Mismatch;

const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// One line a record, for people.
    Text,
    /// One JSON document a line, for machines.
    Json,
}

pub(crate) fn parse_format(text: &str) -> Result<LogFormat, Mismatch> {
    match text {
        "text" => Ok(LogFormat::Text),
        "json" => Ok(LogFormat::Json),
        other => Err(Mismatch::new(format!("\"{other}\" is not a log format"), "write text or json")),
    }
}

/// A level, or levels of single parts: `info`, `info,flotilla_mesh=debug`.
pub(crate) fn parse_level(text: &str) -> Result<String, Mismatch> {
    for directive in text.split(',') {
        let (target, level) = directive.trim().rsplit_once('=').unwrap_or(("all", directive.trim()));
        let named = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b':';
        if target.is_empty() || !target.bytes().all(named) || !LEVELS.contains(&level.to_lowercase().as_str()) {
            return Err(Mismatch::new(
                format!("\"{directive}\" is not a log level"),
                format!("write one of {}; for one part only, add such as ,flotilla_mesh=debug", LEVELS.join(", ")),
            ));
        }
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_of_all_and_of_parts() {
        for good in ["info", "WARN", "info,flotilla_mesh=debug, openraft::core=error"] {
            assert_eq!(parse_level(good).as_deref(), Ok(good));
        }
        for bad in ["", "loud", "info,", "=debug", "flotilla mesh=debug", "info;debug"] {
            assert!(parse_level(bad).is_err(), "{bad}");
        }
    }
}
