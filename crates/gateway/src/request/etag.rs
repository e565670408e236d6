//! Entity tags (RFC 9110, 8.8.3). Ours is strong: the SHA-256 of the contents in hexadecimal.

use flotilla_model::Sha256;

/// The tag of contents, with its quotes.
pub(crate) fn of(sha256: &Sha256) -> String {
    format!("\"{sha256}\"")
}

/// The tags of an `If-Match` or `If-None-Match`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Tags {
    Any,
    List(Vec<Tag>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Tag {
    is_weak: bool,
    opaque: String,
}

impl Tag {
    /// Reads one tag off the front; gives what follows.
    fn take(text: &str) -> Option<(Self, &str)> {
        let (is_weak, text) = match text.strip_prefix("W/") {
            Some(text) => (true, text),
            None => (false, text),
        };
        let (opaque, rest) = text.strip_prefix('"')?.split_once('"')?;
        Some((Self { is_weak, opaque: opaque.to_owned() }, rest))
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        Self::take(text.trim()).filter(|(_, rest)| rest.is_empty()).map(|(tag, _)| tag)
    }

    /// Both strong and equal.
    pub(crate) fn matches_strongly(&self, sha256: &Sha256) -> bool {
        !self.is_weak && self.opaque == sha256.to_string()
    }
}

impl Tags {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        if text.trim() == "*" {
            return Some(Self::Any);
        }
        let mut list = Vec::new();
        let mut rest = text.trim();
        while !rest.is_empty() {
            let (tag, after) = Tag::take(rest)?;
            list.push(tag);
            rest = after.trim_start();
            match rest.strip_prefix(',') {
                Some(after) => rest = after.trim_start_matches([',', ' ', '\t']),
                None if rest.is_empty() => {}
                None => return None,
            }
        }
        (!list.is_empty()).then_some(Self::List(list))
    }

    /// As `If-Match` compares.
    pub(crate) fn match_strongly(&self, current: Option<&Sha256>) -> bool {
        match (self, current) {
            (_, None) => false,
            (Self::Any, Some(_)) => true,
            (Self::List(tags), Some(sha256)) => tags.iter().any(|tag| tag.matches_strongly(sha256)),
        }
    }

    /// As `If-None-Match` compares.
    pub(crate) fn match_weakly(&self, current: Option<&Sha256>) -> bool {
        match (self, current) {
            (_, None) => false,
            (Self::Any, Some(_)) => true,
            (Self::List(tags), Some(sha256)) => tags.iter().any(|tag| tag.opaque == sha256.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_tags() {
        let sha256 = Sha256([0xab; 32]);
        let ours = of(&sha256);
        for (text, strongly, weakly) in [
            ("*".to_owned(), true, true),
            (ours.clone(), true, true),
            (format!("W/{ours}"), false, true),
            (format!("\"x\", {ours}"), true, true),
            (format!("\"x\" ,, W/{ours} "), false, true),
            ("\"x\",\"y,z\"".to_owned(), false, false),
        ] {
            let tags = Tags::parse(&text).unwrap();
            assert_eq!(tags.match_strongly(Some(&sha256)), strongly, "{text}");
            assert_eq!(tags.match_weakly(Some(&sha256)), weakly, "{text}");
            assert!(!tags.match_strongly(None) && !tags.match_weakly(None), "{text}");
        }
        for text in ["", "x", "\"x", "\"x\" \"y\"", "w/\"x\"", "*, \"x\""] {
            assert_eq!(Tags::parse(text), None, "{text}");
        }
        assert_eq!(Tag::parse("\"a\",\"b\""), None);
    }
}
