//! The head of a request as the handlers use it, whether it comes through the service or through `Expect`.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use actix_web::http::header::{self, HeaderMap};
use actix_web::http::{Method, Uri};

use crate::problem::Problem;

#[derive(Clone, Copy)]
pub(crate) struct Head<'a> {
    pub(crate) method: &'a Method,
    pub(crate) uri: &'a Uri,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) peer: Option<SocketAddr>,
}

impl Head<'_> {
    pub(crate) fn address(&self) -> IpAddr {
        self.peer.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.ip())
    }

    /// The announced length of the body.
    pub(crate) fn content_length(&self) -> Result<Option<u64>, Problem> {
        let Some(value) = text(self.headers, header::CONTENT_LENGTH.as_str())? else { return Ok(None) };
        value.trim().parse().map(Some).map_err(|_| Problem::header("content-length", "not a number"))
    }
}

/// A header's value; several lines of it are joined as a list.
pub(crate) fn text(headers: &HeaderMap, name: &'static str) -> Result<Option<String>, Problem> {
    let mut joined: Option<String> = None;
    for value in headers.get_all(name) {
        let value = value.to_str().map_err(|_| Problem::header(name, "only ASCII characters are allowed"))?;
        match &mut joined {
            Some(joined) => {
                joined.push_str(", ");
                joined.push_str(value);
            }
            None => joined = Some(value.to_owned()),
        }
    }
    Ok(joined)
}
