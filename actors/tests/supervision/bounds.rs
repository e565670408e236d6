//! The bound of a queue holds whatever senders do, and its places are always given back.

use std::sync::atomic::Ordering;
use std::time::Duration;

use flotilla_actors::supervision::{Bound, Overflow, SendError, WhileDown};
use tokio::sync::oneshot;

use crate::panics::wait_until_used;
use crate::probe::*;

fn bound(overflow: Overflow) -> Bound {
    Bound { permits: 3, overflow, while_down: WhileDown::Wait }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clones_of_a_handle_share_one_bound() {
    for (overflow, expected) in
        [(Overflow::Shed, SendError::Shed { bound: 3 }), (Overflow::Fail, SendError::Full { bound: 3 })]
    {
        let supervisor = supervisor();
        let (handle, counters) = spawn(&supervisor, policy().with_bound(bound(overflow)));
        let blocked = block(&handle).await;
        for _ in 0..2 {
            handle.clone().tell(Who).await.unwrap();
        }
        for _ in 0..100 {
            assert_eq!(within(handle.clone().tell(Who)).await, Err(expected.clone()));
        }
        assert_eq!(within(handle.ask(Who)).await, Err(expected.clone()));
        let status = handle.status();
        assert_eq!((status.queue_used, status.queue_bound, status.refused), (3, 3, 101));
        blocked.release(Then::GoOn);
        within(wait_until_used(&handle, 0)).await;
        assert_eq!(counters.handled.load(Ordering::SeqCst), 2);
        end(supervisor, handle).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_queue_makes_senders_wait_and_then_lets_them_in() {
    let supervisor = supervisor();
    let (handle, counters) = spawn(&supervisor, policy().with_bound(bound(Overflow::Wait)));
    let blocked = block(&handle).await;
    let senders: Vec<_> = (0..20)
        .map(|_| {
            let handle = handle.clone();
            tokio::spawn(async move { handle.ask(Who).await })
        })
        .collect();
    within(wait_until_used(&handle, 3)).await;
    assert_eq!(handle.try_tell(Who), Err(SendError::Full { bound: 3 }), "who cannot wait is refused");
    assert!(handle.status().queue_used <= 3);
    blocked.release(Then::GoOn);
    for sender in senders {
        assert_eq!(within(sender).await.unwrap(), Ok(1));
    }
    assert_eq!(counters.handled.load(Ordering::SeqCst), 20);
    within(wait_until_used(&handle, 0)).await;
    end(supervisor, handle).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dropped_request_is_handled_all_the_same_and_gives_its_place_back() {
    let supervisor = supervisor();
    let (handle, counters) = spawn(&supervisor, policy().with_bound(bound(Overflow::Wait)));
    let blocked = block(&handle).await;
    for _ in 0..2 {
        // Polled once, so accepted; then dropped.
        assert!(futures::poll!(Box::pin(handle.ask(Who))).is_pending());
    }
    assert_eq!(handle.status().queue_used, 3, "a dropped request still has its place");
    blocked.release(Then::GoOn);
    within(wait_until_used(&handle, 0)).await;
    assert_eq!(counters.handled.load(Ordering::SeqCst), 2);
    end(supervisor, handle).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_panic_gives_the_place_back() {
    let supervisor = supervisor();
    let (handle, _) = spawn(&supervisor, policy().with_bound(bound(Overflow::Fail)));
    for _ in 0..3 {
        assert_eq!(within(handle.ask(PanicNow)).await, Err(SendError::Interrupted));
    }
    within(wait_until_used(&handle, 0)).await;
    end(supervisor, handle).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn work_that_outlives_its_handler_keeps_its_place() {
    let supervisor = supervisor();
    let (handle, _) = spawn(&supervisor, policy().with_bound(bound(Overflow::Fail)));
    let (first, release_first) = oneshot::channel();
    let (second, release_second) = oneshot::channel::<()>();
    within(handle.ask(HoldPermit(release_first))).await.unwrap();
    within(handle.ask(HoldPermit(release_second))).await.unwrap();
    within(wait_until_used(&handle, 2)).await;
    first.send(()).unwrap();
    within(wait_until_used(&handle, 1)).await;
    // The second is given back by the end of the incarnation that held it.
    assert_eq!(within(handle.ask(PanicNow)).await, Err(SendError::Interrupted));
    within(wait_until_used(&handle, 0)).await;
    drop(second);
    end(supervisor, handle).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn senders_that_wait_for_a_place_learn_of_the_stop() {
    let supervisor = supervisor();
    let (handle, _) = spawn(&supervisor, policy().with_bound(bound(Overflow::Wait)));
    let blocked = block(&handle).await;
    for _ in 0..2 {
        handle.tell(Who).await.unwrap();
    }
    let waiting = {
        let handle = handle.clone();
        tokio::spawn(async move { handle.ask(Who).await })
    };
    let stopping = {
        let handle = handle.clone();
        tokio::spawn(async move { handle.stop(Duration::from_secs(10)).await })
    };
    assert_eq!(within(waiting).await.unwrap(), Err(SendError::Stopped));
    blocked.release(Then::GoOn);
    assert_eq!(within(stopping).await.unwrap(), Ok(()));
    within(supervisor.shutdown()).await.unwrap();
}
