//! The typed client of the REST interface: the command line, the demo, tests and joining nodes use it.
//!
//! It keeps its connections and can be cloned cheaply. Whom it trusts is decided by the rustls configuration that it is
//! given: the cluster's CAs ([`flotilla_pki::https_client_config`]) or the pinned CA of a join token.

mod access;
mod calls;
mod certificates;
mod cluster;
mod error;
mod queue;
mod secret;
mod sync;

use std::time::Duration;

use reqwest::header::{ACCEPT, CONTENT_TYPE, IF_MATCH};
use reqwest::{Method, RequestBuilder, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

pub use error::ClientError;

use crate::api::{BASE_PATH, Problem};
use crate::local_token::LocalToken;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// A change waits for the cluster; an election is far shorter than this.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);
/// The largest answer is a page of 1000 transfers with all their steps.
const ANSWER_BYTES_MAX: usize = 64 << 20;

/// Who is calling.
#[derive(Clone)]
pub enum Login {
    /// Only `cluster/join`, `/livez` and `/readyz` answer.
    None,
    Local(LocalToken),
    Password {
        name: String,
        password: Zeroizing<String>,
    },
    /// An API token, `flt_…`.
    Token(Zeroizing<String>),
}

#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    /// `https://host:port`, no trailing slash.
    url: String,
    login: Login,
}

impl Client {
    /// `url` is a node's admin URL. Nothing is sent yet.
    pub fn new(url: &str, tls: rustls::ClientConfig, login: Login) -> Result<Self, ClientError> {
        let http = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .https_only(true)
            // A node is reached directly; a proxy of the environment is for other hosts.
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(REQUEST_TIMEOUT)
            .build()
            .map_err(|source| ClientError::Build { source })?;
        Ok(Self { http, url: url.trim_end_matches('/').to_owned(), login })
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    /// `path` is below [`BASE_PATH`].
    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.request_absolute(method, &format!("{BASE_PATH}/{path}"))
    }

    fn request_absolute(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.url)).header(ACCEPT, "application/json");
        match &self.login {
            Login::None => request,
            Login::Local(token) => request.bearer_auth(token.expose()),
            Login::Token(token) => request.bearer_auth(token.as_str()),
            Login::Password { name, password } => request.basic_auth(name, Some(password.as_str())),
        }
    }

    async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, ClientError> {
        self.read(self.request(Method::GET, path)).await
    }

    async fn query<Q: Serialize + Sync, T: DeserializeOwned>(&self, path: &str, query: &Q) -> Result<T, ClientError> {
        self.read(self.request(Method::GET, path).query(query)).await
    }

    async fn send<B: Serialize + Sync, T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: &B,
        if_version: Option<u64>,
    ) -> Result<T, ClientError> {
        let body = serde_json::to_vec(body).map_err(|source| ClientError::Encode { source })?;
        let mut request = self.request(method, path).header(CONTENT_TYPE, "application/json").body(body);
        if let Some(version) = if_version {
            request = request.header(IF_MATCH, format!("\"{version}\""));
        }
        self.read(request).await
    }

    async fn read<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T, ClientError> {
        let body = self.fetch(request).await?;
        serde_json::from_slice(&body).map_err(|source| ClientError::Decode { url: self.url.clone(), source })
    }

    /// The body of a success.
    async fn fetch(&self, request: RequestBuilder) -> Result<Vec<u8>, ClientError> {
        let response = request.send().await.map_err(|source| self.unreachable(source))?;
        let status = response.status();
        let body = self.collect(response).await?;
        if status.is_success() {
            return Ok(body);
        }
        match serde_json::from_slice::<Problem>(&body) {
            Ok(problem) => Err(ClientError::Refused { url: self.url.clone(), problem: Box::new(problem) }),
            Err(_) => Err(ClientError::Unexpected { url: self.url.clone(), status: status.as_u16() }),
        }
    }

    async fn collect(&self, mut response: Response) -> Result<Vec<u8>, ClientError> {
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|source| self.unreachable(source))? {
            if body.len() + chunk.len() > ANSWER_BYTES_MAX {
                return Err(ClientError::TooLarge { url: self.url.clone() });
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }

    fn unreachable(&self, source: reqwest::Error) -> ClientError {
        ClientError::Unreachable { url: self.url.clone(), source }
    }
}

impl std::fmt::Debug for Client {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Client").field("url", &self.url).finish_non_exhaustive()
    }
}
