//! One connection of HTTP/2 to the REST interface of a node, shared by many writers: a request of each may be under way.

use std::sync::Arc;

use anyhow::{Context, Result, bail};
use bytes::{Bytes, BytesMut};
use flotilla_local::{LocalNode, tls_client_config};
use h2::client::SendRequest;
use http::{Request, header};
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio_rustls::TlsConnector;

/// What is kept of a refusal for its message.
const REFUSAL_BYTES_MAX: usize = 4096;

/// Clones share the connection.
#[derive(Clone)]
pub(super) struct Rest {
    requests: SendRequest<Bytes>,
    url: Arc<str>,
    authorization: Arc<str>,
    _driver: Arc<Driver>,
}

/// Moves the bytes of the connection; ends with the last clone.
struct Driver(JoinHandle<()>);

impl Drop for Driver {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Rest {
    /// Logs in with the node's own token.
    pub(super) async fn connect(node: &LocalNode) -> Result<Self> {
        let mut tls = tls_client_config(&[node.authority_file()])?;
        tls.alpn_protocols = vec![b"h2".to_vec()];
        let url = node.admin_url();
        let authority = url.strip_prefix("https://").context("the URL is not of HTTPS")?;
        let host = authority.rsplit_once(':').context("the URL has no port")?.0.to_owned();
        let socket = TcpStream::connect(authority).await.with_context(|| format!("cannot connect to {url}"))?;
        socket.set_nodelay(true)?;
        let stream = TlsConnector::from(Arc::new(tls)).connect(ServerName::try_from(host)?, socket).await?;
        let (requests, connection) = h2::client::handshake(stream).await?;
        // A connection that broke fails the requests on it, which say so.
        let driver = tokio::spawn(async move { drop(connection.await) });
        let token = std::fs::read_to_string(node.dir.join("admin.token"))?;
        Ok(Self {
            requests,
            url: url.into(),
            authorization: format!("Bearer {}", token.trim()).into(),
            _driver: Arc::new(Driver(driver)),
        })
    }

    /// Returns when the change is acknowledged.
    pub(super) async fn put(&self, path: &str, body: Bytes) -> Result<()> {
        let request = Request::put(format!("{}{path}", self.url))
            .header(header::AUTHORIZATION, &*self.authorization)
            .header(header::CONTENT_TYPE, "application/json")
            .body(())?;
        let mut requests = self.requests.clone().ready().await?;
        let (response, mut sending) = requests.send_request(request, false)?;
        sending.send_data(body, true)?;
        let (head, mut content) = response.await?.into_parts();
        let mut text = BytesMut::new();
        while let Some(piece) = content.data().await {
            let piece = piece?;
            content.flow_control().release_capacity(piece.len())?;
            if text.len() < REFUSAL_BYTES_MAX {
                text.extend_from_slice(&piece);
            }
        }
        if !head.status.is_success() {
            bail!("a write was refused: {} {}", head.status, String::from_utf8_lossy(&text));
        }
        Ok(())
    }
}
