//! The name of a local certificate, as `Cluster.Crypto.Alias` holds it. It becomes a file name, so it is narrow.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

const LENGTH_MAX: usize = 64;

/// 1 to 64 characters of `A-Z a-z 0-9 . _ -`, not beginning with a dot.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Alias(String);

/// Why a text is no alias.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "certificate alias {alias:?} is not usable: take 1 to {LENGTH_MAX} letters, digits, '.', '_' or '-', not beginning with '.'"
)]
pub struct AliasError {
    alias: String,
}

impl Alias {
    /// The alias as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Alias {
    type Err = AliasError;

    fn from_str(text: &str) -> Result<Self, AliasError> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
        if text.is_empty() || text.len() > LENGTH_MAX || text.starts_with('.') || !text.bytes().all(allowed) {
            let alias = text.chars().take(LENGTH_MAX + 1).collect();
            return Err(AliasError { alias });
        }
        Ok(Self(text.to_owned()))
    }
}

impl TryFrom<String> for Alias {
    type Error = AliasError;

    fn try_from(text: String) -> Result<Self, AliasError> {
        text.parse()
    }
}

impl From<Alias> for String {
    fn from(alias: Alias) -> Self {
        alias.0
    }
}

impl fmt::Display for Alias {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_names_that_are_safe_as_file_names_and_no_others() {
        for good in ["cluster", "Mesh-2026.v1", "a_b"] {
            assert_eq!(good.parse::<Alias>().unwrap().as_str(), good);
        }
        let long = "a".repeat(65);
        for bad in ["", ".", "..", ".hidden", "a/b", "a\\b", "a b", "ä", "a\0", long.as_str()] {
            assert!(bad.parse::<Alias>().is_err(), "{bad:?}");
        }
    }
}
