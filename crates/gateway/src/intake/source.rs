//! Who sends a file: what is kept of the head of a request that may be over before its work is.

use std::net::SocketAddr;

use crate::request::head::Head;

#[derive(Clone, Debug)]
pub(crate) struct Source {
    pub(crate) peer: Option<SocketAddr>,
    traceparent: Option<String>,
}

impl Source {
    pub(crate) fn of(head: Head<'_>) -> Self {
        // A malformed one is as good as none: the standard asks for that.
        let traceparent = head.headers.get("traceparent").and_then(|value| value.to_str().ok()).map(str::to_owned);
        Self { peer: head.peer, traceparent }
    }

    pub(crate) fn traceparent(&self) -> Option<&str> {
        self.traceparent.as_deref()
    }

    /// As it stands in the transfer log.
    pub(crate) fn remote(&self) -> String {
        self.peer.map(|peer| peer.to_string()).unwrap_or_default()
    }
}
