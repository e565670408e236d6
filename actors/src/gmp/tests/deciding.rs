//! Cases of the pure core.

use std::collections::BTreeSet;

use flotilla_model::{Command, EventId, NodeId, Outcome, WorkEnd, WorkResult, WorkerId};

use crate::gmp::{Effect, PoolConfig, PoolCore};
use crate::ports::{Applied, Now, ProposalError};
use crate::testing::Cluster;
use flotilla_model::SessionId;

const STEAL_AFTER_MS: u64 = 50;

fn config(node: u64) -> PoolConfig {
    PoolConfig { node: NodeId(node), session: SessionId(node * 1000), steal_after_ms: STEAL_AFTER_MS }
}

fn pool(node: u64, target: u32) -> PoolCore {
    PoolCore::new(config(node), target)
}

fn at(ms: u64) -> Now {
    Now { unix_ms: ms, monotonic_ms: ms }
}

fn done(event: EventId, attempt: u32) -> WorkResult {
    WorkResult { event, attempt, worker: WorkerId(1), steps: Vec::new(), end: WorkEnd::Done }
}

fn handed(effects: &[Effect]) -> Vec<EventId> {
    let hand = |effect: &Effect| match effect {
        Effect::Hand(work) => Some(work.event.id),
        _ => None,
    };
    effects.iter().filter_map(hand).collect()
}

fn proposals(effects: Vec<Effect>) -> Vec<(u64, Vec<Command>)> {
    let proposal = |effect| match effect {
        Effect::Propose(id, commands) => Some((id, commands.to_vec())),
        _ => None,
    };
    effects.into_iter().filter_map(proposal).collect()
}

fn only_proposal(effects: Vec<Effect>) -> (u64, Vec<Command>) {
    let mut proposals = proposals(effects);
    assert_eq!(proposals.len(), 1, "{proposals:?}");
    proposals.remove(0)
}

fn claim_count(commands: &[Command]) -> Option<u32> {
    commands.iter().find_map(|command| match command {
        Command::Claim { count, .. } => Some(*count),
        _ => None,
    })
}

fn claim_by(node: u64, count: u32, now_ms: u64) -> [Command; 1] {
    let PoolConfig { node, session, steal_after_ms } = config(node);
    [Command::Claim { node, session, count, steal_after_ms, now_ms }]
}

fn apply(cluster: &mut Cluster, commands: &[Command]) -> Applied {
    let answers = commands.iter().map(|command| cluster.apply(command.clone())).collect();
    Applied { index: cluster.view.index, answers }
}

/// Claims everything that is ready and returns what was handed out.
fn claim_all(cluster: &mut Cluster, pool: &mut PoolCore, now: Now) -> Vec<EventId> {
    let (id, commands) = only_proposal(pool.decide(&cluster.view, now));
    let applied = apply(cluster, &commands);
    pool.on_answer(id, Ok(applied), now);
    handed(&pool.decide(&cluster.view, now))
}

#[test]
fn own_events_are_claimed_at_once_in_one_command() {
    let mut cluster = Cluster::new(2);
    let mut pool = pool(1, 4);
    assert!(pool.decide(&cluster.view, at(10)).is_empty(), "nothing is ready");
    for _ in 0..3 {
        cluster.upload(1, 10);
    }
    let (_, commands) = only_proposal(pool.decide(&cluster.view, at(10)));
    assert_eq!(claim_count(&commands), Some(3));
    assert!(proposals(pool.decide(&cluster.view, at(10))).is_empty(), "they are being claimed");
}

#[test]
fn others_events_are_left_to_them_for_a_while() {
    let mut cluster = Cluster::new(2);
    let mut pool = pool(2, 4);
    cluster.upload(1, 100);
    let effects = pool.decide(&cluster.view, at(100));
    assert!(matches!(effects[..], [Effect::DecideAfter(STEAL_AFTER_MS)]), "{effects:?}");
    let (_, commands) = only_proposal(pool.decide(&cluster.view, at(150)));
    assert_eq!(claim_count(&commands), Some(1));
}

