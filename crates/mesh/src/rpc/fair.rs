//! Waiting for the first of two, with neither before the other and nothing left to chance.
//!
//! An unbiased `select!` draws who is polled first, so two equal runs differ; a biased one lets a reader that is ready at
//! every poll use up the task's budget, and the writer starves. Here they take turns.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;

/// The output of whichever ends first. Which of them is polled first changes with every poll.
pub(super) async fn first_of<T>(one: impl Future<Output = T>, other: impl Future<Output = T>) -> T {
    let (mut one, mut other) = (pin!(one), pin!(other));
    let mut turn = false;
    poll_fn(|context| {
        turn = !turn;
        for is_one in [turn, !turn] {
            let polled = if is_one { one.as_mut().poll(context) } else { other.as_mut().poll(context) };
            if polled.is_ready() {
                return polled;
            }
        }
        Poll::Pending
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::RefCell;

    #[tokio::test]
    async fn each_is_polled_first_every_other_time() {
        let polls = RefCell::new(Vec::new());
        let future = |name, count| {
            let polls = &polls;
            let mut left = count;
            poll_fn(move |context| {
                polls.borrow_mut().push(name);
                left -= 1;
                context.waker().wake_by_ref();
                if left == 0 { Poll::Ready(name) } else { Poll::Pending }
            })
        };
        assert_eq!(first_of(future("one", 3), future("other", 9)).await, "one");
        assert_eq!(*polls.borrow(), ["one", "other", "other", "one", "one"]);
    }
}
