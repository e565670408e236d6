//! From a name and a text to a value, or to an error that says what to write instead.

use std::fmt;

use thiserror::Error;

use super::bytes::parse_bytes;
use super::catalogue::{self, Kind, Parameter, Unit};
use crate::suggest;

/// A checked value; its `Display` is the canonical text that is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    Boolean(bool),
    Integer(u64),
    Text(String),
}

impl fmt::Display for Value {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Boolean(value) => write!(formatter, "{value}"),
            Self::Integer(value) => write!(formatter, "{value}"),
            Self::Text(value) => write!(formatter, "{value}"),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{name}: {problem} ({mend})")]
pub struct ParameterError {
    pub name: String,
    pub problem: String,
    pub mend: String,
    /// There is no such parameter, as opposed to a bad value.
    pub is_unknown: bool,
}

/// Checks `text` against the catalogue.
pub fn validate(name: &str, text: &str) -> Result<Value, ParameterError> {
    let Some(parameter) = catalogue::find(name) else { return Err(unknown(name)) };
    parse(parameter, text.trim()).ok_or_else(|| ParameterError {
        name: name.to_owned(),
        problem: format!("\"{}\" is not accepted", shortened(text)),
        mend: match (parameter.name, text.trim()) {
            (catalogue::CLUSTER_MODE, "passive_legacy") => {
                "passive_legacy let each node keep a configuration of its own, which is what breaks clusters: write passive".to_owned()
            }
            _ => format!("write {}", parameter.range()),
        },
        is_unknown: false,
    })
}

fn parse(parameter: &Parameter, text: &str) -> Option<Value> {
    match parameter.kind {
        Kind::Boolean => match text.to_lowercase().as_str() {
            "true" => Some(Value::Boolean(true)),
            "false" => Some(Value::Boolean(false)),
            _ => None,
        },
        Kind::Integer { min, max } => {
            let number = match parameter.unit {
                Unit::Bytes | Unit::BytesPerSecond => parse_bytes(text)?,
                _ => text.parse().ok()?,
            };
            (min..=max).contains(&number).then_some(Value::Integer(number))
        }
        Kind::Choice(words) => {
            let lower = text.to_lowercase();
            // As fail-back was written before.
            let lower = if lower == "automatic" { "auto".to_owned() } else { lower };
            words.contains(&lower.as_str()).then_some(Value::Text(lower))
        }
        Kind::Name { length_max } => {
            let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
            let good = (1..=length_max).contains(&text.len()) && text.bytes().all(allowed) && !text.starts_with('.');
            good.then(|| Value::Text(text.to_owned()))
        }
    }
}

fn unknown(name: &str) -> ParameterError {
    let mend = match suggest::nearest(name, catalogue::names()) {
        Some(near) => format!("did you mean {near}?"),
        None => "flotilla param list shows all parameters".to_owned(),
    };
    ParameterError { name: shortened(name), problem: "there is no such parameter".to_owned(), mend, is_unknown: true }
}

/// Input comes back in messages; a page of it would help nobody.
fn shortened(text: &str) -> String {
    const CHARACTERS_MAX: usize = 80;
    let mut short: String = text.chars().take(CHARACTERS_MAX).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    const THREADS: &str = "Cluster.ThreadPools.ThreadPool.GeneralMessageProcessing.maxThreads";

    #[test]
    fn accepted_texts_become_canonical() {
        for (name, text, canonical) in [
            ("Cluster.mode", "Active", "active"),
            ("Cluster.failback", "auto", "auto"),
            ("Cluster.failback", "automatic", "auto"),
            (THREADS, " 100 ", "100"),
            ("Files.maxSize", "5 GiB", "5368709120"),
            ("Cluster.Crypto.Alias", "node.2026_a", "node.2026_a"),
            ("EventQueue.maxRetryCount", "0", "0"),
        ] {
            assert_eq!(validate(name, text).map(|value| value.to_string()), Ok(canonical.to_owned()), "{name}");
        }
    }

    #[test]
    fn refused_texts_name_the_range() {
        for (name, text, mend) in [
            (THREADS, "0", "write 1 to 1000"),
            (THREADS, "1001", "write 1 to 1000"),
            (THREADS, "-4", "write 1 to 1000"),
            (THREADS, "", "write 1 to 1000"),
            ("Cluster.mode", "on", "write active, passive or disabled"),
            ("Cluster.Crypto.Alias", "a/b", "write 1 to 64 letters, digits, -, _ or ."),
            ("Cluster.Crypto.Alias", "..", "write 1 to 64 letters, digits, -, _ or ."),
            ("EventQueue.retryDelayInterval", "2m", "write 0 to 86400 s"),
            ("Cluster.failback", "yes", "write manual or auto"),
        ] {
            let error = validate(name, text).unwrap_err();
            assert_eq!((error.mend.as_str(), error.is_unknown), (mend, false), "{name}");
        }
    }

    #[test]
    fn passive_legacy_is_refused_with_the_reason() {
        let error = validate("Cluster.mode", "passive_legacy").unwrap_err();
        assert!(error.mend.contains("configuration of its own") && error.mend.contains("write passive"), "{error}");
    }

    #[test]
    fn unknown_names_get_a_suggestion() {
        let error = validate("maxthreads", "5").unwrap_err();
        assert_eq!(error.mend, format!("did you mean {THREADS}?"));
        assert!(error.is_unknown);
        let error = validate(&"x".repeat(5000), "5").unwrap_err();
        assert!(error.name.len() < 100 && error.mend.contains("param list"));
    }
}
