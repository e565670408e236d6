//! Names, status, ordered stop, and leaks.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use flotilla_actors::supervision::{ActorState, Liveness, SendError, SpawnError, StopError};

use crate::probe::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_handles_what_was_accepted_before_it() {
    let supervisor = supervisor();
    let (handle, counters) = spawn(&supervisor, policy());
    let blocked = block(&handle).await;
    for _ in 0..10 {
        handle.tell(Who).await.unwrap();
    }
    let stopping = {
        let handle = handle.clone();
        tokio::spawn(async move { handle.stop(Duration::from_secs(10)).await })
    };
    within(handle.wait_for(|status| status.state == ActorState::Stopping)).await;
    blocked.release(Then::GoOn);
    assert_eq!(within(stopping).await.unwrap(), Ok(()));
    assert_eq!(counters.handled.load(Ordering::SeqCst), 10);
    assert_eq!(within(handle.ask(Who)).await, Err(SendError::Stopped));
    assert_eq!(handle.status().state, ActorState::Stopped);
    assert_eq!(within(handle.stop(Duration::ZERO)).await, Ok(()), "stopping twice is fine");
    assert!(supervisor.registry().names().is_empty());
    within(supervisor.shutdown()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_actor_that_hangs_is_cut_off_and_leaks() {
    let supervisor = supervisor();
    let liveness = Liveness { ping_every: Duration::from_millis(5), answer_within: Duration::from_millis(20) };
    let (handle, _) = spawn(&supervisor, policy().with_liveness(liveness));
    let blocked = block(&handle).await;
    let deadline = Duration::from_millis(10);
    let expected = StopError::Deadline { name: "probe".to_owned(), deadline };
    assert_eq!(within(handle.stop(deadline)).await, Err(expected));
    let leaked = within(supervisor.shutdown()).await.unwrap_err();
    assert_eq!(leaked.names, ["probe"]);
    blocked.release(Then::GoOn);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_actor_that_was_never_stopped_leaks() {
    let supervisor = supervisor();
    let (handle, _) = spawn(&supervisor, policy());
    assert_eq!(within(handle.ask(Who)).await, Ok(1));
    assert_eq!(within(supervisor.shutdown()).await.unwrap_err().names, ["probe"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_actor_may_finish_by_itself() {
    let supervisor = supervisor();
    let (handle, counters) = spawn(&supervisor, policy());
    within(handle.ask(Finish)).await.unwrap();
    within(handle.stopped()).await;
    assert_eq!(counters.born.load(Ordering::SeqCst), 1, "it is not restarted");
    within(supervisor.shutdown()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operator_restarts_a_running_actor() {
    let supervisor = supervisor();
    let (handle, _) = spawn(&supervisor, policy());
    assert_eq!(within(handle.ask(Who)).await, Ok(1));
    handle.restart().unwrap();
    let status = within(handle.wait_for(|status| status.restarts == 1)).await;
    assert_eq!((status.panics, status.errors, status.stops), (0, 0, 0), "that was no failure");
    assert_eq!(within(handle.ask(Who)).await, Ok(2));
    assert!(supervisor.registry().restart("nobody").is_err());
    end(supervisor, handle).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn names_are_unique_and_statuses_serialise() {
    let supervisor = supervisor();
    let (handle, counters) = spawn(&supervisor, policy());
    let twin = supervisor.spawn("probe", policy(), factory(&counters));
    assert!(matches!(twin, Err(SpawnError::NameTaken { name }) if name == "probe"));
    assert_eq!(within(handle.ask(Who)).await, Ok(1));
    let blocked = block(&handle).await;
    let json = serde_json::to_value(supervisor.registry().statuses()).unwrap();
    assert_eq!(
        json,
        serde_json::json!([{
            "name": "probe", "group": "probes", "critical": false, "state": "running", "unresponsive": false,
            "restarts": 0, "panics": 0, "errors": 0, "stops": 0, "last_failure": null,
            "queue_used": 1, "queue_bound": 1024, "refused": 0, "handled": 1,
        }])
    );
    blocked.release(Then::GoOn);
    end(supervisor, handle).await;
    let late = self::supervisor();
    within(late.shutdown()).await.unwrap();
    assert!(matches!(late.spawn("late", policy(), factory(&Arc::default())), Err(SpawnError::ShutDown)));
}
