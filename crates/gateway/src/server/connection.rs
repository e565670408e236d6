//! The stream under one HTTP connection. It ends connections that actix would leave open: one whose next request does not
//! come or comes byte by byte, and one whose client does not read.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, BufReader, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep_until};
use tokio_rustls::server::TlsStream;

use crate::server::activity::Activity;
use crate::server::connections::Open;

/// What TLS is spoken over.
pub(crate) type Plain = BufReader<TcpStream>;

pub(crate) struct Connection {
    stream: TlsStream<Plain>,
    activity: Activity,
    /// Between two requests, the head of the next included.
    idle_limit: Duration,
    idle: Timer,
    /// While the client takes nothing.
    write_limit: Duration,
    write: Timer,
    write_waits_since: Option<Instant>,
    _open: Open,
}

impl Connection {
    pub(crate) fn new(stream: TlsStream<Plain>, open: Open, idle_limit: Duration, write_limit: Duration) -> Self {
        Self {
            stream,
            activity: Activity::new(),
            idle_limit,
            idle: Timer::default(),
            write_limit,
            write: Timer::default(),
            write_waits_since: None,
            _open: open,
        }
    }

    pub(crate) fn activity(&self) -> &Activity {
        &self.activity
    }

    /// Passes a result of writing on, and ends a wait for the client that has become too long.
    fn written<T>(&mut self, context: &mut Context<'_>, result: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if result.is_ready() {
            self.write_waits_since = None;
            return result;
        }
        let since = *self.write_waits_since.get_or_insert_with(Instant::now);
        self.write.poll(context, since + self.write_limit).map(|()| Err(timed_out("the client takes no bytes")))
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let filled = buffer.filled().len();
        let result = Pin::new(&mut this.stream).poll_read(context, buffer);
        let is_at_end = result.is_ready() && buffer.filled().len() == filled && buffer.remaining() > 0;
        if is_at_end {
            this.activity.leave();
        }
        // While a request is under way its own timers hold.
        let Some(idle_since) = this.activity.idle_since() else { return result };
        match this.idle.poll(context, idle_since + this.idle_limit) {
            Poll::Ready(()) => Poll::Ready(Err(timed_out("no request came"))),
            Poll::Pending => result,
        }
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.written(context, result)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let result = Pin::new(&mut self.stream).poll_flush(context);
        self.written(context, result)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let result = Pin::new(&mut self.stream).poll_shutdown(context);
        self.written(context, result)
    }
}

fn timed_out(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, what)
}

/// A timer whose deadline may move; made when first needed.
#[derive(Default)]
struct Timer(Option<Pin<Box<Sleep>>>);

impl Timer {
    fn poll(&mut self, context: &mut Context<'_>, deadline: Instant) -> Poll<()> {
        let sleep = self.0.get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        if sleep.deadline() != deadline {
            sleep.as_mut().reset(deadline);
        }
        sleep.as_mut().poll(context)
    }
}
