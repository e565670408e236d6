//! The size of the pool, changed while it works.

use std::sync::Arc;
use std::time::Instant;

use super::bench::{Bench, SIZING, THREADS, THREADS_MIN};
use crate::testing::within;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_pool_grows_and_shrinks_live() {
    let bench = Bench::start(1, |_| {});
    bench.log.change(|cluster| (0..40).for_each(|_| _ = cluster.upload(1, 10)));
    within(bench.gmp.status().wait_for(|status| status.busy == 1)).await;
    bench.log.change(|cluster| cluster.set(THREADS, Some("20")));
    within(bench.gmp.status().wait_for(|status| status.workers == 20 && status.busy == 20)).await;
    bench.log.change(|cluster| cluster.set(THREADS, Some("2")));
    let status = within(bench.gmp.status().wait_for(|status| status.target == 2)).await;
    assert_eq!((status.workers, status.retiring, status.busy), (20, 18, 20), "nobody leaves in the middle of an event");
    bench.runner.gate.add_permits(1000);
    within(bench.gmp.status().wait_for(|status| status.workers == 2 && status.retiring == 0)).await;
    bench.completed(40).await;
    assert_eq!(bench.runner.runs.lock().len(), 40, "shrinking repeated nothing");
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_workers_come_and_go_while_events_flow() {
    const EVENTS: u64 = 4000;
    let bench = Bench::start(4, |cluster| cluster.unchecked = true);
    let resize = |size: u32| bench.log.change(|cluster| cluster.set(THREADS, Some(&size.to_string())));
    let feeder = tokio::spawn({
        let log = Arc::clone(&bench.log);
        async move {
            for _ in 0..EVENTS / 10 {
                log.change(|cluster| (0..10).for_each(|_| _ = cluster.upload(1, 10)));
                tokio::task::yield_now().await;
            }
        }
    });
    within(bench.gmp.status().wait_for(|status| status.busy == 4)).await;
    bench.runner.gate.add_permits(100);

    let begun = Instant::now();
    resize(1000);
    within(bench.gmp.status().wait_for(|status| status.workers == 1000 && status.busy == 1000)).await;
    let grown = begun.elapsed();

    resize(4);
    let status = within(bench.gmp.status().wait_for(|status| status.target == 4)).await;
    assert_eq!((status.workers, status.retiring, status.busy), (1000, 996, 1000), "running work is finished");
    let begun = Instant::now();
    bench.runner.gate.add_permits(EVENTS as usize);
    within(bench.gmp.status().wait_for(|status| status.workers == 4 && status.retiring == 0)).await;
    let shrunk = begun.elapsed();

    within(feeder).await.unwrap();
    bench.completed(EVENTS).await;
    println!("4 to 1000 workers, all with an event: {grown:?}; back to 4 when their events had ended: {shrunk:?}");
    let mut runs = bench.runner.runs.lock().clone();
    runs.sort_unstable();
    runs.dedup();
    assert_eq!((runs.len() as u64, bench.runner.runs.lock().len() as u64), (EVENTS, EVENTS), "each ran, and once");
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn workers_that_were_to_leave_stay_when_the_pool_grows_again() {
    let bench = Bench::start(20, |_| {});
    bench.log.change(|cluster| (0..60).for_each(|_| _ = cluster.upload(1, 10)));
    within(bench.gmp.status().wait_for(|status| status.busy == 20)).await;
    for (size, workers, retiring) in [(2, 20, 18), (30, 30, 0), (1, 30, 29), (30, 30, 0)] {
        bench.log.change(|cluster| cluster.set(THREADS, Some(&size.to_string())));
        let status = within(bench.gmp.status().wait_for(|status| status.target == size)).await;
        assert_eq!((status.workers, status.retiring), (workers, retiring), "never more than the pool may have");
        within(bench.gmp.status().wait_for(|status| status.busy == workers)).await;
    }
    bench.runner.gate.add_permits(1000);
    bench.completed(60).await;
    assert_eq!(bench.runner.runs.lock().len(), 60);
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_may_have_a_size_of_its_own() {
    let bench = Bench::start(3, |cluster| cluster.set_on(Some(2), THREADS, Some("9")));
    within(bench.gmp.status().wait_for(|status| status.workers == 3)).await;
    bench.log.change(|cluster| cluster.set_on(Some(1), THREADS, Some("7")));
    within(bench.gmp.status().wait_for(|status| status.workers == 7)).await;
    bench.log.change(|cluster| {
        cluster.set(THREADS, Some("5"));
        cluster.set_on(Some(1), THREADS, None);
    });
    within(bench.gmp.status().wait_for(|status| status.workers == 5)).await;
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_automatic_pool_grows_with_waiting_events_as_far_as_the_processor_allows() {
    let bench = Bench::start(40, |cluster| {
        cluster.set(SIZING, Some("auto"));
        cluster.set(THREADS_MIN, Some("2"));
    });
    *bench.cpu.busy_share.lock() = Some(0.95);
    within(bench.gmp.status().wait_for(|status| status.workers == 2)).await;
    bench.log.change(|cluster| (0..100).for_each(|_| _ = cluster.upload(1, 10)));
    within(bench.gmp.status().wait_for(|status| status.busy == 2)).await;
    assert_eq!(bench.gmp.status().get().target, 2, "no processor is left for more");
    *bench.cpu.busy_share.lock() = Some(0.2);
    within(bench.gmp.status().wait_for(|status| status.busy == 40)).await;
    bench.log.change(|cluster| cluster.set(SIZING, Some("fixed")));
    bench.log.change(|cluster| cluster.set(THREADS, Some("3")));
    within(bench.gmp.status().wait_for(|status| status.target == 3)).await;
    bench.runner.gate.add_permits(1000);
    bench.completed(100).await;
    bench.end().await;
}
