//! A TLS connection on which a test writes what no HTTP client would.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

use crate::rig::{PASSWORD, Rig};

pub(crate) struct Raw(pub(crate) TlsStream<TcpStream>);

pub(crate) async fn connect(rig: &Rig) -> std::io::Result<Raw> {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(rig.certificate.clone()).unwrap();
    let config = rustls::ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    let stream = TcpStream::connect(rig.gateway.local_addr()).await?;
    let name = ServerName::try_from("localhost").unwrap();
    Ok(Raw(tokio_rustls::TlsConnector::from(Arc::new(config)).connect(name, stream).await?))
}

pub(crate) fn authorization() -> String {
    let encoded = base64::engine::general_purpose::STANDARD.encode(format!("ann:{PASSWORD}"));
    format!("Authorization: Basic {encoded}\r\n")
}

impl Raw {
    pub(crate) async fn write(&mut self, text: impl AsRef<[u8]>) {
        self.0.write_all(text.as_ref()).await.unwrap();
        self.0.flush().await.unwrap();
    }

    /// A request of `ann`, up to the end of its head.
    pub(crate) async fn head(&mut self, line: &str, headers: &str) {
        let head = format!("{line} HTTP/1.1\r\nHost: localhost\r\n{}{headers}\r\n", authorization());
        self.write(head).await;
    }

    /// Reads until the head of an answer has come; gives its status.
    pub(crate) async fn status(&mut self) -> u16 {
        let mut text = Vec::new();
        while !text.ends_with(b"\r\n\r\n") {
            text.push(self.0.read_u8().await.unwrap());
        }
        String::from_utf8(text).unwrap().split(' ').nth(1).unwrap().parse().unwrap()
    }

    /// Reads until the server closes; fails when it does not.
    pub(crate) async fn until_closed(&mut self) -> Vec<u8> {
        let mut all = Vec::new();
        let reading = async {
            let mut piece = [0; 16 << 10];
            while let Ok(count) = self.0.read(&mut piece).await {
                if count == 0 {
                    break;
                }
                all.extend_from_slice(&piece[..count]);
            }
        };
        tokio::time::timeout(Duration::from_secs(10), reading).await.expect("the server did not close");
        all
    }
}
