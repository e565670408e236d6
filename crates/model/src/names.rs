//! Names that come from people: checked once, here, and trusted afterwards.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, de};

/// Why a name or a path was refused. The text says what is wrong and how to mend it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, thiserror::Error)]
pub enum NameError {
    #[error("the name is empty")]
    Empty,
    #[error("the name has {length} bytes, at most {limit} are allowed")]
    TooLong { length: u64, limit: u64 },
    #[error("the character {character:?} is not allowed in a name: use letters, digits, '.', '_', '-' or '@'")]
    Character { character: char },
    #[error("a name starts with a letter or a digit")]
    Start,
}

/// Why a path was refused.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, thiserror::Error)]
pub enum PathError {
    #[error("the path is empty")]
    Empty,
    #[error("the path has {length} bytes, at most {limit} are allowed")]
    TooLong { length: u64, limit: u64 },
    #[error("a component of the path has {length} bytes, at most {limit} are allowed")]
    ComponentTooLong { length: u64, limit: u64 },
    #[error("the path has an empty component: remove the doubled or trailing '/'")]
    EmptyComponent,
    #[error("'.' and '..' are not allowed as components of a path")]
    DotComponent,
    #[error("the character {character:?} is not allowed in a path")]
    Character { character: char },
}

/// Name of an account or an administrator: 1-64 of letters, digits, `.`, `_`, `-`, `@`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct AccountName(String);

impl AccountName {
    /// Longest name, in bytes.
    pub const MAX_LENGTH: usize = 64;

    /// Checks `text` and takes it as a name.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        if text.len() > Self::MAX_LENGTH {
            return Err(NameError::TooLong { length: text.len() as u64, limit: Self::MAX_LENGTH as u64 });
        }
        let first = text.chars().next().ok_or(NameError::Empty)?;
        let refused = |c: char| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '@'));
        if let Some(character) = text.chars().find(|c| refused(*c)) {
            return Err(NameError::Character { character });
        }
        if !first.is_ascii_alphanumeric() {
            return Err(NameError::Start);
        }
        Ok(Self(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Path of a file inside an account: components joined by `/`, no leading `/`, valid UTF-8, no control characters,
/// no backslash, no `.` or `..`. Compared byte by byte; nothing is folded or normalised.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct FilePath(String);

impl FilePath {
    /// Longest path, in bytes.
    pub const MAX_LENGTH: usize = 4096;
    /// Longest component, in bytes (the limit of most file systems).
    pub const MAX_COMPONENT_LENGTH: usize = 255;

    /// Checks `text` (already percent-decoded) and takes it as a path. One leading `/` is dropped.
    pub fn parse(text: &str) -> Result<Self, PathError> {
        let text = text.strip_prefix('/').unwrap_or(text);
        if text.is_empty() {
            return Err(PathError::Empty);
        }
        if text.len() > Self::MAX_LENGTH {
            return Err(PathError::TooLong { length: text.len() as u64, limit: Self::MAX_LENGTH as u64 });
        }
        if let Some(character) = text.chars().find(|c| c.is_control() || *c == '\\') {
            return Err(PathError::Character { character });
        }
        for component in text.split('/') {
            match component {
                "" => return Err(PathError::EmptyComponent),
                "." | ".." => return Err(PathError::DotComponent),
                long if long.len() > Self::MAX_COMPONENT_LENGTH => {
                    let (length, limit) = (long.len() as u64, Self::MAX_COMPONENT_LENGTH as u64);
                    return Err(PathError::ComponentTooLong { length, limit });
                }
                _ => {}
            }
        }
        Ok(Self(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A key to search from; it need not be a path that could be stored.
    pub(crate) fn unchecked(text: String) -> Self {
        Self(text)
    }

    /// The last component.
    pub fn file_name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or(&self.0)
    }

    /// Each folder above the file, nearest last, without a trailing `/`: `a/b/c` gives `a`, `a/b`.
    pub fn folders(&self) -> impl Iterator<Item = &str> {
        self.0.match_indices('/').map(|(at, _)| &self.0[..at])
    }

    /// This path inside `folder` of another account.
    pub fn inside(&self, folder: &str) -> Result<Self, PathError> {
        let folder = folder.trim_matches('/');
        if folder.is_empty() {
            Self::parse(self.file_name())
        } else {
            Self::parse(&format!("{folder}/{}", self.file_name()))
        }
    }
}

macro_rules! text_newtype {
    ($name:ident) => {
        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(formatter)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(formatter)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Self::parse(&String::deserialize(deserializer)?).map_err(de::Error::custom)
            }
        }
    };
}
text_newtype!(AccountName);
text_newtype!(FilePath);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_that_are_taken() {
        for text in ["a", "/a", "in/2026/ä b.csv", "...", ".hidden", "a..b/c"] {
            assert_eq!(FilePath::parse(text).unwrap().as_str(), text.trim_start_matches('/'));
        }
    }

    #[test]
    fn paths_that_are_refused() {
        let component = "x".repeat(256);
        let long = vec!["y".repeat(200); 21].join("/");
        for text in ["", "/", "//a", "a//b", "a/", "..", "a/../b", "./a", "a\0b", "a\nb", "a\\b", &component, &long] {
            assert!(FilePath::parse(text).is_err(), "{text:?} was taken");
        }
    }

    #[test]
    fn folders_from_the_top() {
        let path = FilePath::parse("a/b/c").unwrap();
        assert_eq!(path.folders().collect::<Vec<_>>(), ["a", "a/b"]);
        assert_eq!(path.inside("/in/").unwrap().as_str(), "in/c");
    }

    #[test]
    fn names() {
        assert!(AccountName::parse("bank-01@example.org").is_ok());
        for text in ["", "-a", "a b", "a/b", "ä", &"n".repeat(65)] {
            assert!(AccountName::parse(text).is_err(), "{text:?} was taken");
        }
    }
}
