//! The cookie of a session: sealed (AES-256-GCM) with a key derived from the cluster secret, so that every node reads it and nobody
//! else can make one. While the secret is changed, cookies under the old and the new one are good.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use flotilla_model::LoginSessionId;
use flotilla_pki::{KeyError, Purpose, SecretSet};

/// With this beginning a browser takes it only over TLS, for this host alone and from this host alone (RFC 6265bis).
pub(crate) const NAME: &str = "__Host-flotilla-session";
const ATTRIBUTES: &str = "Path=/; Secure; HttpOnly; SameSite=Strict";
/// Sets these seals apart from all others of the same key.
const CONTEXT: &[u8] = b"flotilla v1 session cookie";
const CSRF_BYTES: usize = 16;
const LENGTH: usize = 16 + CSRF_BYTES + 8;

/// What is sealed: the id (16 bytes), the CSRF token (16), when it was given out (8, milliseconds since 1970), big-endian.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SessionCookie {
    pub(crate) id: LoginSessionId,
    /// What a page of ours sends in a header besides, and a page of another site does not know.
    pub(crate) csrf: [u8; CSRF_BYTES],
    /// The session was used at this time or a little later.
    pub(crate) given_ms: u64,
}

/// A cookie that a cluster secret in force has sealed.
pub(crate) struct Opened {
    pub(crate) cookie: SessionCookie,
    /// Under the current secret, not under one that is on its way out.
    pub(crate) is_current: bool,
}

impl SessionCookie {
    /// The value of the cookie.
    pub(crate) fn seal(&self, secrets: &SecretSet) -> Result<String, KeyError> {
        let mut plain = Vec::with_capacity(LENGTH);
        plain.extend_from_slice(&self.id.0.to_be_bytes());
        plain.extend_from_slice(&self.csrf);
        plain.extend_from_slice(&self.given_ms.to_be_bytes());
        let key = secrets.current().derive(Purpose::Cookies);
        Ok(URL_SAFE_NO_PAD.encode(key.seal(CONTEXT, &plain)?))
    }

    pub(crate) fn open(value: &str, secrets: &SecretSet) -> Option<Opened> {
        let sealed = URL_SAFE_NO_PAD.decode(value).ok()?;
        let keys = secrets.keys(Purpose::Cookies);
        let found = keys.iter().enumerate().find_map(|(at, key)| Some((at, key.open(CONTEXT, &sealed).ok()?)));
        let (position, plain) = found?;
        let (id, rest) = plain.split_first_chunk()?;
        let (csrf, rest) = rest.split_first_chunk()?;
        let given_ms = u64::from_be_bytes(rest.try_into().ok()?);
        let cookie = Self { id: LoginSessionId(u128::from_be_bytes(*id)), csrf: *csrf, given_ms };
        Some(Opened { cookie, is_current: position == 0 })
    }

    /// The value of ours among the cookies of a request.
    pub(crate) fn find(header: &str) -> Option<&str> {
        header.split(';').find_map(|pair| pair.trim().strip_prefix(NAME)?.strip_prefix('='))
    }

    /// As pages send it back in `X-CSRF-Token`.
    pub(crate) fn csrf_text(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.csrf)
    }
}

/// `Set-Cookie` of a value.
pub(crate) fn set(value: &str) -> String {
    format!("{NAME}={value}; {ATTRIBUTES}")
}

/// `Set-Cookie` that takes it away.
pub(crate) fn cleared() -> String {
    format!("{NAME}=; {ATTRIBUTES}; Max-Age=0")
}

#[cfg(test)]
mod tests {
    use flotilla_pki::ClusterSecret;

    use super::*;

    const COOKIE: SessionCookie = SessionCookie { id: LoginSessionId(7), csrf: [3; 16], given_ms: 99 };

    #[test]
    fn every_secret_in_force_opens_it_and_no_other_does() {
        let [old, new, strange] = [(); 3].map(|()| ClusterSecret::generate().unwrap());
        let value = COOKIE.seal(&SecretSet::new(old.clone())).unwrap();
        let opened = SessionCookie::open(&value, &SecretSet::new(old.clone())).unwrap();
        assert_eq!((opened.cookie, opened.is_current), (COOKIE, true));
        let during = SecretSet::new(new.clone()).accepting(old.clone());
        let opened = SessionCookie::open(&value, &during).unwrap();
        assert_eq!((opened.cookie, opened.is_current), (COOKIE, false));
        for other in [SecretSet::new(strange), SecretSet::new(new).opening(old)] {
            assert!(SessionCookie::open(&value, &other).is_none());
        }
    }

    #[test]
    fn an_altered_one_is_none() {
        let secrets = SecretSet::new(ClusterSecret::generate().unwrap());
        let value = COOKIE.seal(&secrets).unwrap();
        for position in 0..value.len() {
            let mut altered = value.clone().into_bytes();
            altered[position] = if altered[position] == b'A' { b'B' } else { b'A' };
            let altered = String::from_utf8(altered).unwrap();
            assert!(SessionCookie::open(&altered, &secrets).is_none(), "{position}");
        }
        for other in ["", "A", "!!!", &value[4..], &format!("{value}AAAA")] {
            assert!(SessionCookie::open(other, &secrets).is_none(), "{other}");
        }
        let sealed = secrets.current().derive(Purpose::Cookies).seal(CONTEXT, &[1; LENGTH + 1]).unwrap();
        assert!(SessionCookie::open(&URL_SAFE_NO_PAD.encode(sealed), &secrets).is_none(), "too long");
    }

    #[test]
    fn it_is_found_among_others() {
        assert_eq!(SessionCookie::find("a=b; __Host-flotilla-session=xyz; c=d"), Some("xyz"));
        assert_eq!(SessionCookie::find("__Host-flotilla-session=xyz"), Some("xyz"));
        for none in ["", "a=b", "x__Host-flotilla-session=1", "__Host-flotilla-session2=1", "__host-flotilla-session=1"]
        {
            assert_eq!(SessionCookie::find(none), None, "{none}");
        }
    }
}
