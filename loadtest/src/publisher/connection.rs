//! One connection with its one request: bytes up and down at the same time, driven by one task.

use std::future::poll_fn;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use base64::Engine;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Interval, MissedTickBehavior};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::lines::EventLines;
use super::response::Response;

/// What may wait to be written: keeps several TLS records ready and bounds the memory of a wide window.
const OUTGOING_BYTES_MAX: usize = 256 * 1024;
/// One TLS record.
const READ_BYTES: usize = 16 * 1024;
/// An event that is not acknowledged within this time ends the run; far beyond any latency that is worth a figure.
const ANSWER_DEADLINE: Duration = Duration::from_secs(30);
/// How often the deadline is looked at.
const WATCH_PERIOD: Duration = Duration::from_secs(1);

/// Whom to publish to, and as whom.
#[derive(Clone)]
pub(crate) struct Target {
    pub(crate) address: SocketAddr,
    pub(crate) account: String,
    pub(crate) password: String,
    pub(crate) tls: Arc<rustls::ClientConfig>,
}

impl Target {
    fn request_head(&self) -> String {
        let login = format!("{}:{}", self.account, self.password);
        format!(
            "POST /events/stream HTTP/1.1\r\nHost: {}\r\nAuthorization: Basic {}\r\nContent-Type: application/x-ndjson\r\n\
             Accept: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n",
            self.address,
            base64::engine::general_purpose::STANDARD.encode(login)
        )
    }
}

pub(crate) struct Connection {
    tls: TlsStream<TcpStream>,
    outgoing: Vec<u8>,
    /// How much of `outgoing` the TLS session has taken.
    written: usize,
    /// Whether the TLS session may hold bytes that the socket has not taken.
    unflushed: bool,
    incoming: Box<[u8]>,
    response: Response,
    /// Events that were sent and are not acknowledged.
    unanswered: u64,
    heard_at: Instant,
    watch: Interval,
}

impl Connection {
    /// Connects and logs in with the head of the request; the first answer shows whether that was accepted.
    pub(crate) async fn open(target: &Target) -> Result<Self> {
        let stream = TcpStream::connect(target.address)
            .await
            .with_context(|| format!("cannot connect to {}", target.address))?;
        stream.set_nodelay(true)?;
        let name = ServerName::from(target.address.ip());
        let tls = TlsConnector::from(Arc::clone(&target.tls)).connect(name, stream).await.context("no TLS session")?;
        let mut watch = tokio::time::interval(WATCH_PERIOD);
        watch.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Ok(Self {
            tls,
            outgoing: target.request_head().into_bytes(),
            written: 0,
            unflushed: false,
            incoming: vec![0; READ_BYTES].into_boxed_slice(),
            response: Response::new(),
            unanswered: 0,
            heard_at: Instant::now(),
            watch,
        })
    }

    /// Takes up to `count` events for sending, as many as there is room for; gives how many these were.
    pub(crate) fn push(&mut self, lines: &mut EventLines, count: u64) -> u64 {
        let mut taken = 0;
        while taken < count && self.outgoing.len() < OUTGOING_BYTES_MAX {
            taken += lines.append_chunk(count - taken, &mut self.outgoing);
        }
        if self.unanswered == 0 && taken > 0 {
            // The wait begins now.
            self.heard_at = Instant::now();
        }
        self.unanswered += taken;
        taken
    }

    /// Writes and reads until events are acknowledged, and gives how many; or until everything is written and there is
    /// room for more, which gives 0. Loses nothing when it is dropped.
    pub(crate) async fn exchange(&mut self) -> Result<u64> {
        poll_fn(|context| self.poll_exchange(context)).await
    }

    /// Ends the request and waits for the end of the response.
    pub(crate) async fn close(mut self) -> Result<()> {
        self.outgoing.extend_from_slice(b"0\r\n\r\n");
        self.heard_at = Instant::now();
        poll_fn(|context| {
            self.poll_write_all(context)?;
            while !self.response.has_ended() {
                if self.poll_read(context)?.is_pending() {
                    self.poll_watch(context)?;
                    return Poll::Pending;
                }
            }
            Poll::Ready(anyhow::Ok(()))
        })
        .await
        .context("the stream did not end in order")
    }

    fn poll_exchange(&mut self, context: &mut TaskContext<'_>) -> Poll<Result<u64>> {
        let written = self.poll_write_all(context);
        let mut answered = 0;
        // Before the error of a write: a refusal says more than the failed write that follows from it.
        while let Poll::Ready(count) = self.poll_read(context)? {
            answered += count;
        }
        let wrote_all = written?;
        if answered > 0 {
            self.heard_at = Instant::now();
            self.unanswered = self.unanswered.checked_sub(answered).context("more answers than events")?;
            return Poll::Ready(Ok(answered));
        }
        if wrote_all {
            return Poll::Ready(Ok(0));
        }
        if self.unanswered > 0 {
            self.poll_watch(context)?;
        }
        Poll::Pending
    }

    /// Gives the rest to the socket, as far as it takes it; whether that was the last of something.
    fn poll_write_all(&mut self, context: &mut TaskContext<'_>) -> Result<bool> {
        let mut wrote_all = false;
        while self.written < self.outgoing.len() {
            match Pin::new(&mut self.tls).poll_write(context, &self.outgoing[self.written..]) {
                Poll::Pending => return Ok(false),
                Poll::Ready(taken) => {
                    self.written += taken.context("cannot send")?;
                    self.unflushed = true;
                    wrote_all = self.written == self.outgoing.len();
                }
            }
        }
        self.outgoing.clear();
        self.written = 0;
        if self.unflushed
            && let Poll::Ready(done) = Pin::new(&mut self.tls).poll_flush(context)
        {
            done.context("cannot send")?;
            self.unflushed = false;
        }
        Ok(wrote_all)
    }

    /// One read; gives how many events it acknowledged.
    fn poll_read(&mut self, context: &mut TaskContext<'_>) -> Result<Poll<u64>> {
        let mut buffer = ReadBuf::new(&mut self.incoming);
        match Pin::new(&mut self.tls).poll_read(context, &mut buffer) {
            Poll::Pending => Ok(Poll::Pending),
            Poll::Ready(read) => {
                read.context("cannot receive")?;
                if buffer.filled().is_empty() {
                    self.response.end_of_connection()?;
                    bail!("the server ended the connection within the stream");
                }
                self.response.feed(buffer.filled()).map(Poll::Ready)
            }
        }
    }

    /// Fails when nothing was heard for too long; wakes the task to look again otherwise.
    fn poll_watch(&mut self, context: &mut TaskContext<'_>) -> Result<()> {
        while self.watch.poll_tick(context).is_ready() {
            if self.heard_at.elapsed() > ANSWER_DEADLINE {
                bail!("no answer for {ANSWER_DEADLINE:?} with {} events on the way", self.unanswered);
            }
        }
        Ok(())
    }
}
