//! The body of an answer: counts its bytes, and with its end ends the request.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::http::Method;
use bytes::Bytes;
use tokio::time::Instant;

use crate::metrics::{Metrics, add};
use crate::server::activity::Busy;

/// Marks the answer to a request as a stream without an end of its own.
#[derive(Clone, Copy)]
pub(crate) struct LongLived;

/// A request from its head to the last byte of its answer.
pub(crate) struct Running {
    metrics: Arc<Metrics>,
    method: Method,
    status: u16,
    since: Instant,
    is_counted: bool,
    is_timed: bool,
    _busy: Option<Busy>,
}

impl Running {
    pub(crate) fn new(metrics: Arc<Metrics>, method: Method, busy: Option<Busy>) -> Self {
        add(&metrics.requests_in_flight, 1);
        // Until there is an answer: a request whose client went away.
        let status = 499;
        Self { metrics, method, status, since: Instant::now(), is_counted: true, is_timed: true, _busy: busy }
    }

    pub(crate) fn answered(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    /// How long it takes is up to the client.
    pub(crate) fn long_lived(mut self) -> Self {
        self.is_timed = false;
        self
    }

    /// The request goes on and is counted there.
    pub(crate) fn continued(mut self) {
        self.is_counted = false;
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.metrics.requests_in_flight.fetch_sub(1, std::sync::atomic::Ordering::Relaxed);
        if self.is_counted {
            let took = self.is_timed.then(|| self.since.elapsed());
            self.metrics.request(self.method.as_str(), self.status, took);
        }
    }
}

pub(crate) struct AnswerBody {
    inner: BoxBody,
    running: Running,
}

impl AnswerBody {
    pub(crate) fn new(inner: BoxBody, running: Running) -> Self {
        Self { inner, running }
    }
}

impl MessageBody for AnswerBody {
    type Error = Box<dyn std::error::Error>;

    fn size(&self) -> BodySize {
        self.inner.size()
    }

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        let this = &mut *self;
        let next = Pin::new(&mut this.inner).poll_next(context);
        if let Poll::Ready(Some(Ok(piece))) = &next {
            add(&this.running.metrics.bytes_out, piece.len() as u64);
        }
        next
    }
}
