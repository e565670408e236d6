//! Steps that panic, hang or leak: the worker is replaced, and its event goes on by the rules.

use std::sync::atomic::Ordering;

use flotilla_model::{Command, EventState, Step, StepResult};

use super::bench::{Bench, Mishap};
use crate::testing::within;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_panic_of_a_step_is_a_failed_attempt_and_the_event_is_tried_again() {
    let bench = Bench::start(2, |_| {});
    *bench.runner.next.lock() = Some(Mishap::Panic);
    bench.runner.gate.add_permits(1000);
    let event = bench.log.change(|cluster| cluster.upload(1, 10));
    bench.event_is(event, |state| matches!(state, EventState::Waiting { .. })).await;
    let status = within(bench.gmp.status().wait_for(|status| status.totals.failed == 1)).await;
    assert_eq!((status.panics, status.hung, status.leaked), (1, 0, 0));
    assert_eq!(bench.worker_failures(), 1, "the supervisor has replaced one");
    bench.log.change(|cluster| cluster.apply(Command::Tick { now_ms: u64::MAX / 2 }).unwrap());
    bench.completed(1).await;
    let view = bench.log.wait_for(|_| true).await;
    let steps = &view.state.transfers.values().next().unwrap().steps;
    assert!(
        matches!(&steps[0].result, StepResult::Failed { message } if message.contains("told to panic")),
        "{steps:?}"
    );
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mishap_in_a_step_that_must_not_be_repeated_waits_for_a_person() {
    for mishap in [Mishap::Panic, Mishap::Hang] {
        let bench = Bench::start(2, |cluster| {
            let url = "https://partner.example".to_owned();
            cluster.route(vec![Step::Webhook { url, key: None, timeout_ms: 1000, idempotent: false }]);
        });
        bench.runner.idempotent.store(false, Ordering::SeqCst);
        *bench.runner.next.lock() = Some(mishap);
        let event = bench.log.change(|cluster| cluster.upload(1, 10));
        bench.event_is(event, |state| matches!(state, EventState::OutcomeUnknown { step: 0, .. })).await;
        assert_eq!(bench.runner.runs.lock().len(), 1);
        bench.end().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_step_that_hangs_is_cancelled_and_the_worker_is_replaced() {
    let bench = Bench::start(1, |_| {});
    *bench.runner.next.lock() = Some(Mishap::Hang);
    bench.runner.gate.add_permits(1000);
    bench.log.change(|cluster| {
        cluster.upload(1, 10);
        cluster.upload(1, 10);
    });
    bench.completed(1).await;
    let status = within(bench.gmp.status().wait_for(|status| status.totals.failed == 1)).await;
    assert_eq!((status.hung, status.panics, status.leaked, status.workers), (1, 0, 0, 1));
    assert_eq!(bench.worker_failures(), 1);
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn a_step_that_keeps_its_thread_is_left_behind_and_what_it_does_later_counts_for_nothing() {
    let bench = Bench::start(1, |_| {});
    *bench.runner.next.lock() = Some(Mishap::Block);
    let (let_go, blocked) = std::sync::mpsc::channel();
    *bench.runner.blocked.lock() = Some(blocked);
    let stuck = bench.log.change(|cluster| cluster.upload(1, 10));
    bench.event_is(stuck, |state| matches!(state, EventState::Waiting { .. })).await;
    let behind = bench.log.change(|cluster| cluster.upload(1, 10));
    within(bench.gmp.status().wait_for(|status| status.busy == 1 && status.hung == 1)).await;
    drop(let_go);
    bench.runner.gate.add_permits(1);
    bench.completed(1).await;
    let view = bench.log.wait_for(|_| true).await;
    assert!(view.state.events.get(&behind).is_none(), "the other event was done by the new incarnation");
    assert_eq!(bench.gmp.status().get().totals.stale, 0);
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_step_that_leaks_counts_as_it_ended_and_the_worker_is_replaced() {
    let bench = Bench::start(1, |_| {});
    *bench.runner.next.lock() = Some(Mishap::Leak);
    bench.runner.gate.add_permits(1000);
    bench.log.change(|cluster| {
        cluster.upload(1, 10);
        cluster.upload(1, 10);
    });
    bench.completed(2).await;
    let status = within(bench.gmp.status().wait_for(|status| status.totals.completed == 2)).await;
    assert_eq!((status.leaked, status.panics, status.hung, status.totals.failed), (1, 0, 0, 0));
    assert_eq!(bench.worker_failures(), 1);
    assert_eq!(bench.runner.runs.lock().len(), 2);
    bench.end().await;
}
