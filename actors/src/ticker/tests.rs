//! Cases of the core, and the shell against a log that refuses at first.

use std::sync::Arc;
use std::time::Duration;

use crate::ports::{Clock, Now, RaftStatus, ReplicatedLog, SystemClock};
use crate::supervision::Supervisor;
use crate::testing::{Cluster, FakeLog, FakeRaft, Trouble, within};
use crate::ticker::{Observed, Ticker, TickerCore, TickerPorts};

/// The monotonic clock began at 100,000.
fn at(unix_ms: u64) -> Now {
    Now { unix_ms, monotonic_ms: unix_ms - 100_000 }
}

fn primary(next_deadline_ms: Option<u64>, log_clock_ms: u64) -> Observed {
    Observed { is_primary: true, next_deadline_ms, log_clock_ms }
}

#[test]
fn a_deadline_is_met_and_idleness_writes_little() {
    let mut core = TickerCore::default();
    let secondary = Observed { is_primary: false, ..primary(Some(0), 0) };
    assert!(!core.on_look(secondary, at(200_000)), "a secondary never ticks");
    assert!(!core.on_look(primary(Some(200_500), 200_000), at(200_499)), "not due");
    assert!(core.on_look(primary(Some(200_500), 200_000), at(200_500)));
    assert!(!core.on_look(primary(Some(200_500), 200_000), at(200_750)), "on its way");
    core.on_answer(Ok(()), at(200_600));
    assert!(!core.on_look(primary(Some(200_500), 200_000), at(200_700)), "not twice within a look");
    assert!(core.on_look(primary(Some(200_500), 200_500), at(200_750)), "more than one tick could wake");
    core.on_answer(Ok(()), at(200_751));
    assert!(!core.on_look(primary(None, 200_750), at(210_000)));
    assert!(core.on_look(primary(None, 200_750), at(210_750)));
    core.on_answer(Ok(()), at(210_751));
    assert!(!core.on_look(primary(None, 219_000), at(221_000)), "other commands moved the log's time");
    assert_eq!((core.status().ticks, core.status().last_tick_ms), (3, Some(210_751)));
}

#[test]
fn an_idle_minute_costs_five_entries() {
    let mut core = TickerCore::default();
    let (mut log_clock_ms, mut ticks) = (200_000, 0);
    for now_ms in (200_000..260_000).step_by(250) {
        if core.on_look(primary(None, log_clock_ms), at(now_ms)) {
            (log_clock_ms, ticks) = (now_ms, ticks + 1);
            core.on_answer(Ok(()), at(now_ms));
        }
    }
    assert_eq!(ticks, 5, "and the first only after ten seconds");
}

#[test]
fn a_tick_that_was_not_recorded_is_tried_again_with_growing_pauses() {
    let mut core = TickerCore::default();
    let mut now_ms = 200_000;
    for pause_ms in [500, 1_000, 2_000, 4_000, 5_000, 5_000] {
        assert!(core.on_look(primary(Some(1), 0), at(now_ms)));
        core.on_answer(Err("no quorum".to_owned()), at(now_ms));
        assert!(!core.on_look(primary(Some(1), 0), at(now_ms + pause_ms - 1)), "{pause_ms}");
        now_ms += pause_ms;
    }
    assert_eq!((core.status().failures, core.status().last_failure.as_deref()), (6, Some("no quorum")));
    assert!(core.on_look(primary(Some(1), 0), at(now_ms)));
    core.on_answer(Err("deposed".to_owned()), at(now_ms));
    assert!(!core.on_look(Observed::default(), at(now_ms)));
    assert!(core.on_look(primary(Some(1), 0), at(now_ms + 250)), "a new term begins without a pause");
    core.on_answer(Ok(()), at(now_ms + 250));
    assert_eq!(core.status().last_failure, None);
}

#[test]
fn clocks_that_differ_or_jump_hold_nothing_up() {
    let mut core = TickerCore::default();
    // The former primary was an hour ahead: by the log's time it is due, by ours it is not.
    assert!(core.on_look(primary(Some(3_700_000), 3_800_000), at(200_000)));
    core.on_answer(Ok(()), at(200_001));
    assert!(!core.on_look(primary(None, 3_800_000), at(290_000)), "a tick could not move the log's time");
    // Our clock is set back by a minute after a tick.
    assert!(core.on_look(primary(Some(290_000), 200_000), at(290_000)));
    core.on_answer(Ok(()), at(290_001));
    let later = Now { unix_ms: 230_000, monotonic_ms: 190_250 };
    assert!(core.on_look(primary(Some(229_000), 220_000), later));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_primary_moves_the_time_of_the_log() {
    let supervisor = Supervisor::new(tokio::runtime::Handle::current());
    let log = Arc::new(FakeLog::new(Cluster::new(1)));
    let raft = Arc::new(FakeRaft::new(RaftStatus::default()));
    let clock = Arc::new(SystemClock::default());
    let ports = TickerPorts { log: log.clone(), raft: raft.clone(), clock: clock.clone() };
    let ticker = Ticker::start(&supervisor, ports).unwrap();
    let start_ms = clock.unix_ms();
    assert!(log.view().state.clock_ms() < start_ms);
    log.make_trouble(&[Trouble::Refused]);
    raft.status.send_modify(|status| status.is_primary = true);
    within(log.wait_for(|view| view.state.clock_ms() >= start_ms)).await;
    let status = within(ticker.status().wait_for(|status| status.ticks == 1)).await;
    assert_eq!((status.failures, status.last_failure, status.is_ticking), (1, None, true));
    within(ticker.stop(Duration::from_secs(10))).await.unwrap();
    within(supervisor.shutdown()).await.unwrap();
}
