//! Actors run where their policy says.

use std::sync::Arc;
use std::time::Duration;

use flotilla_actors::supervision::Policy;

use crate::probe::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn actors_run_on_the_named_thread_of_their_group() {
    let supervisor = supervisor();
    let mut handles = Vec::new();
    for group in ["control", "gmp-0", "gmp-1"] {
        let handle = supervisor.spawn(group, Policy::ordinary(group), factory(&Arc::default())).unwrap();
        assert_eq!(within(handle.ask(ThreadName)).await.unwrap(), group);
        handles.push(handle);
    }
    for handle in handles {
        within(handle.stop(Duration::from_secs(10))).await.unwrap();
    }
    within(supervisor.shutdown()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_thread_and_its_other_actors_survive_a_panic() {
    let supervisor = supervisor();
    let (handle, _) = spawn(&supervisor, policy());
    let neighbour = supervisor.spawn("neighbour", policy(), factory(&Arc::default())).unwrap();
    assert_eq!(within(neighbour.ask(Who)).await, Ok(1));
    within(handle.ask(PanicNow)).await.unwrap_err();
    assert_eq!(within(handle.ask(Who)).await, Ok(2));
    assert_eq!(within(neighbour.ask(Who)).await, Ok(1), "the neighbour is still in its first incarnation");
    within(neighbour.stop(Duration::from_secs(10))).await.unwrap();
    end(supervisor, handle).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn actors_outlive_the_thread_of_their_group() {
    let supervisor = supervisor();
    let (handle, _) = spawn(&supervisor, policy());
    assert_eq!(within(handle.ask(Who)).await, Ok(1));
    supervisor.placement().end_group("probes");
    let status = within(handle.wait_for(|status| status.restarts >= 1)).await;
    assert!(status.stops >= 1 && status.panics == 0, "an end that nobody asked for is counted as such");
    assert!(within(handle.ask(Who)).await.unwrap() > 1);
    assert_eq!(within(handle.ask(ThreadName)).await.unwrap(), "probes");
    end(supervisor, handle).await;
}
