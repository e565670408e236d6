//! The queue in an operator's hands: dead letters, lanes, doubtful steps; and events whose nodes die.

use anyhow::{Context, Result, ensure};
use flotilla_admin::api::{EventView, LaneView, Page, TransferView};
use flotilla_local::wait_until;
use reqwest::StatusCode;
use serde_json::Value;

use crate::common::{DEADLINE, Scene};
use crate::receiver::{Behaviour, Receiver};

const OK: Behaviour = Behaviour::Answer("204 No Content");

impl Scene {
    /// `flotilla queue …` through a node.
    async fn queue(&self, index: usize, arguments: &[&str]) -> Result<Value> {
        self.cluster.command(index, &[&["queue"], arguments].concat()).await
    }

    async fn events(&self, index: usize, arguments: &[&str]) -> Result<Vec<EventView>> {
        let answer = self.queue(index, &[&["list"], arguments].concat()).await?;
        let page: Page<EventView> = serde_json::from_value(answer)?;
        Ok(page.items)
    }

    /// Waits until so many events are in a state.
    async fn events_in(&self, index: usize, state: &str, count: usize) -> Result<Vec<EventView>> {
        let what = format!("{count} events are {state}");
        wait_until(&what, DEADLINE, async || {
            let events = self.events(index, &["--state", state]).await?;
            Ok((events.len() == count).then_some(events))
        })
        .await
    }

    /// Waits until a transfer is in a state.
    async fn transfer_is(&self, index: usize, id: u64, state: &str) -> Result<TransferView> {
        wait_until(&format!("transfer {id} is {state}"), DEADLINE, async || {
            let row = self.transfer(index, id).await?;
            Ok((row.state == state).then_some(row))
        })
        .await
    }

    async fn lane(&self, index: usize, name: &str) -> Result<LaneView> {
        let answer = self.queue(index, &["lanes"]).await?;
        let page: Page<LaneView> = serde_json::from_value(answer)?;
        page.items.into_iter().find(|lane| lane.name == name).with_context(|| format!("no lane {name}"))
    }
}

#[tokio::test]
async fn dead_letters_are_found_retried_in_bulk_and_given_up() -> Result<()> {
    let scene = Scene::start(3).await?;
    let receiver = Receiver::start(0, Behaviour::Answer("404 Not Found"))?;
    scene.partner("alice", &[&format!("webhook={}", receiver.url)]).await?;
    let mut transfers = Vec::new();
    for number in 0..5usize {
        transfers.push(scene.upload(number % 3, "alice", &format!("{number}.txt"), b"hello".to_vec()).await?);
    }
    let dead = scene.events_in(1, "dead", 5).await?;
    assert_eq!(dead[0].reason.as_deref(), Some("webhook: answered 404 Not Found"));
    assert_eq!(scene.events(1, &["--state", "dead", "--reason", "not found", "--account", "alice"]).await?.len(), 5);
    assert!(scene.events(1, &["--state", "dead", "--older-than", "1d"]).await?.is_empty());

    // Only looked at, and asked for where nobody can answer: nothing changes.
    let seen = scene.queue(1, &["retry", "--all", "--kind", "file.received", "--dry-run"]).await?;
    assert_eq!((&seen["selected"], &seen["changed"]), (&5.into(), &0.into()));
    let refused = scene.queue(1, &["retry", "--all"]).await.unwrap_err().to_string();
    assert!(refused.contains("5 events would be tried again") && refused.contains("--yes"), "{refused}");
    scene.events_in(1, "dead", 5).await?;

    // The two oldest with another route, which leaves the receiver out.
    let other = ["retry", "--all", "--limit", "2", "--yes", "--step", "checksum"];
    assert_eq!(scene.queue(1, &other).await?["changed"], 2);
    let ended: Vec<u64> = dead[..2].iter().filter_map(|event| event.transfer.map(|id| id.0)).collect();
    for id in &ended {
        let row = scene.transfer_is(1, *id, "Processed").await?;
        assert_eq!(row.steps.last().map(|step| step.kind.as_str()), Some("checksum"));
    }
    assert_eq!(receiver.requests().len(), 5, "the receiver was left out");

    // The rest when the receiver is repaired, but for one that is given up.
    receiver.behave(OK);
    let last = dead[4].id.to_string();
    assert_eq!(scene.queue(2, &["discard", &last]).await?["changed"], 1);
    assert_eq!(scene.queue(1, &["retry", "--all", "--yes"]).await?["changed"], 2);
    for id in transfers.iter().filter(|id| !ended.contains(id)) {
        let given_up = dead[4].transfer.is_some_and(|transfer| transfer.0 == *id);
        scene.transfer_is(0, *id, if given_up { "Failed subtransmission" } else { "Processed" }).await?;
    }
    let refused = scene.queue(1, &["retry", &last]).await.unwrap_err().to_string();
    assert!(refused.contains("1 of 1 were refused"), "{refused}");
    let statistics = scene.drained(0).await?;
    assert_eq!((statistics.queue.dead, statistics.discarded_total, statistics.completed_total), (0, 1, 4));
    assert_eq!(receiver.requests().len(), 7);
    Ok(())
}

