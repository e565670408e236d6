//! The typed client of the REST interface: the command line, the demo, tests and joining nodes use it.
//!
//! It keeps its connections and can be cloned cheaply. Whom it trusts is decided by the rustls configuration that it is
//! given: the cluster's CAs ([`flotilla_pki::https_client_config`]) or the pinned CA of a join token.

mod access;
mod account_activity;
mod calls;
mod certificates;
mod cluster;
mod endpoints;
mod error;
mod queue;
mod secret;
mod server_log;
mod statistics;
mod sync;

use std::sync::Arc;

use reqwest::header::{ACCEPT, CONTENT_TYPE, IF_MATCH};
use reqwest::{Method, Request, RequestBuilder, Response, StatusCode};
use serde::Serialize;
use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

pub use endpoints::Endpoints;
pub use error::ClientError;

use crate::api::{BASE_PATH, Problem};
use crate::local_token::LocalToken;
use endpoints::Nodes;

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
    nodes: Arc<Nodes>,
    login: Login,
}

/// What a node said, and which one it was.
struct Answer {
    place: String,
    status: StatusCode,
    body: Vec<u8>,
}

impl Client {
    /// `url` is a node's admin URL. Nothing is sent yet.
    pub fn new(url: &str, tls: rustls::ClientConfig, login: Login) -> Result<Self, ClientError> {
        Self::through(&Endpoints::new([url]), tls, login)
    }

    /// Asks the first of these nodes that answers.
    pub fn through(endpoints: &Endpoints, tls: rustls::ClientConfig, login: Login) -> Result<Self, ClientError> {
        let nodes = Nodes::of(endpoints)?;
        let http = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .https_only(true)
            // A node is reached directly; a proxy of the environment is for other hosts.
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(endpoints.connect_timeout)
            .timeout(endpoints.request_timeout)
            .build()
            .map_err(|source| ClientError::Build { source })?;
        Ok(Self { http, nodes: Arc::new(nodes), login })
    }

    /// Of the node that answered last.
    pub fn url(&self) -> &str {
        self.nodes.current()
    }

    /// `path` is below [`BASE_PATH`].
    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.request_absolute(method, &format!("{BASE_PATH}/{path}"))
    }

    fn request_absolute(&self, method: Method, path: &str) -> RequestBuilder {
        let request =
            self.http.request(method, format!("{}{path}", self.nodes.template())).header(ACCEPT, "application/json");
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
        decode(success(self.execute(request).await?)?)
    }

    /// The body of a success.
    async fn fetch(&self, request: RequestBuilder) -> Result<Vec<u8>, ClientError> {
        Ok(success(self.execute(request).await?)?.body)
    }

    /// The answer of the first node that takes the request. The next one is tried only after one that has done nothing.
    async fn execute(&self, request: RequestBuilder) -> Result<Answer, ClientError> {
        self.execute_unless(request, Some(StatusCode::SERVICE_UNAVAILABLE)).await
    }

    /// `passed_on` is the status of an answer that sends the request on to the next node.
    async fn execute_unless(
        &self,
        request: RequestBuilder,
        passed_on: Option<StatusCode>,
    ) -> Result<Answer, ClientError> {
        let request = request.build().map_err(|source| ClientError::Request { source })?;
        let mut failed = Vec::new();
        for index in self.nodes.in_turn() {
            // Only streams cannot be sent twice, and no request here has one.
            let Some(request) = self.nodes.addressed(&request, index) else { break };
            match self.ask(request, index).await {
                Ok(answer) if Some(answer.status) == passed_on => failed.extend(success(answer).err()),
                Ok(answer) => {
                    self.nodes.answered(index);
                    return Ok(answer);
                }
                Err(error) if error.is_retryable() => failed.push(error),
                Err(error) => return Err(error),
            }
        }
        Err(ClientError::of_all(failed))
    }

    async fn ask(&self, request: Request, index: usize) -> Result<Answer, ClientError> {
        let place = self.nodes.place(index);
        let is_safe = request.method().is_safe();
        let unreachable = |source| ClientError::Unreachable { url: place.clone(), source, is_safe };
        let response = self.http.execute(request).await.map_err(unreachable)?;
        let status = response.status();
        match collect(response).await.map_err(unreachable)? {
            Some(body) => Ok(Answer { place, status, body }),
            None => Err(ClientError::TooLarge { url: place }),
        }
    }
}

/// None: there is more than can be read.
async fn collect(mut response: Response) -> Result<Option<Vec<u8>>, reqwest::Error> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if body.len() + chunk.len() > ANSWER_BYTES_MAX {
            return Ok(None);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Some(body))
}

/// A refusal, with the node's reason, is an error.
fn success(answer: Answer) -> Result<Answer, ClientError> {
    if answer.status.is_success() {
        return Ok(answer);
    }
    match serde_json::from_slice::<Problem>(&answer.body) {
        Ok(problem) => Err(ClientError::Refused { url: answer.place, problem: Box::new(problem) }),
        Err(_) => Err(ClientError::Unexpected { url: answer.place, status: answer.status.as_u16() }),
    }
}

fn decode<T: DeserializeOwned>(answer: Answer) -> Result<T, ClientError> {
    serde_json::from_slice(&answer.body).map_err(|source| ClientError::Decode { url: answer.place, source })
}

impl std::fmt::Debug for Client {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Client").field("url", &self.url()).finish_non_exhaustive()
    }
}
