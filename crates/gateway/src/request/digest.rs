//! `Content-Digest` and `Repr-Digest` (RFC 9530). Without content encodings both say the same: the SHA-256 of the file.

use actix_web::http::header::HeaderMap;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flotilla_model::Sha256;

use crate::problem::Problem;
use crate::request::head::text;

pub(crate) const CONTENT_DIGEST: &str = "content-digest";
pub(crate) const REPR_DIGEST: &str = "repr-digest";

/// As a header's value.
pub(crate) fn format(sha256: &Sha256) -> String {
    format!("sha-256=:{}:", STANDARD.encode(sha256.0))
}

/// The checksum that the client announces. Other algorithms are ignored, as the RFC wants.
pub(crate) fn announced(headers: &HeaderMap) -> Result<Option<Sha256>, Problem> {
    let content = of_header(headers, CONTENT_DIGEST)?;
    let representation = of_header(headers, REPR_DIGEST)?;
    if content.is_some() && representation.is_some() && content != representation {
        return Err(Problem::header(REPR_DIGEST, "Content-Digest and Repr-Digest name different checksums"));
    }
    Ok(content.or(representation))
}

/// The checksum that the whole file is to have, whatever the body is.
pub(crate) fn of_representation(headers: &HeaderMap) -> Result<Option<Sha256>, Problem> {
    of_header(headers, REPR_DIGEST)
}

fn of_header(headers: &HeaderMap, name: &'static str) -> Result<Option<Sha256>, Problem> {
    let Some(value) = text(headers, name)? else { return Ok(None) };
    let mut found = None;
    for member in value.split(',').map(str::trim).filter(|member| !member.is_empty()) {
        let malformed = || Problem::header(name, format!("{member:.80} is not written as sha-256=:BASE64:"));
        let (algorithm, digest) = member.split_once('=').ok_or_else(malformed)?;
        if algorithm.trim() != "sha-256" {
            continue;
        }
        // Parameters may follow the value.
        let digest = digest.split(';').next().unwrap_or_default().trim();
        let encoded = digest.strip_prefix(':').and_then(|digest| digest.strip_suffix(':')).ok_or_else(malformed)?;
        let bytes = STANDARD.decode(encoded).map_err(|_| malformed())?;
        found = Some(Sha256(bytes.try_into().map_err(|_| malformed())?));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderName, HeaderValue};

    use super::*;

    fn announce(lines: &[(&'static str, &str)]) -> Result<Option<Sha256>, Problem> {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
        }
        announced(&headers)
    }

    #[test]
    fn announced_checksums() {
        let sha256 = Sha256([7; 32]);
        let ours = format(&sha256);
        assert_eq!(announce(&[]).unwrap(), None);
        assert_eq!(announce(&[(CONTENT_DIGEST, &ours)]).unwrap(), Some(sha256));
        assert_eq!(announce(&[(REPR_DIGEST, &ours), (CONTENT_DIGEST, &ours)]).unwrap(), Some(sha256));
        assert_eq!(announce(&[(CONTENT_DIGEST, &format!("sha-512=:AAAA:, {ours}"))]).unwrap(), Some(sha256));
        assert_eq!(announce(&[(CONTENT_DIGEST, "sha-512=:AAAA:"), (CONTENT_DIGEST, &ours)]).unwrap(), Some(sha256));
        assert_eq!(announce(&[(CONTENT_DIGEST, "md5=:AAAA:")]).unwrap(), None);
        for value in ["sha-256", "sha-256=AAAA", "sha-256=:AAAA:", "sha-256=:!!:", "sha-256=:"] {
            assert!(announce(&[(CONTENT_DIGEST, value)]).is_err(), "{value}");
        }
        let other = format(&Sha256([8; 32]));
        assert!(announce(&[(CONTENT_DIGEST, &ours), (REPR_DIGEST, &other)]).is_err());
    }
}