#[tokio::test]
async fn a_paused_lane_waits_others_do_not_and_what_waits_may_be_cancelled() -> Result<()> {
    let scene = Scene::start(3).await?;
    for name in ["alice", "bob"] {
        scene.partner(name, &["checksum"]).await?;
    }
    scene.queue(1, &["pause", "alice"]).await?;
    let mut waiting = Vec::new();
    for number in 0..3 {
        waiting.push(scene.upload(0, "alice", &format!("{number}.txt"), b"hello".to_vec()).await?);
    }
    let others = scene.upload(0, "bob", "a.txt", b"hello".to_vec()).await?;
    scene.transfer_is(0, others, "Processed").await?;
    let lane = scene.lane(0, "alice").await?;
    assert_eq!((lane.is_paused, lane.ready, lane.leased, lane.completed_total), (true, 3, 0, 0));
    assert_eq!(scene.status_of(0).await?.paused_lanes, ["alice"]);

    let events = scene.events(0, &["--lane", "alice"]).await?;
    let cancelled = events.iter().find(|event| event.transfer.is_some_and(|id| id.0 == waiting[1]));
    let cancelled = cancelled.context("no event of the second file")?.id.to_string();
    scene.queue(0, &["cancel", &cancelled]).await?;
    let row = scene.transfer_is(0, waiting[1], "Failed subtransmission").await?;
    assert_eq!(row.failure.as_deref(), Some("cancelled"));

    scene.queue(2, &["weight", "alice", "7"]).await?;
    scene.queue(2, &["resume", "alice"]).await?;
    for id in [waiting[0], waiting[2]] {
        scene.transfer_is(2, id, "Processed").await?;
    }
    let all: Page<LaneView> = serde_json::from_value(scene.queue(2, &["lanes", "--all"]).await?)?;
    let lane = all.items.iter().find(|lane| lane.name == "alice").context("no lane")?;
    assert_eq!((lane.is_paused, lane.weight, lane.completed_total, lane.cancelled_total), (false, 7, 2, 1));
    let refused = scene.queue(0, &["pause", "alcie"]).await.unwrap_err().to_string();
    assert!(refused.contains("no lane alcie"), "{refused}");
    Ok(())
}

