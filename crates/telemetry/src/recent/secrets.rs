//! A second look for secrets. No part logs one; should one do so by mistake, the log of the node is for those who run its host, but what
//! is kept here is for every administrator.

use std::borrow::Cow;
use std::sync::LazyLock;

use aho_corasick::AhoCorasick;

const HIDDEN: &str = "(hidden)";
/// Fields that are called so hold secrets, or are refused to be told apart from them.
const SECRET_NAMES: [&str; 7] =
    ["password", "secret", "token", "authorization", "cookie", "private_key", "credentials"];
/// What a secret begins with, and whether that itself may be shown.
const BEGINNINGS: [&str; 6] = ["flt_", "Bearer ", "Basic ", "password=", "token=", "secret="];
/// From here on nothing is shown: a key goes over many lines.
const PRIVATE_KEY: &str = "PRIVATE KEY-----";

/// Nearly all texts have no sign of a secret, and are looked through once.
static SIGNS: LazyLock<AhoCorasick> = LazyLock::new(|| {
    let signs = BEGINNINGS.iter().chain([&PRIVATE_KEY]);
    AhoCorasick::new(signs).unwrap_or_else(|error| unreachable!("seven short patterns: {error}"))
});

/// What is shown in place of the value of a field of this name; `None`: its value.
pub(super) fn hidden_value(name: &str) -> Option<&'static str> {
    SECRET_NAMES.iter().any(|secret| name.eq_ignore_ascii_case(secret)).then_some(HIDDEN)
}

/// The text without what looks like a secret.
pub(super) fn without_secrets(text: &str) -> Cow<'_, str> {
    if !SIGNS.is_match(text) {
        return Cow::Borrowed(text);
    }
    let (shown, had_key) = match text.find(PRIVATE_KEY) {
        Some(at) => (&text[..at], true),
        None => (text, false),
    };
    let mut rest = shown;
    let mut clean = String::new();
    while let Some((at, beginning)) = first_beginning(rest) {
        let value = at + beginning.len();
        clean.push_str(&rest[..value]);
        let length = secret_length(&rest[value..]);
        if length > 0 {
            clean.push_str(HIDDEN);
        }
        rest = &rest[value + length..];
    }
    clean.push_str(rest);
    if had_key {
        clean.push_str(HIDDEN);
    }
    Cow::Owned(clean)
}

fn first_beginning(text: &str) -> Option<(usize, &'static str)> {
    BEGINNINGS.iter().filter_map(|beginning| Some((text.find(beginning)?, *beginning))).min()
}

/// Up to what no token and no value of a query has.
fn secret_length(text: &str) -> usize {
    let ends = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '&' | ',' | ';' | ')' | '>');
    text.find(ends).unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_like_a_secret_is_hidden() {
        for (text, shown) in [
            ("the node serves", "the node serves"),
            ("got flt_abc123, refused", "got flt_(hidden), refused"),
            ("Authorization: Bearer abc Basic eA==", "Authorization: Bearer (hidden) Basic (hidden)"),
            ("https://x.example/in?a=1&token=abc&b=2", "https://x.example/in?a=1&token=(hidden)&b=2"),
            ("password= is empty", "password= is empty"),
            ("read -----BEGIN PRIVATE KEY-----\nMIGH", "read -----BEGIN (hidden)"),
            ("ends in flt_", "ends in flt_"),
        ] {
            assert_eq!(without_secrets(text), shown, "{text}");
        }
    }

    #[test]
    fn fields_are_hidden_by_their_names() {
        for name in ["password", "Cookie", "TOKEN"] {
            assert_eq!(hidden_value(name), Some(HIDDEN), "{name}");
        }
        for name in ["secret_fingerprint", "account", "message"] {
            assert_eq!(hidden_value(name), None, "{name}");
        }
    }
}
