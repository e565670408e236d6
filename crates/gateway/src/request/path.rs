//! From the raw path of a request to a file or folder of an account. The rules of paths are the model's; here the bytes
//! of the URL become text, once, so that what is checked is what is used.

use flotilla_model::{FilePath, PathError};
use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};

use crate::codes;
use crate::problem::Problem;

/// All files lie below it.
pub(crate) const ROOT: &str = "/files/";

/// All but unreserved characters (RFC 3986) and the slash.
const ESCAPED: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'!')
    .add(b'"')
    .add(b'#')
    .add(b'$')
    .add(b'%')
    .add(b'&')
    .add(b'\'')
    .add(b'(')
    .add(b')')
    .add(b'*')
    .add(b'+')
    .add(b',')
    .add(b':')
    .add(b';')
    .add(b'<')
    .add(b'=')
    .add(b'>')
    .add(b'?')
    .add(b'@')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// What a path names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    File(FilePath),
    /// A path with a slash at its end: the folder without it, empty for the top.
    Folder(String),
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TargetError {
    #[error("files are below {ROOT}")]
    Elsewhere,
    #[error("a '%' is not followed by two hexadecimal digits")]
    Escape,
    #[error("an escaped slash ('%2F') is not allowed: a slash separates folders")]
    EscapedSlash,
    #[error("the path is not UTF-8")]
    Encoding,
    #[error(transparent)]
    Path(#[from] PathError),
}

impl From<TargetError> for Problem {
    fn from(error: TargetError) -> Self {
        let code = if error == TargetError::Elsewhere { &codes::NOT_FOUND } else { &codes::BAD_PATH };
        Self::new(code, error).field("path")
    }
}

impl Target {
    /// Reads the path of a URL, without its query.
    pub(crate) fn parse(raw: &str) -> Result<Self, TargetError> {
        if raw == ROOT.trim_end_matches('/') {
            return Ok(Self::Folder(String::new()));
        }
        let raw = raw.strip_prefix(ROOT).ok_or(TargetError::Elsewhere)?;
        let text = decode(raw)?;
        if text.is_empty() {
            return Ok(Self::Folder(text));
        }
        // The model forgives one leading slash; in a URL it would be a second name of the same file.
        if text.starts_with('/') {
            return Err(PathError::EmptyComponent.into());
        }
        match text.strip_suffix('/') {
            Some(folder) => Ok(Self::Folder(FilePath::parse(folder)?.as_str().to_owned())),
            None => Ok(Self::File(FilePath::parse(&text)?)),
        }
    }
}

fn decode(raw: &str) -> Result<String, TargetError> {
    let bytes = raw.as_bytes();
    for (at, _) in raw.match_indices('%') {
        match bytes.get(at + 1..at + 3) {
            Some(b"2f" | b"2F") => return Err(TargetError::EscapedSlash),
            Some(digits) if digits.iter().all(u8::is_ascii_hexdigit) => {}
            _ => return Err(TargetError::Escape),
        }
    }
    percent_decode_str(raw).decode_utf8().map(Into::into).map_err(|_| TargetError::Encoding)
}

/// A path or a name for a URL.
pub(crate) fn encode(text: &str) -> impl std::fmt::Display + '_ {
    utf8_percent_encode(text, ESCAPED)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn file(path: &str) -> Result<Target, TargetError> {
        Ok(Target::File(FilePath::parse(path).unwrap()))
    }

    #[test]
    fn paths_and_what_they_name() {
        let long = "x".repeat(256);
        let deep = format!("{}y", "d/".repeat(2048));
        for (raw, expected) in [
            ("/files/a", file("a")),
            ("/files/in/%C3%A4%20b.csv", file("in/ä b.csv")),
            ("/files/a%25b", file("a%b")),
            ("/files/a%252e%252e", file("a%2e%2e")),
            ("/files/.../x", file(".../x")),
            ("/files", Ok(Target::Folder(String::new()))),
            ("/files/", Ok(Target::Folder(String::new()))),
            ("/files/a/b/", Ok(Target::Folder("a/b".into()))),
            ("/", Err(TargetError::Elsewhere)),
            ("/filesystem", Err(TargetError::Elsewhere)),
            ("/other/a", Err(TargetError::Elsewhere)),
            ("/FILES/a", Err(TargetError::Elsewhere)),
            ("//files/a", Err(TargetError::Elsewhere)),
            ("/files/..", Err(PathError::DotComponent.into())),
            ("/files/../a", Err(PathError::DotComponent.into())),
            ("/files/a/../../b", Err(PathError::DotComponent.into())),
            ("/files/a/./b", Err(PathError::DotComponent.into())),
            ("/files/%2e%2e", Err(PathError::DotComponent.into())),
            ("/files/%2E%2e/a", Err(PathError::DotComponent.into())),
            ("/files/.%2e/", Err(PathError::DotComponent.into())),
            ("/files/a%2f..%2fb", Err(TargetError::EscapedSlash)),
            ("/files/a%2Fb", Err(TargetError::EscapedSlash)),
            ("/files/..%5Ca", Err(PathError::Character { character: '\\' }.into())),
            ("/files/a%00b", Err(PathError::Character { character: '\0' }.into())),
            ("/files/a%0d%0ab", Err(PathError::Character { character: '\r' }.into())),
            ("/files/a%7F", Err(PathError::Character { character: '\u{7f}' }.into())),
            ("/files/a%C2%85", Err(PathError::Character { character: '\u{85}' }.into())),
            ("/files/%ff", Err(TargetError::Encoding)),
            ("/files/%c0%ae%c0%ae/a", Err(TargetError::Encoding)),
            ("/files/%ed%a0%80", Err(TargetError::Encoding)),
            ("/files/a%", Err(TargetError::Escape)),
            ("/files/a%2", Err(TargetError::Escape)),
            ("/files/a%zz", Err(TargetError::Escape)),
            ("/files//a", Err(PathError::EmptyComponent.into())),
            ("/files/a//b", Err(PathError::EmptyComponent.into())),
            ("/files/a//", Err(PathError::EmptyComponent.into())),
            (&format!("/files/{long}"), Err(PathError::ComponentTooLong { length: 256, limit: 255 }.into())),
            (&format!("/files/{deep}"), Err(PathError::TooLong { length: 4097, limit: 4096 }.into())),
        ] {
            assert_eq!(Target::parse(raw), expected, "{raw}");
        }
    }

    proptest! {
        #[test]
        fn any_path_is_a_safe_target_or_refused(raw in "/files/([a-z./%\\\\\u{0}]|%2[eEfF]|%[0-9a-f]{2}|ä){0,40}") {
            if let Ok(target) = Target::parse(&raw) {
                let text = match &target {
                    Target::File(path) => path.as_str(),
                    Target::Folder(folder) => folder,
                };
                prop_assert!(!text.starts_with('/') && !text.contains('\\') && !text.contains('\0'));
                prop_assert!(text.split('/').all(|part| part != "." && part != ".."));
            }
        }

        #[test]
        fn an_encoded_path_reads_back(text in "[^/\\\\\\p{Cc}]{1,20}(/[^/\\\\\\p{Cc}]{1,20}){0,3}") {
            if let Ok(path) = FilePath::parse(&text) {
                prop_assert_eq!(Target::parse(&format!("/files/{}", encode(&text))), Ok(Target::File(path)));
            }
        }
    }
}