#[tokio::test]
async fn a_person_answers_for_steps_whose_outcome_is_unknown() -> Result<()> {
    let scene = Scene::start(3).await?;
    let receiver = Receiver::start(0, Behaviour::HangUp)?;
    scene.partner("alice", &[&format!("webhook={}", receiver.url)]).await?;
    let happened = scene.upload(0, "alice", "happened.txt", b"hello".to_vec()).await?;
    let again = scene.upload(1, "alice", "again.txt", b"hello".to_vec()).await?;
    let doubtful = scene.events_in(0, "outcome-unknown", 2).await?;
    assert_eq!(scene.transfer(0, happened).await?.state, "Paused");
    let event_of = |transfer: u64| {
        let found = doubtful.iter().find(|event| event.transfer.is_some_and(|id| id.0 == transfer));
        found.map(|event| event.id.to_string()).context("no event")
    };
    let shown: EventView = serde_json::from_value(scene.queue(0, &["show", &event_of(happened)?]).await?)?;
    assert_eq!((shown.doubtful_step, shown.runs.len(), shown.attempt), (Some(0), 1, 1));

    receiver.behave(OK);
    scene.queue(0, &["resolve", &event_of(happened)?, "--happened"]).await?;
    scene.transfer_is(0, happened, "Processed").await?;
    assert_eq!(receiver.requests().len(), 2, "what has happened is not done again");
    scene.queue(0, &["resolve", &event_of(again)?, "--do-it-again"]).await?;
    scene.transfer_is(0, again, "Processed").await?;
    assert_eq!(receiver.requests().len(), 3);
    Ok(())
}

#[tokio::test]
async fn routes_are_set_for_kinds_of_events() -> Result<()> {
    let scene = Scene::start(1).await?;
    scene.partner("alice", &["checksum"]).await?;
    let set = ["route", "set", "alice", "--kind", "order.*", "--lane", "bulk", "--priority", "7", "--step"];
    scene.cluster.command(0, &[&set[..], &["webhook=http://127.0.0.1:9/"]].concat()).await?;
    let shown = scene.cluster.command(0, &["route", "show", "alice"]).await?;
    let kinds: Vec<_> = shown.as_array().context("no list")?.iter().map(|route| &route["kind"]).collect();
    assert_eq!(kinds, ["file.received", "order.*"]);
    assert_eq!((&shown[1]["lane"], &shown[1]["priority"]), (&"bulk".into(), &7.into()));
    scene.queue(0, &["pause", "bulk"]).await?;
    let refused = scene.cluster.command(0, &[&set[..], &["checksum"]].concat()).await.unwrap_err().to_string();
    assert!(refused.contains("needs a file"), "{refused}");
    scene.cluster.command(0, &["route", "remove", "alice", "--kind", "order.*"]).await?;
    assert!(scene.cluster.command(0, &["route", "show", "alice", "--kind", "order.*"]).await.is_err());
    Ok(())
}

#[tokio::test]
async fn an_event_that_kills_its_process_again_and_again_is_given_up() -> Result<()> {
    let mut scene = Scene::start(1).await?;
    let receiver = Receiver::start(0, Behaviour::Hold)?;
    let hook = format!("webhook={}", receiver.url);
    scene.partner("alice", &[]).await?;
    // Idempotent: a step that may not be repeated would be held for a person after the first death.
    let set = ["route", "set", "alice", "--step", &hook, "--webhook-idempotent", "--webhook-timeout", "60000"];
    scene.cluster.command(0, &set).await?;
    let id = scene.upload(0, "alice", "poison.txt", b"hello".to_vec()).await?;
    for death in 1..=3 {
        receiver.called(death).await?;
        scene.cluster.nodes[0].kill()?;
        scene.cluster.start_node(0)?;
        scene.cluster.wait_ready(0).await?;
    }
    let dead = scene.events_in(0, "dead", 1).await?;
    assert_eq!((dead[0].lost_leases, dead[0].failures), (3, 0));
    let reason = dead[0].reason.as_deref().unwrap_or_default();
    assert!(reason.contains("3 times its worker's process died"), "{reason}");
    assert_eq!(scene.transfer(0, id).await?.state, "Failed subtransmission");
    assert_eq!(receiver.requests().len(), 3);
    receiver.behave(OK);
    scene.queue(0, &["retry", &dead[0].id.to_string()]).await?;
    scene.transfer_is(0, id, "Processed").await?;
    Ok(())
}