#[test]
fn events_of_a_lost_node_are_claimed_at_once() {
    let mut cluster = Cluster::new(2);
    let mut pool = pool(2, 4);
    cluster.upload(1, 100);
    cluster.lose(1);
    let (_, commands) = only_proposal(pool.decide(&cluster.view, at(100)));
    assert_eq!(claim_count(&commands), Some(1));
}

#[test]
fn capacity_bounds_what_is_claimed() {
    let mut cluster = Cluster::new(2);
    for _ in 0..100 {
        cluster.upload(1, 10);
    }
    for node in [1, 2] {
        let mut pool = pool(node, 4);
        let in_advance = pool.pace.prefetch(4);
        let (_, commands) = only_proposal(pool.decide(&cluster.view, at(100)));
        assert_eq!(claim_count(&commands), Some(4 + in_advance), "node {node}");
        assert!(in_advance < 100);
    }
}

#[test]
fn a_claim_that_got_nothing_is_not_repeated_at_once() {
    let mut cluster = Cluster::new(2);
    let mut pool = pool(2, 4);
    cluster.upload(1, 10);
    for (now_ms, pause_ms) in [(100, 5), (105, 10), (115, 20)] {
        let (id, _) = only_proposal(pool.decide(&cluster.view, at(now_ms)));
        // Another node was faster: this one's view does not show it yet.
        let answers = vec![Ok(Outcome::Claimed { leases: Vec::new(), more: true })];
        pool.on_answer(id, Ok(Applied { index: cluster.view.index, answers }), at(now_ms));
        let effects = pool.decide(&cluster.view, at(now_ms));
        assert!(matches!(effects[..], [Effect::DecideAfter(after_ms)] if after_ms == pause_ms), "{effects:?}");
    }
    assert_eq!(claim_all(&mut cluster, &mut pool, at(135)).len(), 1);
    cluster.upload(1, 140);
    let (id, _) = only_proposal(pool.decide(&cluster.view, at(200)));
    let answers = vec![Ok(Outcome::Claimed { leases: Vec::new(), more: true })];
    pool.on_answer(id, Ok(Applied { index: cluster.view.index, answers }), at(200));
    let effects = pool.decide(&cluster.view, at(200));
    assert!(matches!(effects[..], [Effect::DecideAfter(5)]), "a good claim has ended the doubling: {effects:?}");
}

#[test]
fn what_was_granted_is_handed_out_when_the_view_shows_it() {
    let mut cluster = Cluster::new(1);
    let mut pool = pool(1, 4);
    let event = cluster.upload(1, 10);
    let lagging = cluster.view.clone();
    let (id, commands) = only_proposal(pool.decide(&cluster.view, at(10)));
    let applied = apply(&mut cluster, &commands);
    pool.on_answer(id, Ok(applied), at(11));
    assert!(pool.decide(&lagging, at(11)).is_empty(), "what an event is, only the view tells");
    assert_eq!(handed(&pool.decide(&cluster.view, at(12))), [event]);
    assert!(handed(&pool.decide(&cluster.view, at(2000))).is_empty(), "the comparison finds it where it is");
}

#[test]
fn leases_whose_answer_was_lost_are_found() {
    let mut cluster = Cluster::new(1);
    let mut pool = pool(1, 4);
    let event = cluster.upload(1, 10);
    let (id, commands) = only_proposal(pool.decide(&cluster.view, at(10)));
    pool.on_answer(id, Err(ProposalError::Unknown { reason: String::new() }), at(20));
    assert!(handed(&pool.decide(&cluster.view, at(20))).is_empty());
    // It takes effect late.
    apply(&mut cluster, &commands);
    assert_eq!(handed(&pool.decide(&cluster.view, at(21))), [event], "in doubt the view is asked each time");
    cluster.upload(1, 30);
    claim_all(&mut cluster, &mut pool, at(100));
    let foreign = cluster.upload(1, 110);
    apply(&mut cluster, &claim_by(1, 1, 110));
    assert!(handed(&pool.decide(&cluster.view, at(120))).is_empty(), "no reason to look at all leases");
    assert_eq!(handed(&pool.decide(&cluster.view, at(700))), [foreign], "looked at all the same now and then");
}

