//! The text of an API token: `flt_` and 32 random bytes in base64 (URL alphabet, no padding). Its beginning lets scanners of
//! repositories and logs find tokens that were left there.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use flotilla_credentials::{CredentialError, random_bytes};
use flotilla_model::Sha256;
use ring::digest::{SHA256, digest};
use zeroize::Zeroizing;

const PREFIX: &str = "flt_";
const LENGTH: usize = 32;

/// Wiped when dropped.
pub(crate) struct ApiTokenSecret(Zeroizing<[u8; LENGTH]>);

impl ApiTokenSecret {
    pub(crate) fn generate() -> Result<Self, CredentialError> {
        Ok(Self(Zeroizing::new(random_bytes()?)))
    }

    /// `None`: this is no API token, of whatever kind it is.
    pub(crate) fn from_text(text: &str) -> Option<Self> {
        let encoded = text.strip_prefix(PREFIX)?;
        let mut bytes = Zeroizing::new([0; LENGTH]);
        let length = URL_SAFE_NO_PAD.decode_slice(encoded, bytes.as_mut()).ok()?;
        (length == LENGTH).then_some(Self(bytes))
    }

    /// As it is handed over, once.
    pub(crate) fn to_text(&self) -> String {
        format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(self.0.as_ref()))
    }

    /// What the cluster keeps of it. 256 random bits need no slow hash and no key.
    pub(crate) fn hash(&self) -> Sha256 {
        let mut hash = Sha256([0; 32]);
        hash.0.copy_from_slice(digest(&SHA256, self.0.as_ref()).as_ref());
        hash
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_is_read_back_and_nothing_else_is() {
        let secret = ApiTokenSecret::generate().unwrap();
        let text = secret.to_text();
        assert_eq!(text.len(), 47);
        assert_eq!(ApiTokenSecret::from_text(&text).unwrap().hash(), secret.hash());
        let short = text[..text.len() - 1].to_owned();
        for other in ["", "flt_", "flt_A", &text[4..], &format!("{text}A"), &format!("{text}AAAA"), &short, "flt_!!!"] {
            assert!(ApiTokenSecret::from_text(other).is_none(), "{other}");
        }
        assert_ne!(ApiTokenSecret::generate().unwrap().hash(), secret.hash());
    }
}