/// Uploads through a node that does not lead until an event of it is run by one that does not lead; gives the transfer and
/// the index of that node. The receiver holds it.
async fn run_off_the_primary(scene: &Scene, account: &str, receiver: &Receiver) -> Result<(u64, usize)> {
    for number in 0..10 {
        let primary = scene.primary_as_seen_by(0).await?;
        let calls = receiver.requests().len();
        let path = format!("{number}.txt");
        let transfer = scene.upload((primary + 1) % 3, account, &path, b"hello".to_vec()).await?;
        receiver.called(calls + 1).await?;
        let status = scene.status_of(primary).await?;
        let leased = scene.events(primary, &["--state", "leased", "--account", account]).await?;
        let event = leased.iter().find(|event| event.transfer.is_some_and(|id| id.0 == transfer));
        let worker = event.and_then(|event| event.leased_to).context("the event is not leased")?;
        let node = status.nodes.iter().find(|node| node.node == worker).context("no such node")?;
        let index = scene.cluster.nodes.iter().position(|local| local.admin_url() == node.admin_url);
        let index = index.context("no such process")?;
        if index != primary {
            return Ok((transfer, index));
        }
        // The primary was faster to take it: let it go and try once more.
        receiver.behave(OK);
        scene.transfer_is(primary, transfer, "Processed").await?;
        receiver.behave(Behaviour::Hold);
    }
    anyhow::bail!("every event was run by the primary")
}

#[tokio::test]
async fn work_on_another_node_runs_once_when_only_the_primary_dies() -> Result<()> {
    // A step that may be repeated would show a second run as a second call, one that may not as an unknown outcome.
    for idempotent in [true, false] {
        let mut scene = Scene::start(3).await?;
        let receiver = Receiver::start(0, Behaviour::Hold)?;
        scene.partner("alice", &[]).await?;
        let hook = format!("webhook={}", receiver.url);
        let mut set = vec!["route", "set", "alice", "--step", &hook, "--webhook-timeout", "120000"];
        if idempotent {
            set.push("--webhook-idempotent");
        }
        scene.cluster.command(0, &set).await?;
        let (transfer, worker) = run_off_the_primary(&scene, "alice", &receiver).await?;
        let calls = receiver.requests().len();
        let primary = scene.primary_as_seen_by(worker).await?;
        ensure!(primary != worker, "the lead has moved to the worker's node meanwhile");
        scene.cluster.nodes[primary].kill()?;
        wait_until("another node leads", DEADLINE, async || {
            Ok((scene.primary_as_seen_by(worker).await? != primary).then_some(()))
        })
        .await?;
        // The new primary has found the old one lost and given back what that one had.
        wait_until("the old primary counts as lost", DEADLINE, async || {
            let down = scene.status_of(worker).await?.nodes.iter().filter(|node| !node.is_up).count();
            Ok((down == 1).then_some(()))
        })
        .await?;
        // Another event goes through all of it while the first is still held.
        scene.partner_through(worker, "bob", &["checksum"]).await?;
        let other = scene.upload(worker, "bob", "b.txt", b"hello".to_vec()).await?;
        scene.transfer_is(worker, other, "Processed").await?;
        assert_eq!(scene.events(worker, &["--account", "alice", "--state", "leased"]).await?.len(), 1);

        receiver.behave(OK);
        let row = scene.transfer_is(worker, transfer, "Processed").await?;
        assert_eq!(receiver.requests().len(), calls, "idempotent: {idempotent}: the step was run again");
        let runs: Vec<_> = row.steps.iter().map(|step| (step.attempt, step.succeeded)).collect();
        assert_eq!(runs, [(1, true)]);
        let statistics = scene.drained(worker).await?;
        assert_eq!((statistics.queue.outcome_unknown, statistics.results_stale_total), (0, 0), "{statistics:?}");
        assert_eq!(statistics.leases_lost_total, 0, "no lease was taken from a node that lives");
        assert_eq!(scene.get(worker, "alice", "0.txt").await?.0, StatusCode::OK);
    }
    Ok(())
}