#[test]
fn work_that_ended_behind_the_pools_back_is_revoked_at_the_next_comparison() {
    let mut cluster = Cluster::new(1);
    let mut pool = pool(1, 1);
    let event = cluster.upload(1, 10);
    claim_all(&mut cluster, &mut pool, at(10));
    let (node, session) = (NodeId(1), SessionId(1000));
    let complete = Command::Complete { node, session, results: vec![done(event, 1)], now_ms: 11 };
    apply(&mut cluster, &[complete]);
    assert!(pool.decide(&cluster.view, at(12)).is_empty());
    let effects = pool.decide(&cluster.view, at(600));
    assert!(matches!(effects[..], [Effect::Revoke(lost, 1)] if lost == event), "{effects:?}");
}

#[test]
fn results_and_the_next_claim_travel_together() {
    let mut cluster = Cluster::new(1);
    let mut pool = pool(1, 1);
    let first = cluster.upload(1, 10);
    assert_eq!(claim_all(&mut cluster, &mut pool, at(10)), [first]);
    cluster.upload(1, 11);
    pool.on_result(done(first, 1), 100);
    let (id, commands) = only_proposal(pool.decide(&cluster.view, at(12)));
    assert!(matches!(&commands[..], [Command::Complete { .. }, Command::Claim { count: 1, .. }]), "{commands:?}");
    let applied = apply(&mut cluster, &commands);
    pool.on_answer(id, Ok(applied), at(13));
    assert_eq!(pool.totals.completed, 1);
    assert_eq!(cluster.state().totals().events_completed, 1);
}

#[test]
fn an_entry_takes_as_many_results_as_it_can_hold() {
    let mut cluster = Cluster::new(1);
    let mut pool = pool(1, 400);
    for _ in 0..400 {
        cluster.upload(1, 10);
    }
    let events = claim_all(&mut cluster, &mut pool, at(10));
    assert_eq!(events.len(), 400);
    for event in &events {
        let end = WorkEnd::Failed { reason: "x".repeat(2000), retryable: true };
        pool.on_result(WorkResult { end, ..done(*event, 1) }, 100);
    }
    let mut told = 0;
    for round in 0..10 {
        let Some((id, commands)) = proposals(pool.decide(&cluster.view, at(20 + round))).pop() else { break };
        let Some(Command::Complete { results, .. }) = commands.first() else { panic!("{commands:?}") };
        assert!(results.len() <= 131, "{} results of 2 KB", results.len());
        told += results.len();
        let applied = apply(&mut cluster, &commands);
        pool.on_answer(id, Ok(applied), at(20 + round));
    }
    assert_eq!((told, pool.totals.failed), (400, 400));
}

#[test]
fn a_view_that_lags_behind_the_answer_hands_nothing_out_twice() {
    let mut cluster = Cluster::new(1);
    let mut pool = pool(1, 1);
    let event = cluster.upload(1, 10);
    claim_all(&mut cluster, &mut pool, at(10));
    let lagging = cluster.view.clone();
    pool.on_result(done(event, 1), 100);
    let (id, commands) = only_proposal(pool.decide(&cluster.view, at(11)));
    let applied = apply(&mut cluster, &commands);
    assert!(pool.decide(&lagging, at(11)).is_empty(), "on its way");
    pool.on_answer(id, Ok(applied), at(12));
    assert!(pool.decide(&lagging, at(12)).is_empty(), "answered, and the view still shows the lease");
    assert!(pool.decide(&cluster.view, at(13)).is_empty());
    assert!(pool.is_drained());
}

