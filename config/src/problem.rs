//! How a mistake in a configuration is told: where, what is wrong, what to write instead; all of them at once.

use std::fmt;

/// Why one text is not a value of the kind that was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mismatch {
    pub message: String,
    pub mend: String,
}

impl Mismatch {
    pub(crate) fn new(message: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { message: message.into(), mend: mend.into() }
    }
}

impl fmt::Display for Mismatch {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}; {}", self.message, self.mend)
    }
}

/// One mistake. `key` is the dotted key, or the file when the file as a whole is at fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    pub key: String,
    pub message: String,
    pub mend: String,
}

impl Problem {
    pub(crate) fn new(key: impl Into<String>, message: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { key: key.into(), message: message.into(), mend: mend.into() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}\n    mend: {}", self.key, self.message, self.mend)
    }
}

/// Every mistake of a configuration, in the order of the keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    pub problems: Vec<Problem>,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.problems.len() {
            1 => write!(formatter, "the configuration has a problem")?,
            count => write!(formatter, "the configuration has {count} problems")?,
        }
        for problem in &self.problems {
            write!(formatter, "\n  {problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigError {}
