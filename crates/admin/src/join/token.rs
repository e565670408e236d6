//! The text of a join token: `flotilla1_` and base64 (URL alphabet, no padding) of
//! secret (32 bytes), end of validity (8, milliseconds since 1970), CA fingerprint (32), checksum (4).
//!
//! The checksum (the start of a SHA-256) is for slips of the hand, not for attackers.

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use flotilla_credentials::random_bytes;
use flotilla_model::Sha256;
use flotilla_pki::{ClusterSecret, Fingerprint, Purpose};
use jiff::Timestamp;
use ring::digest::{SHA256, digest};
use thiserror::Error;
use zeroize::Zeroizing;

use crate::api::{from_ms, to_ms};

const PREFIX: &str = "flotilla1_";
const PREFIX_ANY_VERSION: &str = "flotilla";
const SECRET_LENGTH: usize = 32;
const CHECKED_LENGTH: usize = SECRET_LENGTH + 8 + 32;
const LENGTH: usize = CHECKED_LENGTH + 4;

/// Why a text is no join token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum TokenError {
    #[error("this is not a join token: it starts with {PREFIX:?}; copy the line that `flotilla token create` printed")]
    NotAToken,
    #[error("the join token is of another version; create it with the version that you join with")]
    Version,
    #[error("the join token is incomplete or mistyped; copy it again as a whole")]
    Damaged,
    #[error("the system gives no random bytes")]
    NoRandomness,
}

/// The part of a token that proves the permission; 32 random bytes, wiped when dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct TokenSecret(Zeroizing<[u8; SECRET_LENGTH]>);

impl TokenSecret {
    fn generate() -> Result<Self, TokenError> {
        random_bytes().map(|bytes| Self(Zeroizing::new(bytes))).map_err(|_| TokenError::NoRandomness)
    }

    /// Of a host that has the cluster secret already: both sides work it out. The host's name in lower case.
    pub fn by_hand(secret: &ClusterSecret, host: &str) -> Self {
        Self(Zeroizing::new(secret.derive(Purpose::JoinByHand).mac(&[host.to_lowercase().as_bytes()])))
    }

    /// What the cluster keeps of it.
    pub fn hash(&self) -> Sha256 {
        Sha256(sha256(self.0.as_ref()))
    }

    /// Names it in logs: the start of its hash.
    pub fn id(&self) -> String {
        self.hash().to_string().chars().take(12).collect()
    }

    /// As a join request carries it.
    pub fn to_text(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0.as_ref())
    }

    pub fn from_text(text: &str) -> Result<Self, TokenError> {
        let decoded = Zeroizing::new(URL_SAFE_NO_PAD.decode(text).map_err(|_| TokenError::Damaged)?);
        let bytes = <[u8; SECRET_LENGTH]>::try_from(decoded.as_slice()).map_err(|_| TokenError::Damaged)?;
        Ok(Self(Zeroizing::new(bytes)))
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        self.0.as_ref()
    }
}

impl fmt::Debug for TokenSecret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "TokenSecret({})", self.id())
    }
}

/// A permission to join, for one node, for a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JoinToken {
    pub secret: TokenSecret,
    pub expires_at: Timestamp,
    /// The CA of the node that made it.
    pub authority: Fingerprint,
}

impl JoinToken {
    /// A token with a new secret.
    pub fn generate(expires_at: Timestamp, authority: Fingerprint) -> Result<Self, TokenError> {
        // The text holds whole milliseconds.
        let expires_at = from_ms(to_ms(expires_at));
        Ok(Self { secret: TokenSecret::generate()?, expires_at, authority })
    }

    fn checked_bytes(&self) -> Zeroizing<Vec<u8>> {
        let mut bytes = Zeroizing::new(Vec::with_capacity(LENGTH));
        bytes.extend_from_slice(self.secret.bytes());
        bytes.extend_from_slice(&to_ms(self.expires_at).to_be_bytes());
        bytes.extend_from_slice(self.authority.as_bytes());
        bytes
    }
}