#[test]
fn a_result_without_quorum_is_kept_and_proposed_again() {
    let mut cluster = Cluster::new(1);
    let mut pool = pool(1, 1);
    let event = cluster.upload(1, 10);
    claim_all(&mut cluster, &mut pool, at(10));
    pool.on_result(done(event, 1), 100);
    let (id, _) = only_proposal(pool.decide(&cluster.view, at(11)));
    pool.on_answer(id, Err(ProposalError::NotAccepted { reason: String::new() }), at(20));
    let effects = pool.decide(&cluster.view, at(20));
    assert!(matches!(effects[..], [Effect::DecideAfter(50)]), "after a pause: {effects:?}");
    let (id, commands) = only_proposal(pool.decide(&cluster.view, at(70)));
    assert!(matches!(&commands[..], [Command::Complete { results, .. }] if results.len() == 1));
    pool.on_answer(id, Err(ProposalError::Unknown { reason: String::new() }), at(80));
    let effects = pool.decide(&cluster.view, at(80));
    assert!(matches!(effects[..], [Effect::DecideAfter(100)]), "the pause doubles: {effects:?}");

    // It had taken effect after all: nothing is left to propose.
    apply(&mut cluster, &commands);
    assert!(pool.decide(&cluster.view, at(500)).is_empty());
    assert!(pool.is_drained());
}

#[test]
fn a_lost_lease_revokes_the_work_and_its_result_is_dropped() {
    let mut cluster = Cluster::new(2);
    let mut pool = pool(1, 2);
    let (running, ended) = (cluster.upload(1, 10), cluster.upload(1, 10));
    claim_all(&mut cluster, &mut pool, at(10));
    pool.on_result(done(ended, 1), 100);
    cluster.lose(1);
    let effects = pool.decide(&cluster.view, at(11));
    assert!(matches!(effects[..], [Effect::Revoke(event, 1)] if event == running), "{effects:?}");
    pool.on_result(done(running, 1), 100);
    assert!(pool.decide(&cluster.view, at(12)).is_empty(), "its session is over: it proposes nothing");
    assert_eq!(pool.totals.stale, 2);
    assert!(pool.is_drained());
}

#[test]
fn a_stale_result_is_counted_and_not_repeated() {
    let mut cluster = Cluster::new(1);
    let mut pool = pool(1, 1);
    let event = cluster.upload(1, 10);
    claim_all(&mut cluster, &mut pool, at(10));
    pool.on_result(done(event, 1), 100);
    let (id, _) = only_proposal(pool.decide(&cluster.view, at(11)));
    let answers = vec![Ok(Outcome::Completed { stale: vec![event] })];
    pool.on_answer(id, Ok(Applied { index: cluster.view.index, answers }), at(12));
    assert_eq!((pool.totals.completed, pool.totals.stale), (0, 1));
}

#[test]
fn leases_are_renewed_when_a_third_of_their_time_is_gone() {
    let mut cluster = Cluster::new(1);
    cluster.set("EventQueue.leaseTimeout", Some("60"));
    let mut pool = pool(1, 1);
    pool.on_settings(1, true, 60_000);
    let event = cluster.upload(1, 10);
    claim_all(&mut cluster, &mut pool, at(10));
    assert!(pool.decide(&cluster.view, at(20_000)).is_empty());
    assert!(pool.decide(&cluster.view, at(24_000)).is_empty(), "looked at a moment ago");
    let (id, commands) = only_proposal(pool.decide(&cluster.view, at(25_000)));
    assert!(matches!(&commands[..], [Command::RenewLeases { leases, .. }] if *leases == [(event, 1)]), "{commands:?}");
    let applied = apply(&mut cluster, &commands);
    pool.on_answer(id, Ok(applied), at(25_000));
    assert!(pool.decide(&cluster.view, at(45_000)).is_empty(), "renewed until 85,000");
    assert_eq!(proposals(pool.decide(&cluster.view, at(50_000))).len(), 1);
}

