//! Names that come from people: checked once, here, and trusted afterwards. A clone shares the text.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, de};

/// Why a name or a path was refused. The text says what is wrong and how to mend it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, thiserror::Error)]
pub enum NameError {
    #[error("the name is empty")]
    Empty,
    #[error("the name has {length} bytes, at most {limit} are allowed")]
    TooLong { length: u64, limit: u64 },
    #[error("the character {character:?} is not allowed here: use letters, digits, '.', '_' or '-'")]
    Character { character: char },
    #[error("a name starts with a letter or a digit")]
    Start,
    #[error("kinds that begin with 'file.' are the cluster's own: choose another beginning")]
    Reserved,
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

/// Letters, digits and some marks; the first is no mark.
fn check_name(text: &str, limit: usize, is_mark: impl Fn(char) -> bool) -> Result<(), NameError> {
    if text.len() > limit {
        return Err(NameError::TooLong { length: text.len() as u64, limit: limit as u64 });
    }
    let first = text.chars().next().ok_or(NameError::Empty)?;
    if let Some(character) = text.chars().find(|c| !c.is_ascii_alphanumeric() && !is_mark(*c)) {
        return Err(NameError::Character { character });
    }
    if first.is_ascii_alphanumeric() { Ok(()) } else { Err(NameError::Start) }
}

/// Name of an account or an administrator: 1-64 of letters, digits, `.`, `_`, `-`, `@`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct AccountName(Arc<str>);

impl AccountName {
    /// Longest name, in bytes.
    pub const MAX_LENGTH: usize = 64;

    /// Checks `text` and takes it as a name.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        check_name(text, Self::MAX_LENGTH, |c| matches!(c, '.' | '_' | '-' | '@'))?;
        Ok(Self(text.into()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Path of a file inside an account: components joined by `/`, no leading `/`, valid UTF-8, no control characters,
/// no backslash, no `.` or `..`. Compared byte by byte; nothing is folded or normalised.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct FilePath(Arc<str>);

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
        Ok(Self(text.into()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A key to search from; it need not be a path that could be stored.
    pub(crate) fn unchecked(text: String) -> Self {
        Self(text.into())
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

/// Name of a lane of the event queue; the same letters as an account's, after which a lane is named by default.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct LaneName(Arc<str>);

impl LaneName {
    /// Checks `text` and takes it as a name.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        AccountName::parse(text).map(|name| Self(name.0))
    }

    /// The lane that an account's events are in unless a route says otherwise.
    pub fn of(account: &AccountName) -> Self {
        Self(Arc::clone(&account.0))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Kind of an application's event, such as `order.created`: 1-128 of letters, digits, `.`, `_`, `-`, `:`, `/`.
/// Kinds that begin with `file.` are the cluster's own.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct KindName(Arc<str>);

impl KindName {
    /// Longest name, in bytes.
    pub const MAX_LENGTH: usize = 128;
    const RESERVED: &str = "file.";

    /// Checks `text` and takes it as a kind.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        check_name(text, Self::MAX_LENGTH, is_kind_mark)?;
        if text.starts_with(Self::RESERVED) {
            return Err(NameError::Reserved);
        }
        Ok(Self(text.into()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn is_kind_mark(c: char) -> bool {
    matches!(c, '.' | '_' | '-' | ':' | '/')
}

/// Which kinds are meant: one (`order.created`), those with a beginning (`order.*`), or all (`*`).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct KindPattern(Arc<str>);

impl KindPattern {
    /// Checks `text` and takes it as a pattern.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        if text != "*" {
            check_name(text.strip_suffix('*').unwrap_or(text), KindName::MAX_LENGTH, is_kind_mark)?;
        }
        Ok(Self(text.into()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// No pattern comes before it: where a search begins.
    pub(crate) fn lowest() -> Self {
        Self("".into())
    }

    pub fn matches(&self, kind: &str) -> bool {
        match self.0.strip_suffix('*') {
            Some(beginning) => kind.starts_with(beginning),
            None => *self.0 == *kind,
        }
    }
}

/// A key of an application's own: events of one ordering key run in order; of one idempotency key, one is taken.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct EventKey(Arc<str>);

impl EventKey {
    /// Longest key, in bytes.
    pub const MAX_LENGTH: usize = 128;

    /// Checks `text` and takes it as a key.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        if text.len() > Self::MAX_LENGTH {
            return Err(NameError::TooLong { length: text.len() as u64, limit: Self::MAX_LENGTH as u64 });
        }
        if let Some(character) = text.chars().find(|c| c.is_control()) {
            return Err(NameError::Character { character });
        }
        if text.is_empty() { Err(NameError::Empty) } else { Ok(Self(text.into())) }
    }

    pub fn as_str(&self) -> &str {
        &self.0
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
                deserializer.deserialize_str(Parsed(Self::parse))
            }
        }
    };
}
text_newtype!(AccountName);
text_newtype!(FilePath);
text_newtype!(LaneName);
text_newtype!(KindName);
text_newtype!(KindPattern);
text_newtype!(EventKey);

/// Reads a text in place: names are read for each command of the log.
struct Parsed<F>(F);

impl<T, E: fmt::Display, F: Fn(&str) -> Result<T, E>> de::Visitor<'_> for Parsed<F> {
    type Value = T;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a name")
    }

    fn visit_str<X: de::Error>(self, text: &str) -> Result<T, X> {
        (self.0)(text).map_err(X::custom)
    }
}

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
    fn kinds_and_patterns() {
        for text in ["order.created", "com.example/order:2", "a"] {
            assert!(KindName::parse(text).is_ok(), "{text}");
        }
        for text in ["", "file.received", "a b", "order.*", ".x"] {
            assert!(KindName::parse(text).is_err(), "{text:?} was taken");
        }
        for (pattern, kind, matches) in [
            ("*", "a", true),
            ("order.*", "order.created", true),
            ("order.*", "orders", false),
            ("order.created", "order.created", true),
            ("order", "order.created", false),
        ] {
            assert_eq!(KindPattern::parse(pattern).unwrap().matches(kind), matches, "{pattern} {kind}");
        }
        assert!(KindPattern::parse("a*b").is_err());
        assert!(EventKey::parse("").is_err() && EventKey::parse("a\nb").is_err() && EventKey::parse("ä / 7").is_ok());
    }

    #[test]
    fn names() {
        assert!(AccountName::parse("bank-01@example.org").is_ok());
        for text in ["", "-a", "a b", "a/b", "ä", &"n".repeat(65)] {
            assert!(AccountName::parse(text).is_err(), "{text:?} was taken");
        }
    }
}
