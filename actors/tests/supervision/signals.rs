//! Ticks, wake-ups and the watchdog come from outside and neither starve nor pile up.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use flotilla_actors::ports::changes;
use flotilla_actors::supervision::{ActorState, Bound, Liveness};

use crate::probe::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flooded_actor_still_ticks() {
    let supervisor = supervisor();
    let policy = policy().with_bound(Bound::waiting(64)).with_tick(Duration::from_millis(1));
    let (handle, counters) = spawn(&supervisor, policy);
    let flooding = Arc::new(AtomicBool::new(true));
    let floods: Vec<_> = (0..4)
        .map(|_| {
            let (handle, flooding) = (handle.clone(), Arc::clone(&flooding));
            tokio::spawn(async move {
                while flooding.load(Ordering::SeqCst) {
                    handle.tell(Who).await.unwrap();
                }
            })
        })
        .collect();
    let mut ticks = counters.ticks.subscribe();
    within(ticks.wait_for(|ticks| *ticks >= 20)).await.unwrap();
    flooding.store(false, Ordering::SeqCst);
    for flood in floods {
        within(flood).await.unwrap();
    }
    assert!(counters.handled.load(Ordering::SeqCst) > 20, "there was a flood");
    end(supervisor, handle).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flooded_actor_leaves_its_thread_to_others() {
    let supervisor = supervisor();
    let (handle, _) = spawn(&supervisor, policy().with_bound(Bound::waiting(64)));
    let neighbour = supervisor.spawn("neighbour", policy(), factory(&Arc::default())).unwrap();
    let flood = {
        let handle = handle.clone();
        tokio::spawn(async move { while handle.tell(Who).await.is_ok() {} })
    };
    for _ in 0..100 {
        assert_eq!(within(neighbour.ask(Who)).await, Ok(1));
    }
    within(neighbour.stop(Duration::from_secs(10))).await.unwrap();
    end(supervisor, handle).await;
    within(flood).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ticks_and_wakes_do_not_pile_up() {
    let supervisor = supervisor();
    let (handle, counters) = spawn(&supervisor, policy().with_tick(Duration::from_millis(1)));
    within(handle.wait_for(|status| status.state == ActorState::Running)).await;
    let blocked = block(&handle).await;
    let before = *counters.ticks.borrow();
    for _ in 0..1000 {
        handle.wake();
    }
    // A hundred ticks are due while the actor is blocked: outside time must pass for this one.
    tokio::time::timeout(Duration::from_millis(100), std::future::pending::<()>()).await.unwrap_err();
    let ask = handle.ask(Who);
    let answer = {
        let mut ask = Box::pin(ask);
        assert!(futures::poll!(&mut ask).is_pending());
        blocked.release(Then::GoOn);
        within(ask).await
    };
    assert_eq!(answer, Ok(1));
    assert_eq!(*counters.wakes.borrow(), 1, "a thousand wake-ups became one");
    // One for all that were due, and those of the moment until the answer came.
    let ticks = *counters.ticks.borrow() - before;
    assert!(ticks < 50, "{ticks} of a hundred ticks were kept");
    let mut wakes = counters.wakes.subscribe();
    handle.wake();
    within(wakes.wait_for(|wakes| *wakes == 2)).await.unwrap();
    end(supervisor, handle).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_watched_value_wakes_the_actor() {
    let supervisor = supervisor();
    let (handle, counters) = spawn(&supervisor, policy());
    within(handle.wait_for(|status| status.state == ActorState::Running)).await;
    let value = tokio::sync::watch::Sender::new(0);
    let changes = changes(value.subscribe());
    handle.wake_on(&tokio::runtime::Handle::current(), changes);
    value.send_replace(1);
    let mut wakes = counters.wakes.subscribe();
    within(wakes.wait_for(|wakes| *wakes >= 1)).await.unwrap();
    end(supervisor, handle).await;
    within(value.closed()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_actor_that_hangs_is_reported_and_so_is_its_return() {
    let supervisor = supervisor();
    let liveness = Liveness { ping_every: Duration::from_millis(5), answer_within: Duration::from_millis(20) };
    let (handle, _) = spawn(&supervisor, policy().with_liveness(liveness));
    let blocked = block(&handle).await;
    within(handle.wait_for(|status| status.unresponsive)).await;
    blocked.release(Then::GoOn);
    within(handle.wait_for(|status| !status.unresponsive)).await;
    end(supervisor, handle).await;
}