#[test]
fn the_lease_of_a_worker_that_makes_no_progress_is_not_renewed() {
    let mut cluster = Cluster::new(1);
    cluster.set("EventQueue.leaseTimeout", Some("60"));
    let mut pool = pool(1, 2);
    pool.on_settings(2, true, 60_000);
    let (hung, running) = (cluster.upload(1, 10), cluster.upload(1, 10));
    claim_all(&mut cluster, &mut pool, at(10));
    assert!(pool.looks_at_leases(at(25_000)));
    pool.on_overdue(BTreeSet::from([(hung, 1)]));
    let (id, commands) = only_proposal(pool.decide(&cluster.view, at(25_000)));
    assert!(
        matches!(&commands[..], [Command::RenewLeases { leases, .. }] if *leases == [(running, 1)]),
        "{commands:?}"
    );
    let applied = apply(&mut cluster, &commands);
    pool.on_answer(id, Ok(applied), at(25_000));
    cluster.apply(Command::Tick { now_ms: 60_100 }).unwrap();
    let effects = pool.decide(&cluster.view, at(60_100));
    assert!(
        effects.iter().any(|effect| matches!(effect, Effect::Revoke(event, 1) if *event == hung)),
        "it has expired, and goes on by the rules: {effects:?}"
    );
}

#[test]
fn a_stopping_pool_claims_nothing_and_gives_back_what_comes() {
    let mut cluster = Cluster::new(1);
    let mut pool = pool(1, 4);
    cluster.upload(1, 10);
    let (id, commands) = only_proposal(pool.decide(&cluster.view, at(10)));
    pool.on_stop();
    let applied = apply(&mut cluster, &commands);
    cluster.upload(1, 11);
    pool.on_answer(id, Ok(applied), at(11));
    let (_, commands) = only_proposal(pool.decide(&cluster.view, at(11)));
    let [Command::Complete { results, .. }] = &commands[..] else { panic!("{commands:?}") };
    assert_eq!(results[0].end, WorkEnd::Returned);
}

#[test]
fn a_passive_secondary_claims_nothing() {
    let mut cluster = Cluster::new(2);
    let mut pool = pool(2, 4);
    pool.on_settings(4, false, 60_000);
    cluster.upload(2, 10);
    assert!(pool.decide(&cluster.view, at(1000)).is_empty());
    pool.on_settings(4, true, 60_000);
    assert_eq!(proposals(pool.decide(&cluster.view, at(1000))).len(), 1);
}

#[test]
fn a_restarted_shell_repeats_reports_and_hand_overs_that_were_lost() {
    let mut cluster = Cluster::new(1);
    let mut pool = pool(1, 3);
    let events: Vec<_> = (0..3).map(|_| cluster.upload(1, 10)).collect();
    assert_eq!(claim_all(&mut cluster, &mut pool, at(10)), events);
    pool.on_result(done(events[0], 1), 100);
    only_proposal(pool.decide(&cluster.view, at(11)));
    // The shell dies: the answer is lost, and the third event never reached a worker.
    pool.on_restart(&BTreeSet::from([(events[1], 1)]));
    let effects = pool.decide(&cluster.view, at(12));
    assert_eq!(handed(&effects), [events[2]]);
    let (_, commands) = only_proposal(effects);
    assert!(matches!(&commands[..], [Command::Complete { results, .. }] if results[0].event == events[0]));
}

#[test]
fn while_two_proposals_are_on_their_way_results_gather() {
    let mut cluster = Cluster::new(1);
    let mut pool = pool(1, 5);
    let events: Vec<_> = (0..5).map(|_| cluster.upload(1, 10)).collect();
    claim_all(&mut cluster, &mut pool, at(10));
    let mut ids = Vec::new();
    for event in &events[..2] {
        pool.on_result(done(*event, 1), 100);
        ids.push(only_proposal(pool.decide(&cluster.view, at(11))));
    }
    for event in &events[2..] {
        pool.on_result(done(*event, 1), 100);
        assert!(pool.decide(&cluster.view, at(11)).is_empty());
    }
    let (id, commands) = ids.remove(0);
    let applied = apply(&mut cluster, &commands);
    pool.on_answer(id, Ok(applied), at(12));
    let (_, commands) = only_proposal(pool.decide(&cluster.view, at(12)));
    assert!(matches!(&commands[..], [Command::Complete { results, .. }] if results.len() == 3));
}
