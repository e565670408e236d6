//! "Something that you read has changed": level-triggered, so that one item may stand for many changes.

use std::pin::Pin;

use futures::Stream;
use tokio::sync::watch;

/// A stream of changes; it ends with the owner of what is watched.
pub type Changes = Pin<Box<dyn Stream<Item = ()> + Send>>;

/// The changes of a watched value.
pub fn changes<T: Send + Sync + 'static>(receiver: watch::Receiver<T>) -> Changes {
    Box::pin(futures::stream::unfold(receiver, |mut receiver| async move {
        receiver.changed().await.ok()?;
        Some(((), receiver))
    }))
}
