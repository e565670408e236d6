//! A small server that speaks the contract of `POST /events/stream` over real TLS, strictly.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Context, Result, bail, ensure};
use base64::Engine;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

use crate::publisher::Target;

pub(crate) const ACCOUNT: &str = "load";
pub(crate) const PASSWORD: &str = "a password: with colons";

/// How the server treats the stream.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Behaviour {
    /// Answers when this many events wait, or when `total` were read.
    Groups { size: u64, total: u64 },
    /// As soon as a chunk is read, in pieces that respect no boundary.
    Shredded,
    /// Refuses the event of this number, counted from 1.
    RefuseEvent(u64),
    /// Refuses the request with this status line and body.
    RefuseRequest(&'static str, &'static str),
    /// Ends the connection after this many events.
    Cut(u64),
}

pub(crate) struct Server {
    pub(crate) target: Target,
    pub(crate) events: Arc<AtomicU64>,
    accepting: JoinHandle<Result<()>>,
}

impl Server {
    pub(crate) async fn start(behaviour: Behaviour) -> Result<Self> {
        let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()])?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
        let server = rustls::ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key)?;
        let mut roots = rustls::RootCertStore::empty();
        roots.add(made.cert.der().clone())?;
        let client = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await?;
        let target = Target {
            address: listener.local_addr()?,
            account: ACCOUNT.to_owned(),
            password: PASSWORD.to_owned(),
            tls: Arc::new(client),
        };
        let acceptor = TlsAcceptor::from(Arc::new(server));
        let events = Arc::new(AtomicU64::new(0));
        let counter = Arc::clone(&events);
        // One connection: its result is the test's.
        let accepting = tokio::spawn(async move {
            let (stream, _) = listener.accept().await?;
            serve(acceptor, stream, behaviour, &counter).await
        });
        Ok(Self { target, events, accepting })
    }

    /// The server's word on the connection, when it is over.
    pub(crate) async fn finish(self) -> Result<u64> {
        self.accepting.await??;
        Ok(self.events.load(Ordering::Relaxed))
    }
}

async fn serve(acceptor: TlsAcceptor, stream: TcpStream, behaviour: Behaviour, events: &AtomicU64) -> Result<()> {
    let mut stream = BufReader::new(acceptor.accept(stream).await?);
    read_head(&mut stream).await?;
    if let Behaviour::RefuseRequest(status, body) = behaviour {
        let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n{body}", body.len());
        stream.write_all(head.as_bytes()).await?;
        stream.flush().await?;
        return Ok(());
    }
    let head = b"HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n";
    stream.write_all(head).await?;
    stream.flush().await?;
    let (mut read, mut answered) = (0, 0);
    loop {
        let chunk = read_chunk(&mut stream).await?;
        if chunk.is_empty() {
            stream.write_all(b"0\r\n\r\n").await?;
            stream.flush().await?;
            ensure!(read == answered, "the client left before its answers");
            return Ok(());
        }
        let lines: Vec<&[u8]> = chunk.split_inclusive(|byte| *byte == b'\n').collect();
        for line in lines {
            ensure!(line.ends_with(b"\n"), "a line goes on in another chunk");
            let event: Value = serde_json::from_slice(line)?;
            ensure!(event["kind"].is_string() && event["data"].is_string(), "an event without kind or data: {event}");
            read += 1;
        }
        events.store(read, Ordering::Relaxed);
        let due = match behaviour {
            Behaviour::Groups { size, total } if read - answered < size && read < total => 0,
            Behaviour::Cut(after) if read >= after => return Ok(()),
            _ => read - answered,
        };
        if due > 0 {
            write_answers(&mut stream, behaviour, answered + 1..=answered + due).await?;
            answered += due;
        }
    }
}

type Stream = BufReader<tokio_rustls::server::TlsStream<TcpStream>>;

async fn read_head(stream: &mut Stream) -> Result<()> {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await?;
        match line.strip_suffix("\r\n").context("a line of the head has no end")? {
            "" => break,
            line => lines.push(line.to_owned()),
        }
    }
    let login = base64::engine::general_purpose::STANDARD.encode(format!("{ACCOUNT}:{PASSWORD}"));
    ensure!(lines[0] == "POST /events/stream HTTP/1.1", "{}", lines[0]);
    for wanted in [
        format!("Authorization: Basic {login}"),
        "Content-Type: application/x-ndjson".to_owned(),
        "Transfer-Encoding: chunked".to_owned(),
    ] {
        ensure!(lines.contains(&wanted), "no '{wanted}' in {lines:?}");
    }
    ensure!(lines.iter().any(|line| line.starts_with("Host: 127.0.0.1:")), "no Host in {lines:?}");
    Ok(())
}

/// The data of the next chunk; empty at the end of the body.
async fn read_chunk(stream: &mut Stream) -> Result<Vec<u8>> {
    let mut size = String::new();
    stream.read_line(&mut size).await?;
    let size = usize::from_str_radix(size.strip_suffix("\r\n").context("a chunk size has no end")?, 16)?;
    let mut data = vec![0; size + 2];
    stream.read_exact(&mut data).await?;
    if !data.ends_with(b"\r\n") {
        bail!("a chunk of {size} bytes has no end");
    }
    data.truncate(size);
    Ok(data)
}

async fn write_answers(stream: &mut Stream, behaviour: Behaviour, ids: std::ops::RangeInclusive<u64>) -> Result<()> {
    let line = |id| match behaviour {
        Behaviour::RefuseEvent(refused) if id == refused => {
            "{\"error\":{\"code\":\"queue-full\",\"detail\":\"no room\",\"retry_after_s\":1}}\n".to_owned()
        }
        _ => format!("{{\"id\":{id}}}\n"),
    };
    let text: String = ids.map(line).collect();
    let piece_bytes = if matches!(behaviour, Behaviour::Shredded) { 5 } else { text.len() };
    for piece in text.as_bytes().chunks(piece_bytes) {
        stream.write_all(format!("{:x}\r\n", piece.len()).as_bytes()).await?;
        stream.write_all(piece).await?;
        stream.write_all(b"\r\n").await?;
        if matches!(behaviour, Behaviour::Shredded) {
            stream.flush().await?;
        }
    }
    stream.flush().await?;
    Ok(())
}
