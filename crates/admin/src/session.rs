//! Sessions of administrators in browsers: a sealed cookie, and a row of the state that it belongs to.

use flotilla_sessions::CookieKind;
pub(crate) use flotilla_sessions::{Opened, SessionCookie, draw_id};

pub(crate) const COOKIE: CookieKind = CookieKind::new("__Host-flotilla-session", b"flotilla v1 session cookie");
