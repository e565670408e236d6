//! The body of an upload: counts it and cuts off a client that sends nothing, or a byte now and then.
//!
//! Only time in which the client is waited for counts: when the disk or a replica is slow, the client is not to blame.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use actix_web::error::PayloadError;
use bytes::Bytes;
use futures::Stream;
use tokio::time::{Instant, Sleep, sleep};

use crate::metrics::{Metrics, add};

#[derive(Debug, thiserror::Error)]
pub(crate) enum BodyError {
    #[error("less than {progress_bytes} bytes came in {timeout_s} s")]
    Stalled { progress_bytes: u64, timeout_s: u64 },
    #[error("the body ended after {received} bytes, before its announced end")]
    CutOff { received: u64 },
}

pub(crate) struct Body<S> {
    payload: S,
    metrics: Arc<Metrics>,
    received: u64,
    timeout: Duration,
    progress_bytes: u64,
    /// Waiting time and bytes since the last progress.
    waited: Duration,
    fresh_bytes: u64,
    waiting_since: Option<Instant>,
    /// Made when the client is first waited for.
    timer: Option<Pin<Box<Sleep>>>,
}

impl<S> Body<S> {
    pub(crate) fn new(payload: S, metrics: Arc<Metrics>, timeout: Duration, progress_bytes: u64) -> Self {
        Self {
            payload,
            metrics,
            received: 0,
            timeout,
            progress_bytes,
            waited: Duration::ZERO,
            fresh_bytes: 0,
            waiting_since: None,
            timer: None,
        }
    }

    fn came(&mut self, bytes: u64) {
        add(&self.metrics.bytes_in, bytes);
        self.received += bytes;
        self.fresh_bytes += bytes;
        if let Some(since) = self.waiting_since.take() {
            self.waited += since.elapsed();
        }
        if self.fresh_bytes >= self.progress_bytes {
            self.fresh_bytes = 0;
            self.waited = Duration::ZERO;
        }
    }

    fn wait(&mut self, context: &mut Context<'_>) -> Poll<BodyError> {
        let left = self.timeout.saturating_sub(self.waited);
        if self.waiting_since.is_none() {
            let now = Instant::now();
            self.waiting_since = Some(now);
            match &mut self.timer {
                Some(timer) => timer.as_mut().reset(now + left),
                None => self.timer = Some(Box::pin(sleep(left))),
            }
        }
        let Some(timer) = &mut self.timer else { return Poll::Pending };
        let stalled = BodyError::Stalled { progress_bytes: self.progress_bytes, timeout_s: self.timeout.as_secs() };
        timer.as_mut().poll(context).map(|()| stalled)
    }
}

impl<S: Stream<Item = Result<Bytes, PayloadError>> + Unpin> Stream for Body<S> {
    type Item = Result<Bytes, BodyError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        match Pin::new(&mut this.payload).poll_next(context) {
            Poll::Ready(Some(Ok(piece))) => {
                this.came(piece.len() as u64);
                Poll::Ready(Some(Ok(piece)))
            }
            Poll::Ready(Some(Err(error))) => {
                tracing::debug!(%error, received = this.received, "the body of an upload broke off");
                Poll::Ready(Some(Err(BodyError::CutOff { received: this.received })))
            }
            Poll::Ready(None) => Poll::Ready(None),
            Poll::Pending => this.wait(context).map(|error| Some(Err(error))),
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::{StreamExt, stream};

    use super::*;

    fn slowly(gap: Duration, bytes: usize, count: usize) -> impl Stream<Item = Result<Bytes, PayloadError>> + Unpin {
        let pieces = stream::iter(0..count).then(move |_| async move {
            tokio::time::sleep(gap).await;
            Ok(Bytes::from(vec![0; bytes]))
        });
        Box::pin(pieces)
    }

    async fn drain(payload: impl Stream<Item = Result<Bytes, PayloadError>> + Unpin) -> Result<usize, BodyError> {
        let mut body = Body::new(payload, Arc::default(), Duration::from_secs(30), 100);
        let mut length = 0;
        while let Some(piece) = body.next().await {
            length += piece?.len();
        }
        Ok(length)
    }

    #[tokio::test(start_paused = true)]
    async fn progress_keeps_a_body_alive() {
        assert_eq!(drain(slowly(Duration::from_secs(29), 100, 10)).await.unwrap(), 1000);
    }

    #[tokio::test(start_paused = true)]
    async fn silence_is_cut_off() {
        let error = drain(slowly(Duration::from_secs(31), 100, 1)).await.unwrap_err();
        assert!(matches!(error, BodyError::Stalled { .. }), "{error}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_byte_now_and_then_is_no_progress() {
        let begin = Instant::now();
        let error = drain(slowly(Duration::from_secs(4), 1, 99)).await.unwrap_err();
        assert!(matches!(error, BodyError::Stalled { .. }), "{error}");
        assert_eq!(begin.elapsed().as_secs(), 30);
    }

    #[tokio::test(start_paused = true)]
    async fn time_in_which_nobody_waits_does_not_count() {
        let mut body = Body::new(slowly(Duration::from_secs(1), 1, 5), Arc::default(), Duration::from_secs(30), 100);
        let mut length = 0;
        while let Some(piece) = body.next().await {
            length += piece.unwrap().len();
            tokio::time::sleep(Duration::from_secs(60)).await;
        }
        assert_eq!(length, 5);
    }
}