/// The token as it is handed over; it gives the secret away.
impl fmt::Display for JoinToken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = self.checked_bytes();
        let checksum = checksum(&bytes);
        bytes.extend_from_slice(&checksum);
        write!(formatter, "{PREFIX}{}", URL_SAFE_NO_PAD.encode(&bytes))
    }
}

impl FromStr for JoinToken {
    type Err = TokenError;

    fn from_str(text: &str) -> Result<Self, TokenError> {
        let text = text.trim();
        let Some(encoded) = text.strip_prefix(PREFIX) else {
            let other_version = text.starts_with(PREFIX_ANY_VERSION);
            return Err(if other_version { TokenError::Version } else { TokenError::NotAToken });
        };
        let bytes = Zeroizing::new(URL_SAFE_NO_PAD.decode(encoded).map_err(|_| TokenError::Damaged)?);
        let (checked, sum) = bytes.split_at_checked(CHECKED_LENGTH).ok_or(TokenError::Damaged)?;
        if bytes.len() != LENGTH || checksum(checked) != sum {
            return Err(TokenError::Damaged);
        }
        let secret = TokenSecret(Zeroizing::new(field(checked, 0)?));
        let expires_at = from_ms(u64::from_be_bytes(field(checked, SECRET_LENGTH)?));
        let authority: [u8; 32] = field(checked, SECRET_LENGTH + 8)?;
        let authority = Sha256(authority).to_string().parse().map_err(|_| TokenError::Damaged)?;
        Ok(Self { secret, expires_at, authority })
    }
}

fn field<const N: usize>(bytes: &[u8], start: usize) -> Result<[u8; N], TokenError> {
    bytes.get(start..start + N).and_then(|field| field.try_into().ok()).ok_or(TokenError::Damaged)
}

fn checksum(bytes: &[u8]) -> [u8; 4] {
    let [first, second, third, fourth, ..] = sha256(&[PREFIX.as_bytes(), bytes].concat());
    [first, second, third, fourth]
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest(&SHA256, bytes).as_ref());
    hash
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token() -> JoinToken {
        JoinToken::generate(from_ms(1_900_000_000_123), Fingerprint::of(b"a CA")).unwrap()
    }

    #[test]
    fn the_text_is_read_back() {
        let token = token();
        let text = token.to_string();
        assert_eq!(text.parse(), Ok(token.clone()));
        assert_eq!(format!("  {text}\n").parse(), Ok(token.clone()));
        assert_eq!(TokenSecret::from_text(&token.secret.to_text()), Ok(token.secret.clone()));
        let debug = format!("{token:?}");
        assert!(!debug.contains(&token.secret.to_text()) && debug.contains(&token.secret.id()), "{debug}");
    }

    #[test]
    fn version_one_is_still_read() {
        let token: JoinToken = GOLDEN.parse().unwrap();
        assert_eq!(token.secret.bytes(), [7; 32]);
        assert_eq!(token.expires_at, from_ms(1_900_000_000_000));
        assert_eq!(token.authority, Fingerprint::of(b""));
        assert_eq!(token.to_string(), GOLDEN);
    }

    const GOLDEN: &str = "flotilla1_BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcAAAG6YNM4AOOwxEKY_BwUmvv0yJlvuSQnrkHkZJuTTKSVmRt4UrhVdWxYfQ";

    #[test]
    fn slips_of_the_hand_are_found() {
        let text = token().to_string();
        for position in PREFIX.len()..text.len() {
            let mut altered: Vec<u8> = text.clone().into_bytes();
            altered[position] = if altered[position] == b'A' { b'B' } else { b'A' };
            let altered = String::from_utf8(altered).unwrap();
            assert_eq!(altered.parse::<JoinToken>(), Err(TokenError::Damaged), "{position}");
            assert!(text[..position].parse::<JoinToken>().is_err(), "cut at {position}");
        }
        assert_eq!(format!("{text}A").parse::<JoinToken>(), Err(TokenError::Damaged));
        assert_eq!("flotilla2_AAAA".parse::<JoinToken>(), Err(TokenError::Version));
        assert_eq!("hello".parse::<JoinToken>(), Err(TokenError::NotAToken));
    }
}
