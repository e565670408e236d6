//! Addresses of pages: all below `/web/`, where no partner's file can be.

use actix_web::http::{Method, header};

use crate::page::assets::{ASSETS, Asset};
use crate::request::head::Head;

pub(super) const ROOT: &str = "/web/";
pub(super) const FILES: &str = "/web/files/";
pub(super) const LOGIN: &str = "/web/login";

/// What a path names.
#[derive(Clone, Copy)]
pub(crate) enum Target {
    /// The bare address of the server, in a browser.
    Start,
    Asset(&'static Asset),
    Login,
    Logout,
    Files,
    Password,
    Send,
    Delete,
    Rename,
    /// Asked now and then while an upload goes on, so that the session does not lie idle.
    Alive,
}

impl Target {
    /// `None` for what is no page.
    pub(crate) fn parse(head: Head<'_>) -> Option<Self> {
        let path = head.uri.path();
        if path == "/" {
            return is_browser(head).then_some(Self::Start);
        }
        let rest = path.strip_prefix(ROOT)?;
        match rest {
            "" => Some(Self::Start),
            "login" => Some(Self::Login),
            "logout" => Some(Self::Logout),
            "password" => Some(Self::Password),
            "send" => Some(Self::Send),
            "delete" => Some(Self::Delete),
            "rename" => Some(Self::Rename),
            "alive" => Some(Self::Alive),
            _ if path.starts_with(FILES) => Some(Self::Files),
            _ => ASSETS.find(path).map(Self::Asset),
        }
    }
}

/// Somebody who wants a page and has not said who they are; programs go on hearing that they must.
fn is_browser(head: Head<'_>) -> bool {
    let accept = head.headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    *head.method == Method::GET && accept.contains("text/html") && !head.headers.contains_key(header::AUTHORIZATION)
}

#[cfg(test)]
mod tests {
    use actix_web::http::Uri;
    use actix_web::http::header::{HeaderMap, HeaderValue};

    use super::*;

    fn parse(path: &str, accept: &str, with_password: bool) -> Option<Target> {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT, HeaderValue::from_str(accept).unwrap());
        if with_password {
            headers.insert(header::AUTHORIZATION, HeaderValue::from_static("Basic eDp5"));
        }
        Target::parse(Head { method: &Method::GET, uri: &path.parse::<Uri>().unwrap(), headers: &headers, peer: None })
    }

    #[test]
    fn programs_are_not_led_to_a_page() {
        assert!(matches!(parse("/", "text/html,*/*", false), Some(Target::Start)));
        assert!(parse("/", "*/*", false).is_none() && parse("/", "text/html", true).is_none());
        for path in ["/files/", "/web", "/web/x", "/Web/login", "/events", "/uploads"] {
            assert!(parse(path, "text/html", false).is_none(), "{path}");
        }
    }

    #[test]
    fn pages_have_one_address_each() {
        assert!(matches!(parse("/web/login", "*/*", false), Some(Target::Login)));
        assert!(matches!(parse("/web/files/a/b/", "*/*", false), Some(Target::Files)));
        assert!(matches!(parse(&ASSETS.style.path, "*/*", false), Some(Target::Asset(_))));
    }
}
