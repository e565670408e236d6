//! "Something that you read has changed": level-triggered, so that one item may stand for many changes.

use std::pin::Pin;
use std::time::Duration;

use futures::{Stream, StreamExt};
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

/// Between two looks of an actor that need not follow every entry of the log.
const CALM: Duration = Duration::from_millis(20);

/// The first change at once, and after it at most one each [`CALM`]. Under load every entry of the log is a change; who acts
/// on rare ones would otherwise be woken thousands of times a second for nothing.
pub(crate) fn calmed(changes: Changes) -> Changes {
    Box::pin(futures::stream::unfold((changes, false), |(mut changes, is_later)| async move {
        if is_later {
            tokio::time::sleep(CALM).await;
        }
        changes.next().await?;
        Some(((), (changes, true)))
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn many_changes_are_one_and_the_last_is_not_lost() {
        let sender = watch::Sender::new(0);
        let mut calm = calmed(changes(sender.subscribe()));
        let start = tokio::time::Instant::now();
        sender.send_replace(1);
        calm.next().await.unwrap();
        assert_eq!(start.elapsed(), Duration::ZERO, "the first comes at once");
        for value in 2..100 {
            sender.send_replace(value);
        }
        calm.next().await.unwrap();
        assert_eq!(start.elapsed(), CALM);
        let nothing_more = tokio::time::timeout(CALM * 10, calm.next()).await;
        assert!(nothing_more.is_err(), "one item stands for all of them");
        drop(sender);
        assert!(calm.next().await.is_none());
    }
}
