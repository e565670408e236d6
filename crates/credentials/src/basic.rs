//! The value of an `Authorization: Basic` header (RFC 7617), in UTF-8.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

/// Longer headers are refused before they are decoded.
const HEADER_BYTES_MAX: usize = 4096;

/// A name and a password as a client sent them; the password is wiped when dropped and never printed.
pub struct BasicCredentials {
    pub name: String,
    pub password: Zeroizing<String>,
}

impl std::fmt::Debug for BasicCredentials {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("BasicCredentials").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Reads the value of the `Authorization` header; `None` for another scheme or anything malformed.
pub fn parse_basic(header: &str) -> Option<BasicCredentials> {
    if header.len() > HEADER_BYTES_MAX {
        return None;
    }
    let (scheme, encoded) = header.trim().split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = Zeroizing::new(STANDARD.decode(encoded.trim()).ok()?);
    let text = std::str::from_utf8(&decoded).ok()?;
    // RFC 7617 forbids control characters in both parts.
    if text.chars().any(char::is_control) {
        return None;
    }
    let (name, password) = text.split_once(':')?;
    Some(BasicCredentials { name: name.to_owned(), password: Zeroizing::new(password.to_owned()) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(text: &[u8]) -> String {
        format!("Basic {}", STANDARD.encode(text))
    }

    #[test]
    fn the_first_colon_separates_name_and_password() {
        let credentials = parse_basic(&header("ünal:pa:ss".as_bytes())).unwrap();
        assert_eq!((credentials.name.as_str(), credentials.password.as_str()), ("ünal", "pa:ss"));
        assert!(!format!("{credentials:?}").contains("pa:ss"));
        assert!(parse_basic("bAsIc YTpi").is_some());
    }

    #[test]
    fn malformed_headers_are_no_credentials() {
        let long = header(&[b'a'; HEADER_BYTES_MAX]);
        let cases = [
            "",
            "Basic",
            "Bearer YTpi",
            "Basic !!",
            &header(b"no-colon"),
            &header(b"a\0:b"),
            &header(b"\xff:b"),
            &long,
        ];
        for case in cases {
            assert!(parse_basic(case).is_none(), "{case}");
        }
    }
}
