//! `Upload-Checksum`: the SHA-256 of a part, as its sender has it.

use actix_web::http::header::HeaderMap;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flotilla_model::Sha256;

use crate::problem::Problem;
use crate::request::head::text;

pub(super) const ALGORITHM: &str = "sha256";
const HEADER: &str = "upload-checksum";

/// The checksum that a part is to have. Another algorithm is refused: not to look would be to let a damaged part pass.
pub(super) fn announced(headers: &HeaderMap) -> Result<Option<Sha256>, Problem> {
    let Some(value) = text(headers, HEADER)? else { return Ok(None) };
    let malformed = || Problem::header(HEADER, format!("{value:.80?} is not written as sha256 BASE64"));
    let (algorithm, encoded) = value.trim().split_once(' ').ok_or_else(malformed)?;
    if algorithm != ALGORITHM {
        return Err(Problem::header(HEADER, format!("{algorithm:.20?} is not known here: send {ALGORITHM}")));
    }
    let bytes = STANDARD.decode(encoded.trim()).map_err(|_| malformed())?;
    bytes.try_into().map(|bytes| Some(Sha256(bytes))).map_err(|_| malformed())
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderName, HeaderValue};

    use super::*;

    fn read(value: &str) -> Result<Option<Sha256>, Problem> {
        let mut headers = HeaderMap::new();
        headers.insert(HeaderName::from_static(HEADER), HeaderValue::from_str(value).unwrap());
        announced(&headers)
    }

    #[test]
    fn announced_checksums() {
        let sha256 = Sha256([7; 32]);
        assert_eq!(read(&format!("sha256 {}", STANDARD.encode(sha256.0))).unwrap(), Some(sha256));
        assert_eq!(announced(&HeaderMap::new()).unwrap(), None);
        for value in ["sha256", "sha256 ", "sha256 !!", "sha256 AAAA", "sha1 Kq5sNclPz7QV2+lfQIuc6R7oRu0=", ""] {
            assert!(read(value).is_err(), "{value}");
        }
    }
}
