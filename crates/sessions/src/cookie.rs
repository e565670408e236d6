//! The cookie of a session: sealed (AES-256-GCM) with a key derived from the cluster secret, so that every node reads it and nobody
//! else can make one. While the secret is changed, cookies under the old and the new one are good.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use flotilla_model::LoginSessionId;
use flotilla_pki::{KeyError, Purpose, SecretSet};

const ATTRIBUTES: &str = "Path=/; Secure; HttpOnly; SameSite=Strict";
const CSRF_BYTES: usize = 16;
const LENGTH: usize = 16 + CSRF_BYTES + 8;

/// What is sealed: the id (16 bytes), the CSRF token (16), when it was given out (8, milliseconds since 1970), big-endian.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionCookie {
    pub id: LoginSessionId,
    /// What a page of ours sends in a header besides, and a page of another site does not know.
    pub csrf: [u8; CSRF_BYTES],
    /// The session was used at this time or a little later.
    pub given_ms: u64,
}

/// Whose sessions they are. A cookie of one kind is none of another.
#[derive(Clone, Copy, Debug)]
pub struct CookieKind {
    name: &'static str,
    context: &'static [u8],
}

/// A cookie that a cluster secret in force has sealed.
#[derive(Clone, Copy, Debug)]
pub struct Opened {
    pub cookie: SessionCookie,
    /// Under the current secret, not under one that is on its way out.
    pub is_current: bool,
}

impl CookieKind {
    /// With a `name` that begins with `__Host-` a browser takes it only over TLS, for this host alone and from this host alone
    /// (RFC 6265bis). The `context` sets these seals apart from all others of the same key.
    pub const fn new(name: &'static str, context: &'static [u8]) -> Self {
        Self { name, context }
    }

    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The value of the cookie.
    pub fn seal(&self, cookie: &SessionCookie, secrets: &SecretSet) -> Result<String, KeyError> {
        let mut plain = Vec::with_capacity(LENGTH);
        plain.extend_from_slice(&cookie.id.0.to_be_bytes());
        plain.extend_from_slice(&cookie.csrf);
        plain.extend_from_slice(&cookie.given_ms.to_be_bytes());
        let key = secrets.current().derive(Purpose::Cookies);
        Ok(URL_SAFE_NO_PAD.encode(key.seal(self.context, &plain)?))
    }

    pub fn open(&self, value: &str, secrets: &SecretSet) -> Option<Opened> {
        let sealed = URL_SAFE_NO_PAD.decode(value).ok()?;
        let keys = secrets.keys(Purpose::Cookies);
        let found = keys.iter().enumerate().find_map(|(at, key)| Some((at, key.open(self.context, &sealed).ok()?)));
        let (position, plain) = found?;
        let (id, rest) = plain.split_first_chunk()?;
        let (csrf, rest) = rest.split_first_chunk()?;
        let given_ms = u64::from_be_bytes(rest.try_into().ok()?);
        let cookie = SessionCookie { id: LoginSessionId(u128::from_be_bytes(*id)), csrf: *csrf, given_ms };
        Some(Opened { cookie, is_current: position == 0 })
    }

    /// The value of ours among the cookies of a request.
    pub fn find<'a>(&self, header: &'a str) -> Option<&'a str> {
        header.split(';').find_map(|pair| pair.trim().strip_prefix(self.name)?.strip_prefix('='))
    }

    /// `Set-Cookie` of a value.
    pub fn set(&self, value: &str) -> String {
        format!("{}={value}; {ATTRIBUTES}", self.name)
    }

    /// `Set-Cookie` that takes it away.
    pub fn cleared(&self) -> String {
        format!("{}=; {ATTRIBUTES}; Max-Age=0", self.name)
    }
}

impl SessionCookie {
    /// As pages send it back in `X-CSRF-Token`.
    pub fn csrf_text(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.csrf)
    }
}

#[cfg(test)]
mod tests {
    use flotilla_pki::ClusterSecret;

    use super::*;

    const KIND: CookieKind = CookieKind::new("__Host-flotilla-session", b"flotilla v1 session cookie");
    const COOKIE: SessionCookie = SessionCookie { id: LoginSessionId(7), csrf: [3; 16], given_ms: 99 };

    #[test]
    fn every_secret_in_force_opens_it_and_no_other_does() {
        let [old, new, strange] = [(); 3].map(|()| ClusterSecret::generate().unwrap());
        let value = KIND.seal(&COOKIE, &SecretSet::new(old.clone())).unwrap();
        let opened = KIND.open(&value, &SecretSet::new(old.clone())).unwrap();
        assert_eq!((opened.cookie, opened.is_current), (COOKIE, true));
        let during = SecretSet::new(new.clone()).accepting(old.clone());
        let opened = KIND.open(&value, &during).unwrap();
        assert_eq!((opened.cookie, opened.is_current), (COOKIE, false));
        assert!(CookieKind::new("a", b"b").open(&value, &SecretSet::new(old.clone())).is_none(), "of another kind");
        for other in [SecretSet::new(strange), SecretSet::new(new).opening(old)] {
            assert!(KIND.open(&value, &other).is_none());
        }
    }

    #[test]
    fn an_altered_one_is_none() {
        let secrets = SecretSet::new(ClusterSecret::generate().unwrap());
        let value = KIND.seal(&COOKIE, &secrets).unwrap();
        for position in 0..value.len() {
            let mut altered = value.clone().into_bytes();
            altered[position] = if altered[position] == b'A' { b'B' } else { b'A' };
            let altered = String::from_utf8(altered).unwrap();
            assert!(KIND.open(&altered, &secrets).is_none(), "{position}");
        }
        for other in ["", "A", "!!!", &value[4..], &format!("{value}AAAA")] {
            assert!(KIND.open(other, &secrets).is_none(), "{other}");
        }
        let sealed = secrets.current().derive(Purpose::Cookies).seal(KIND.context, &[1; LENGTH + 1]).unwrap();
        assert!(KIND.open(&URL_SAFE_NO_PAD.encode(sealed), &secrets).is_none(), "too long");
    }

    #[test]
    fn it_is_found_among_others() {
        assert_eq!(KIND.find("a=b; __Host-flotilla-session=xyz; c=d"), Some("xyz"));
        assert_eq!(KIND.find("__Host-flotilla-session=xyz"), Some("xyz"));
        for none in ["", "a=b", "x__Host-flotilla-session=1", "__Host-flotilla-session2=1", "__host-flotilla-session=1"]
        {
            assert_eq!(KIND.find(none), None, "{none}");
        }
    }
}
