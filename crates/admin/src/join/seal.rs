//! The cluster secret inside a join answer, sealed under a key of the token besides TLS: an answer that ends up in a
//! recording or a proxy's log is of no use without the token.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flotilla_pki::{ClusterSecret, Key, KeyError, Purpose, SecretError};
use thiserror::Error;
use zeroize::Zeroizing;

use super::TokenSecret;

/// Sets these seals apart from all others of the same key.
const CONTEXT: &[u8] = b"flotilla v1 join answer";

/// Why the secret of a join answer could not be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum OpenError {
    #[error("the answer of the cluster is not sealed for this token; ask for a new token and join again")]
    Sealed,
    #[error("the answer of the cluster holds no cluster secret; update this node to the cluster's version")]
    Content,
}

pub(crate) fn seal_secret(token: &TokenSecret, secret: &ClusterSecret) -> Result<String, KeyError> {
    let text = secret.to_text();
    let key = key(token).map_err(|_| KeyError::Random)?;
    Ok(STANDARD.encode(key.seal(CONTEXT, text.as_bytes())?))
}

/// Takes the cluster secret out of [`crate::api::JoinAnswer::sealed_secret`].
pub fn open_secret(token: &TokenSecret, sealed: &str) -> Result<ClusterSecret, OpenError> {
    let sealed = STANDARD.decode(sealed).map_err(|_| OpenError::Sealed)?;
    let key = key(token).map_err(|_| OpenError::Sealed)?;
    let plain = key.open(CONTEXT, &sealed).map_err(|_| OpenError::Sealed)?;
    let text = std::str::from_utf8(&plain).map_err(|_| OpenError::Content)?;
    ClusterSecret::from_text(text).map_err(|_| OpenError::Content)
}

/// A token's secret has the shape of a cluster secret, so keys are derived from it in the same way.
fn key(token: &TokenSecret) -> Result<Key, SecretError> {
    let secret = ClusterSecret::from_bytes(Zeroizing::new(token.bytes().to_vec()))?;
    Ok(secret.derive(Purpose::SealedValues))
}

#[cfg(test)]
mod tests {
    use flotilla_pki::Fingerprint;

    use super::*;
    use crate::api::from_ms;
    use crate::join::JoinToken;

    #[test]
    fn a_secret_opens_with_its_token_only() {
        let token = || JoinToken::generate(from_ms(0), Fingerprint::of(b"")).unwrap().secret;
        let (right, wrong) = (token(), token());
        let secret = ClusterSecret::generate().unwrap();
        let sealed = seal_secret(&right, &secret).unwrap();
        assert_eq!(open_secret(&right, &sealed), Ok(secret));
        assert_eq!(open_secret(&wrong, &sealed), Err(OpenError::Sealed));
        assert_eq!(open_secret(&right, "AAAA"), Err(OpenError::Sealed));
        assert_eq!(open_secret(&right, "no base64!"), Err(OpenError::Sealed));
    }
}
