//! A body of which is kept what came, also when it breaks off.

use std::cell::Cell;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures::Stream;

use crate::request::body::BodyError;

/// Ends where the body broke off, once a byte has come.
pub(super) struct Kept<S> {
    body: S,
    is_kept: bool,
    received: u64,
    broken: Broken,
}

/// Whether the body broke off: known when it has ended.
#[derive(Clone, Default)]
pub(super) struct Broken(Rc<Cell<bool>>);

impl Broken {
    pub(super) fn is_broken(&self) -> bool {
        self.0.get()
    }
}

impl<S> Kept<S> {
    /// `is_kept`: without it the body is taken whole or not at all, as its checksum is one of the whole.
    pub(super) fn new(body: S, is_kept: bool) -> (Self, Broken) {
        let broken = Broken::default();
        (Self { body, is_kept, received: 0, broken: broken.clone() }, broken)
    }
}

impl<S: Stream<Item = Result<Bytes, BodyError>> + Unpin> Stream for Kept<S> {
    type Item = Result<Bytes, BodyError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.broken.is_broken() {
            return Poll::Ready(None);
        }
        Poll::Ready(match ready!(Pin::new(&mut self.body).poll_next(context)) {
            Some(Ok(piece)) => {
                self.received += piece.len() as u64;
                Some(Ok(piece))
            }
            Some(Err(_)) if self.is_kept && self.received > 0 => {
                self.broken.0.set(true);
                None
            }
            other => other,
        })
    }
}

#[cfg(test)]
mod tests {
    use futures::{StreamExt, stream};

    use super::*;

    fn cut(count: usize) -> impl Stream<Item = Result<Bytes, BodyError>> + Unpin {
        let pieces = (0..count).map(|_| Ok(Bytes::from_static(b"ab")));
        stream::iter(pieces.chain([Err(BodyError::CutOff { received: 7 })]))
    }

    #[tokio::test]
    async fn what_came_before_the_break_is_kept() {
        let (kept, broken) = Kept::new(cut(2), true);
        let pieces: Vec<_> = kept.collect().await;
        assert!(pieces.len() == 2 && pieces.iter().all(Result::is_ok) && broken.is_broken());
    }

    #[tokio::test]
    async fn nothing_is_kept_of_nothing_or_of_what_has_a_checksum() {
        for (count, is_kept) in [(0, true), (2, false)] {
            let (kept, broken) = Kept::new(cut(count), is_kept);
            let pieces: Vec<_> = kept.collect().await;
            assert!(pieces.last().is_some_and(Result::is_err) && !broken.is_broken());
        }
    }
}
