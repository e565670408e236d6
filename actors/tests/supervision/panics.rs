//! An actor's panic costs one incarnation: handles stay valid, messages are interrupted or kept, never lost or hung.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use flotilla_actors::supervision::{
    ActorState, Bound, Ctx, FailureKind, Overflow, Policy, SendError, Supervised, WhileDown,
};

use crate::probe::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_panic_in_a_handler_is_survived_by_the_handle() {
    let supervisor = supervisor();
    let (handle, _) = spawn(&supervisor, policy());
    assert_eq!(within(handle.ask(Who)).await, Ok(1));
    assert_eq!(within(handle.ask(PanicNow)).await, Err(SendError::Interrupted));
    assert_eq!(within(handle.ask(Who)).await, Ok(2), "the same handle reaches the new incarnation");

    let status = within(handle.wait_for(|status| status.state == ActorState::Running)).await;
    assert_eq!((status.restarts, status.panics, status.errors, status.stops), (1, 1, 0, 0));
    let failure = status.last_failure.unwrap();
    assert_eq!((failure.kind, failure.message.as_str()), (FailureKind::Panic, "the probe was told to panic"));
    end(supervisor, handle).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_panic_in_a_spawned_future_restarts_the_actor() {
    for offloaded in [false, true] {
        let supervisor = supervisor();
        let (handle, _) = spawn(&supervisor, policy());
        within(handle.ask(PanicInFuture { offloaded })).await.unwrap();
        let status = within(handle.wait_for(|status| status.restarts == 1)).await;
        assert_eq!(status.last_failure.unwrap().message, "a future of the probe panicked");
        assert_eq!(within(handle.ask(Who)).await, Ok(2));
        end(supervisor, handle).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn errors_are_counted_apart_from_panics() {
    let supervisor = supervisor();
    let (handle, _) = spawn(&supervisor, policy());
    within(handle.ask(FailNow)).await.unwrap();
    let status = within(handle.wait_for(|status| status.restarts == 1)).await;
    assert_eq!((status.panics, status.errors, status.stops), (0, 1, 0));
    assert_eq!(status.last_failure.unwrap().message, "the probe reports an error");
    end(supervisor, handle).await;
}

struct Stillborn {
    born: Arc<AtomicU32>,
}
impl Supervised for Stillborn {
    fn started(&mut self, _ctx: &mut Ctx<'_, Self>) -> Result<(), flotilla_actors::supervision::BoxError> {
        match self.born.load(Ordering::SeqCst) {
            2 => panic!("the second one panics in start"),
            3 => Err("the third one fails to start".into()),
            _ => Ok(()),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn panics_and_errors_of_factory_and_start_are_retried() {
    let supervisor = supervisor();
    let born = Arc::new(AtomicU32::new(0));
    let shared = Arc::clone(&born);
    let factory = move || match shared.fetch_add(1, Ordering::SeqCst) {
        0 => panic!("the factory panics first"),
        _ => Ok(Stillborn { born: Arc::clone(&shared) }),
    };
    let handle = supervisor.spawn("stillborn", policy(), factory).unwrap();
    let status = within(handle.wait_for(|status| status.state == ActorState::Running)).await;
    assert_eq!((status.restarts, status.panics, status.errors), (3, 2, 1));
    assert_eq!(status.last_failure.unwrap().message, "the third one fails to start");
    within(handle.stop(Duration::from_secs(10))).await.unwrap();
    within(supervisor.shutdown()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_behind_a_panic_wait_for_the_next_incarnation() {
    let supervisor = supervisor();
    let (handle, counters) = spawn(&supervisor, policy());
    let blocked = block(&handle).await;
    let asks: Vec<_> = (0..50)
        .map(|_| {
            let handle = handle.clone();
            tokio::spawn(async move { handle.ask(Who).await })
        })
        .collect();
    within(wait_until_used(&handle, 51)).await;
    blocked.release(Then::Panic);
    for ask in asks {
        assert_eq!(within(ask).await.unwrap(), Ok(2), "handled by the second incarnation");
    }
    assert_eq!(counters.handled.load(Ordering::SeqCst), 50, "each exactly once");
    end(supervisor, handle).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn by_policy_messages_behind_a_panic_are_given_back() {
    let supervisor = supervisor();
    let bound = Bound { permits: 100, overflow: Overflow::Wait, while_down: WhileDown::Fail };
    let (handle, counters) = spawn(&supervisor, policy().with_bound(bound));
    within(handle.wait_for(|status| status.state == ActorState::Running)).await;
    let blocked = block(&handle).await;
    let asking = {
        let handle = handle.clone();
        tokio::spawn(async move { handle.ask(Who).await })
    };
    within(wait_until_used(&handle, 2)).await;
    blocked.release(Then::Panic);
    let refused = within(asking).await.unwrap().unwrap_err();
    assert_eq!(refused, SendError::NotProcessed);
    assert!(refused.is_not_processed() && refused.is_retryable());
    assert_eq!(counters.handled.load(Ordering::SeqCst), 0);
    end(supervisor, handle).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_ordinary_actor_out_of_budget_waits_for_an_operator() {
    let supervisor = supervisor();
    let (handle, _) = spawn(&supervisor, policy());
    for _ in 0..4 {
        assert_eq!(within(handle.ask(PanicNow)).await, Err(SendError::Interrupted));
    }
    let status = within(handle.wait_for(|status| status.state == ActorState::Failed)).await;
    assert_eq!((status.restarts, status.panics), (3, 4));
    assert_eq!(within(handle.ask(Who)).await, Err(SendError::Failed));
    assert_eq!(supervisor.fatal().reason(), None);

    supervisor.registry().restart("probe").unwrap();
    within(handle.wait_for(|status| status.state == ActorState::Running)).await;
    assert_eq!(within(handle.ask(Who)).await, Ok(5));
    end(supervisor, handle).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_critical_actor_out_of_budget_is_fatal() {
    let supervisor = supervisor();
    let (handle, _) = spawn(&supervisor, Policy::critical("probes").with_restart(quick()));
    for _ in 0..4 {
        assert_eq!(within(handle.ask(PanicNow)).await, Err(SendError::Interrupted));
    }
    let reason = within(supervisor.fatal().reported()).await;
    assert_eq!(reason.actor, "probe");
    assert!(reason.reason.contains("the probe was told to panic"), "{}", reason.reason);
    end(supervisor, handle).await;
}

pub(crate) async fn wait_until_used(handle: &flotilla_actors::supervision::ActorHandle<Probe>, queue_used: usize) {
    while handle.status().queue_used != queue_used {
        tokio::task::yield_now().await;
    }
}
