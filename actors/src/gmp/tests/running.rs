//! The pool with its workers: real actors, a fake log, fake steps.

use std::time::Duration;

use flotilla_model::{NodeId, SessionId, TransferState};

use super::bench::Bench;
use crate::ports::ReplicatedLog;
use crate::testing::{Trouble, within};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_are_run_and_recorded() {
    let bench = Bench::start(4, |_| {});
    bench.runner.gate.add_permits(1000);
    for node in [1, 2, 1, 2, 1] {
        bench.log.change(|cluster| cluster.upload(node, 10));
    }
    bench.completed(5).await;
    let status = within(bench.gmp.status().wait_for(|status| status.totals.completed == 5)).await;
    assert_eq!((status.workers, status.target, status.totals.claimed), (4, 4, 5));
    let view = within(bench.log.wait_for(|_| true)).await;
    for transfer in view.state.transfers.values() {
        assert_eq!(transfer.state, TransferState::Processed);
        assert_eq!(transfer.steps.len(), 1);
        assert_eq!(transfer.worker.unwrap().0, NodeId(1));
    }
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn thousands_of_events_need_few_proposals() {
    const EVENTS: u64 = 5000;
    let bench = Bench::start(16, |cluster| cluster.unchecked = true);
    bench.runner.gate.add_permits(EVENTS as usize);
    bench.log.change(|cluster| (0..EVENTS).for_each(|_| _ = cluster.upload(1, 10)));
    bench.completed(EVENTS).await;
    let proposals = bench.log.proposed.lock().len() as u64;
    assert!(proposals < EVENTS / 4, "{proposals} proposals for {EVENTS} events: nothing is batched");
    let mut runs = bench.runner.runs.lock().clone();
    runs.sort_unstable();
    runs.dedup();
    assert_eq!(runs.len() as u64, EVENTS, "each ran");
    assert_eq!(bench.runner.runs.lock().len() as u64, EVENTS, "each ran once");
    bench.log.view().state.check_invariants().unwrap();
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn results_survive_a_log_that_refuses_and_one_that_loses_answers() {
    let bench = Bench::start(2, |_| {});
    bench.log.change(|cluster| (0..4).for_each(|_| _ = cluster.upload(1, 10)));
    within(bench.gmp.status().wait_for(|status| status.busy == 2)).await;
    bench.log.make_trouble(&[Trouble::Refused, Trouble::AnswerLost, Trouble::Refused]);
    bench.runner.gate.add_permits(1000);
    bench.completed(4).await;
    assert_eq!(bench.runner.runs.lock().len(), 4, "no event ran twice");
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn losing_the_session_stops_the_work() {
    let bench = Bench::start(2, |_| {});
    bench.log.change(|cluster| cluster.upload(1, 10));
    within(bench.gmp.status().wait_for(|status| status.busy == 1)).await;
    bench.log.change(|cluster| cluster.lose(1));
    within(bench.gmp.status().wait_for(|status| status.busy == 0)).await;
    assert_eq!(bench.log.view().state.totals().events_completed, 0);
    // The process announces itself again: the event comes back with a higher attempt.
    bench.runner.gate.add_permits(1000);
    bench.log.change(|cluster| cluster.start(1, SessionId(1000)));
    bench.completed(1).await;
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_lets_workers_end_and_gives_the_rest_back() {
    let bench = Bench::start(1, |_| {});
    bench.log.change(|cluster| (0..3).for_each(|_| _ = cluster.upload(1, 10)));
    within(bench.gmp.status().wait_for(|status| status.busy == 1)).await;
    let stopping = {
        let gmp = bench.gmp.clone();
        tokio::spawn(async move { gmp.stop(Duration::from_secs(10)).await })
    };
    within(bench.gmp.status().wait_for(|status| !status.claiming)).await;
    bench.runner.gate.add_permits(1);
    within(stopping).await.unwrap().unwrap();
    let view = bench.log.wait_for(|_| true).await;
    assert_eq!(view.state.totals().events_completed, 1);
    assert_eq!(view.state.ready_count(), 2, "nothing stays leased");
    within(bench.supervisor.shutdown()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_pool_itself_may_be_restarted() {
    let bench = Bench::start(2, |_| {});
    bench.log.change(|cluster| (0..6).for_each(|_| _ = cluster.upload(1, 10)));
    within(bench.gmp.status().wait_for(|status| status.busy == 2)).await;
    bench.supervisor.registry().restart("gmp-pool").unwrap();
    bench.runner.gate.add_permits(1000);
    bench.completed(6).await;
    assert_eq!(bench.runner.runs.lock().len(), 6, "no event ran twice");
    bench.end().await;
}
