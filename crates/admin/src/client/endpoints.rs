//! The nodes that a client may ask. Any of them answers for the cluster, so when one does not, the next is tried.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use reqwest::{Request, Url};

use super::ClientError;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// A change waits for the cluster; an election is far shorter than this.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// Where the nodes are, and how long one may take.
#[derive(Debug, Clone)]
pub struct Endpoints {
    urls: Vec<String>,
    name: Option<String>,
    pub(super) connect_timeout: Duration,
    pub(super) request_timeout: Duration,
}

impl Endpoints {
    /// Admin URLs, the first one asked first.
    pub fn new(urls: impl IntoIterator<Item = impl AsRef<str>>) -> Self {
        let urls = urls.into_iter().map(|url| url.as_ref().trim_end_matches('/').to_owned()).collect();
        Self { urls, name: None, connect_timeout: CONNECT_TIMEOUT, request_timeout: REQUEST_TIMEOUT }
    }

    /// How errors call them beside the URL: `profile prod`.
    #[must_use]
    pub fn named(mut self, name: &str) -> Self {
        self.name = Some(name.to_owned());
        self
    }

    /// A further node, asked after the others; whether it was not among them.
    pub fn add(&mut self, url: &str) -> bool {
        let url = url.trim_end_matches('/');
        let is_new = !self.urls.iter().any(|known| known == url);
        if is_new {
            self.urls.push(url.to_owned());
        }
        is_new
    }

    /// For a caller who would rather ask again than wait.
    #[must_use]
    pub fn with_patience(mut self, patience: Duration) -> Self {
        self.connect_timeout = CONNECT_TIMEOUT.min(patience);
        self.request_timeout = patience;
        self
    }
}

/// The nodes, and which one answered last.
pub(super) struct Nodes {
    urls: Vec<String>,
    bases: Vec<Url>,
    name: Option<String>,
    current: AtomicUsize,
}

impl Nodes {
    pub(super) fn of(endpoints: &Endpoints) -> Result<Self, ClientError> {
        let wrong = |url: &str, reason: String| ClientError::Address { url: url.to_owned(), reason };
        let base = |url: &String| {
            let base = Url::parse(url).map_err(|error| wrong(url, error.to_string()))?;
            match base.scheme() {
                "https" => Ok(base),
                _ => Err(wrong(url, "it has to begin with https://".to_owned())),
            }
        };
        let bases = endpoints.urls.iter().map(base).collect::<Result<Vec<_>, _>>()?;
        if bases.is_empty() {
            return Err(wrong("", "no node is named".to_owned()));
        }
        let (urls, name) = (endpoints.urls.clone(), endpoints.name.clone());
        Ok(Self { urls, bases, name, current: AtomicUsize::new(0) })
    }

    /// The URL of the one that answered last, or of the first.
    pub(super) fn current(&self) -> &str {
        &self.urls[self.current.load(Ordering::Relaxed)]
    }

    /// All of them, beginning with the one that answered last.
    pub(super) fn in_turn(&self) -> impl Iterator<Item = usize> + use<> {
        let (first, count) = (self.current.load(Ordering::Relaxed), self.urls.len());
        (0..count).map(move |step| (first + step) % count)
    }

    pub(super) fn answered(&self, index: usize) {
        self.current.store(index, Ordering::Relaxed);
    }

    /// What errors say of a node.
    pub(super) fn place(&self, index: usize) -> String {
        match &self.name {
            Some(name) => format!("{} ({name})", self.urls[index]),
            None => self.urls[index].clone(),
        }
    }

    /// The URL from which all requests are made.
    pub(super) fn template(&self) -> &str {
        &self.urls[0]
    }

    /// The request, made from [`Nodes::template`], for one node; none if its body can be sent only once.
    pub(super) fn addressed(&self, request: &Request, index: usize) -> Option<Request> {
        let mut request = request.try_clone()?;
        let path = request.url().path();
        let path = path.strip_prefix(prefix(&self.bases[0])).unwrap_or(path);
        let mut url = self.bases[index].clone();
        url.set_path(&format!("{}{path}", prefix(&self.bases[index])));
        url.set_query(request.url().query());
        *request.url_mut() = url;
        Some(request)
    }
}

/// A path before all paths, as of a proxy.
fn prefix(base: &Url) -> &str {
    base.path().trim_end_matches('/')
}

#[cfg(test)]
mod tests {
    use reqwest::Method;

    use super::*;

    fn nodes(urls: &[&str]) -> Nodes {
        Nodes::of(&Endpoints::new(urls)).unwrap()
    }

    #[test]
    fn a_request_is_addressed_to_each_node_as_it_is() {
        let nodes = nodes(&["https://a.example:8444/", "https://B.example:443", "https://c.example/flotilla/"]);
        let url = format!("{}/api/v2.0/routes/a%2Fb?kind=order%2E%2A", nodes.template());
        let request = Request::new(Method::GET, url.parse().unwrap());
        let urls: Vec<String> =
            (0..3).map(|index| nodes.addressed(&request, index).unwrap().url().to_string()).collect();
        let path = "api/v2.0/routes/a%2Fb?kind=order%2E%2A";
        let wanted = ["https://a.example:8444/", "https://b.example/", "https://c.example/flotilla/"];
        assert_eq!(urls, wanted.map(|base| format!("{base}{path}")));
    }

    #[test]
    fn the_one_that_answered_is_asked_first() {
        let nodes = nodes(&["https://a", "https://b", "https://c"]);
        assert_eq!(nodes.in_turn().collect::<Vec<_>>(), [0, 1, 2]);
        nodes.answered(2);
        assert_eq!(nodes.in_turn().collect::<Vec<_>>(), [2, 0, 1]);
        assert_eq!(nodes.current(), "https://c");
    }

    #[test]
    fn addresses_are_checked_and_places_named() {
        for wrong in [&[][..], &["ft1.example.org:8444"], &["http://ft1.example.org:8444"], &["https://"]] {
            assert!(matches!(Nodes::of(&Endpoints::new(wrong)), Err(ClientError::Address { .. })), "{wrong:?}");
        }
        let named = Nodes::of(&Endpoints::new(["https://a/"]).named("profile prod")).unwrap();
        assert_eq!(named.place(0), "https://a (profile prod)");
    }
}
