//! Waiting for the first of two, with neither before the other and nothing left to chance.
//!
//! An unbiased `select!` draws who is polled first, so two equal runs differ; a biased one lets a reader that is ready at
//! every poll use up the task's budget, and the writer starves. Here they take turns.
//!
//! One that wakes the other, as a reader does whose answer the writer is to send, costs no turn of the scheduler, which
//! would wake a second thread for it: both are polled once more at once.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use futures::task::AtomicWaker;

/// Polled so often at most before others get their turn.
const POLLS_MAX: usize = 3;

/// Nobody polls: a ring wakes the task.
const WAITING: u8 = 0;
const POLLED: u8 = 1;
/// It rang while it was polled.
const RUNG: u8 = 2;

/// Wakes the task, unless it is being polled.
#[derive(Default)]
struct Bell {
    phase: AtomicU8,
    task: AtomicWaker,
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let rung = self.phase.compare_exchange(POLLED, RUNG, Ordering::AcqRel, Ordering::Acquire);
        if rung == Err(WAITING) {
            self.task.wake();
        }
    }
}

impl Bell {
    fn begin_poll(&self) {
        self.phase.store(POLLED, Ordering::Release);
    }

    /// Whether it rang meanwhile. If not, the next ring wakes the task.
    fn end_poll(&self) -> bool {
        self.phase.compare_exchange(POLLED, WAITING, Ordering::AcqRel, Ordering::Acquire).is_err()
    }
}

/// The output of whichever ends first. Which of them is polled first changes with every poll.
pub(super) async fn first_of<T>(one: impl Future<Output = T>, other: impl Future<Output = T>) -> T {
    let (mut one, mut other) = (pin!(one), pin!(other));
    let mut turn = false;
    let bell = Arc::new(Bell::default());
    let waker = Waker::from(Arc::clone(&bell));
    poll_fn(|context| {
        bell.task.register(context.waker());
        for _ in 0..POLLS_MAX {
            bell.begin_poll();
            turn = !turn;
            let mut inner = Context::from_waker(&waker);
            for is_one in [turn, !turn] {
                let polled = if is_one { one.as_mut().poll(&mut inner) } else { other.as_mut().poll(&mut inner) };
                if polled.is_ready() {
                    return polled;
                }
            }
            if !bell.end_poll() {
                return Poll::Pending;
            }
        }
        bell.phase.store(WAITING, Ordering::Release);
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await
}

#[cfg(test)]
mod tests {
    use std::cell::{Cell, RefCell};
    use std::pin::Pin;
    use std::sync::atomic::AtomicUsize;

    use super::*;

    #[derive(Default)]
    struct Task(AtomicUsize);

    impl Wake for Task {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn polled<F: Future>(future: Pin<&mut F>, task: &Arc<Task>) -> (Poll<F::Output>, usize) {
        let polled = future.poll(&mut Context::from_waker(&Waker::from(Arc::clone(task))));
        (polled, task.0.swap(0, Ordering::Relaxed))
    }

    #[test]
    fn one_that_wakes_the_other_needs_no_other_turn_of_the_task() {
        let (bell, rung) = (RefCell::new(None::<Waker>), Cell::new(false));
        // Waits for the other, which is polled before it has begun to wait, and after.
        let waiting = poll_fn(|context| {
            *bell.borrow_mut() = Some(context.waker().clone());
            if rung.get() { Poll::Ready(()) } else { Poll::Pending }
        });
        let ringing = poll_fn(|_| {
            if let Some(bell) = bell.borrow_mut().take() {
                rung.set(true);
                bell.wake();
            }
            Poll::Pending
        });
        let task = Arc::default();
        assert_eq!(polled(pin!(first_of(waiting, ringing)), &task), (Poll::Ready(()), 0));
    }

    #[test]
    fn a_ring_between_two_polls_wakes_the_task() {
        let bell = RefCell::new(None::<Waker>);
        let waiting = poll_fn(|context| {
            *bell.borrow_mut() = Some(context.waker().clone());
            Poll::<()>::Pending
        });
        let (task, mut both) = (Arc::default(), pin!(first_of(waiting, std::future::pending())));
        assert_eq!(polled(both.as_mut(), &task), (Poll::Pending, 0));
        bell.borrow_mut().take().unwrap().wake();
        assert_eq!(task.0.load(Ordering::Relaxed), 1);
        assert_eq!(polled(both.as_mut(), &task), (Poll::Pending, 1));
    }

    #[test]
    fn one_that_is_always_ready_leaves_others_their_turn() {
        let polls = Cell::new(0);
        let busy = poll_fn(|context| {
            polls.set(polls.get() + 1);
            context.waker().wake_by_ref();
            Poll::<()>::Pending
        });
        let task = Arc::default();
        assert_eq!(polled(pin!(first_of(busy, std::future::pending())), &task), (Poll::Pending, 1));
        assert_eq!(polls.get(), POLLS_MAX);
    }

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
