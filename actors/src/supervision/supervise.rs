//! The task that keeps one actor alive: starts incarnations, sends outside ticks and pings, obeys commands.
//!
//! It is the one writer of the actor's state, and ends when the actor is stopped or has finished.

use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use actix::{Actor, Addr};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, MissedTickBehavior, interval_at, timeout};
use tokio_util::sync::CancellationToken;

use super::{
    actor::{BoxError, Supervised},
    cell::Cell,
    context::Link,
    error::{SendError, StopError},
    fatal::FatalReason,
    parcel::{Content, Parcel},
    policy::{Policy, Weight},
    restart::{Budget, Decision},
    shell::{End, Shell, panic_message},
    slot::{Signals, Slot},
    status::{ActorState, FailureKind},
    supervisor::Inside,
};

pub(super) enum Command {
    Stop { deadline: Duration, done: oneshot::Sender<Result<(), StopError>> },
    Restart,
}

type Factory<A> = dyn Fn() -> Result<A, BoxError> + Send + Sync;

pub(super) struct Keeper<A: Supervised> {
    inside: Arc<Inside>,
    policy: Policy,
    cell: Arc<Cell>,
    slot: Arc<Slot<A>>,
    factory: Arc<Factory<A>>,
    commands: mpsc::Receiver<Command>,
    budget: Budget,
    born: Instant,
}

/// One incarnation as seen from outside.
struct Incarnation<A: Supervised> {
    signals: Arc<Signals>,
    over: CancellationToken,
    started: oneshot::Receiver<Addr<Shell<A>>>,
    ended: oneshot::Receiver<End>,
    address: Option<Addr<Shell<A>>>,
}

/// What ended the care for one incarnation.
enum Turn {
    Ended(End),
    Restart,
    Stop { deadline: Duration, done: oneshot::Sender<Result<(), StopError>> },
}

impl<A: Supervised> Keeper<A> {
    pub(super) fn new(
        inside: Arc<Inside>,
        policy: Policy,
        cell: Arc<Cell>,
        slot: Arc<Slot<A>>,
        factory: Arc<Factory<A>>,
        commands: mpsc::Receiver<Command>,
    ) -> Self {
        let budget = Budget::new(policy.restart);
        Self { inside, policy, cell, slot, factory, commands, budget, born: Instant::now() }
    }

    pub(super) async fn run(mut self) {
        loop {
            let mut incarnation = self.start();
            let next = match self.care_for(&mut incarnation).await {
                Turn::Ended(end) => self.after(end).await,
                Turn::Restart => {
                    self.replace(incarnation).await;
                    ControlFlow::Continue(())
                }
                Turn::Stop { deadline, done } => {
                    let outcome = self.stop(incarnation, deadline).await;
                    if outcome.is_ok() {
                        self.inside.registry.remove(self.cell.name());
                    }
                    self.cell.set_state(ActorState::Stopped);
                    let _ = done.send(outcome);
                    return;
                }
            };
            if next.is_break() {
                self.gone();
                return;
            }
            self.cell.count_restart();
        }
    }

    /// The actor is gone in good order.
    fn gone(&self) {
        self.refuse(SendError::Stopped);
        self.inside.registry.remove(self.cell.name());
        self.cell.set_state(ActorState::Stopped);
    }

    fn refuse(&self, reason: SendError) {
        if reason == SendError::Stopped {
            self.cell.gate.close();
        }
        self.slot.close(reason);
    }

    fn start(&self) -> Incarnation<A> {
        let (started_sender, started) = oneshot::channel();
        let (ended_sender, ended) = oneshot::channel();
        let signals = Arc::new(Signals::default());
        let over = CancellationToken::new();
        let link = Arc::new(Link {
            cell: Arc::clone(&self.cell),
            slot: Arc::clone(&self.slot),
            signals: Arc::clone(&signals),
            runtime: self.inside.runtime.clone(),
            over: over.clone(),
        });
        let factory = Arc::clone(&self.factory);
        match self.inside.placement.arbiter(&self.policy.group) {
            Ok(arbiter) => {
                // A dead Arbiter drops the closure and with it `ended_sender`, which reads as an unasked end.
                arbiter.spawn_fn(move || match catch_unwind(AssertUnwindSafe(|| factory())) {
                    Ok(Ok(actor)) => {
                        Shell::new(actor, link, started_sender, ended_sender).start();
                    }
                    Ok(Err(error)) => drop(ended_sender.send(End::Error(error.to_string()))),
                    Err(payload) => drop(ended_sender.send(End::Panic(panic_message(&*payload)))),
                });
            }
            Err(error) => drop(ended_sender.send(End::Error(error.to_string()))),
        }
        Incarnation { signals, over, started, ended, address: None }
    }

    /// Ticks, pings and waits until the incarnation ends or a command comes.
    async fn care_for(&mut self, incarnation: &mut Incarnation<A>) -> Turn {
        let mut tick = timer(self.policy.tick.unwrap_or(Duration::from_secs(3600)));
        let mut ping = timer(self.policy.liveness.ping_every);
        let mut ping_sent = Instant::now();
        loop {
            tokio::select! {
                biased;
                end = &mut incarnation.ended => return Turn::Ended(end.unwrap_or_else(|_| lost())),
                started = &mut incarnation.started, if incarnation.address.is_none() => {
                    let Ok(address) = started else {
                        return Turn::Ended((&mut incarnation.ended).await.unwrap_or_else(|_| lost()));
                    };
                    incarnation.address = Some(address.clone());
                    self.cell.set_unresponsive(false);
                    // In this order: who reads "running" is not refused as "down".
                    self.slot.open(address, Arc::clone(&incarnation.signals));
                    self.cell.set_state(ActorState::Running);
                }
                command = self.commands.recv() => match command {
                    Some(Command::Restart) => return Turn::Restart,
                    Some(Command::Stop { deadline, done }) => return Turn::Stop { deadline, done },
                    // The registry keeps a sender while the actor is registered, so this is the runtime's end.
                    None => return Turn::Ended(End::Finished),
                },
                _ = tick.tick(), if self.policy.tick.is_some() => {
                    self.signal(incarnation, |signals| &signals.tick, Content::Tick);
                }
                _ = ping.tick() => {
                    let answered = incarnation.address.is_some() && !incarnation.signals.ping.load(Ordering::Acquire);
                    if answered {
                        ping_sent = Instant::now();
                        self.signal(incarnation, |signals| &signals.ping, Content::Ping);
                    }
                    let unresponsive = !answered && ping_sent.elapsed() >= self.policy.liveness.answer_within;
                    if unresponsive != self.cell.is_unresponsive() && (unresponsive || answered) {
                        self.cell.set_unresponsive(unresponsive);
                        tracing::warn!(actor = self.cell.name(), unresponsive, "liveness of an actor changed");
                    }
                }
            }
        }
    }

    /// Sends a signal unless one of its kind is outstanding.
    fn signal(&self, incarnation: &Incarnation<A>, flag: fn(&Signals) -> &AtomicBool, content: Content<A>) {
        if let Some(address) = &incarnation.address
            && !flag(&incarnation.signals).swap(true, Ordering::AcqRel)
        {
            address.do_send(Parcel::new(content, &self.slot));
        }
    }

    /// Counts the end and decides. Breaks if the actor is gone for good.
    async fn after(&mut self, end: End) -> ControlFlow<()> {
        self.slot.go_down();
        let Some((kind, message)) = failure(end) else { return ControlFlow::Break(()) };
        tracing::error!(actor = self.cell.name(), ?kind, %message, "actor failed");
        self.cell.record_failure(kind, message.clone());
        let now_ms = u64::try_from(self.born.elapsed().as_millis()).unwrap_or(u64::MAX);
        match self.budget.on_failure(now_ms, rand::random::<f64>()) {
            Decision::RestartAfter(delay) => {
                self.cell.set_state(ActorState::Restarting);
                match timeout(delay, self.commands.recv()).await {
                    Err(_elapsed) => ControlFlow::Continue(()),
                    Ok(command) => self.obey_while_down(command),
                }
            }
            Decision::GiveUp => {
                self.give_up(kind, &message);
                let command = self.commands.recv().await;
                self.obey_while_down(command)
            }
        }
    }

    fn give_up(&self, kind: FailureKind, message: &str) {
        self.refuse(SendError::Failed);
        self.cell.set_state(ActorState::Failed);
        let restarts = self.policy.restart.restarts_in_window;
        let window = self.policy.restart.window;
        let reason = format!("more than {restarts} restarts within {window:?}; last failure ({kind:?}): {message}");
        match self.policy.weight {
            Weight::Critical => {
                self.inside.fatal.report(FatalReason { actor: self.cell.name().to_owned(), reason });
            }
            Weight::Ordinary => {
                tracing::error!(actor = self.cell.name(), %reason, "actor given up, it waits for an operator's restart");
            }
        }
    }

    fn obey_while_down(&mut self, command: Option<Command>) -> ControlFlow<()> {
        match command {
            Some(Command::Restart) => {
                self.budget.reset();
                self.slot.reopen();
                self.cell.set_state(ActorState::Restarting);
                ControlFlow::Continue(())
            }
            Some(Command::Stop { done, .. }) => {
                self.gone();
                let _ = done.send(Ok(()));
                ControlFlow::Break(())
            }
            None => ControlFlow::Break(()),
        }
    }

    /// An operator's restart of a running actor. A hung incarnation is left behind on its thread.
    async fn replace(&mut self, incarnation: Incarnation<A>) {
        self.cell.set_state(ActorState::Restarting);
        self.budget.reset();
        self.slot.go_down();
        self.cut_off(incarnation).await;
    }

    /// An ordered stop.
    async fn stop(&mut self, mut incarnation: Incarnation<A>, deadline: Duration) -> Result<(), StopError> {
        self.cell.set_state(ActorState::Stopping);
        self.refuse(SendError::Stopped);
        let drained = timeout(deadline, async {
            if incarnation.address.is_none() {
                incarnation.address = (&mut incarnation.started).await.ok();
            }
            if let Some(address) = &incarnation.address {
                address.do_send(Parcel::new(Content::Drain, &self.slot));
            }
            (&mut incarnation.ended).await.unwrap_or_else(|_| lost())
        })
        .await;
        if let Ok(end) = drained {
            if let Some((kind, message)) = failure(end) {
                tracing::error!(actor = self.cell.name(), ?kind, %message, "actor failed while it was stopping");
                self.cell.record_failure(kind, message);
            }
            return Ok(());
        }
        let name = self.cell.name().to_owned();
        if self.cut_off(incarnation).await {
            self.inside.registry.remove(&name);
        }
        Err(StopError::Deadline { name, deadline })
    }

    /// Cancels the incarnation's futures and ends it; false if it hangs in its own code.
    async fn cut_off(&self, incarnation: Incarnation<A>) -> bool {
        incarnation.over.cancel();
        if let Some(address) = &incarnation.address {
            address.do_send(Parcel::new(Content::CutOff, &self.slot));
        }
        timeout(self.policy.liveness.answer_within, incarnation.ended).await.is_ok()
    }
}

fn failure(end: End) -> Option<(FailureKind, String)> {
    match end {
        End::Finished => None,
        End::Panic(message) => Some((FailureKind::Panic, message)),
        End::Error(message) => Some((FailureKind::Error, message)),
        End::Stop(message) => Some((FailureKind::Stop, message)),
    }
}

fn lost() -> End {
    End::Stop("the actor's Arbiter ended".to_owned())
}

/// Timers of one period, or of multiples of it, fire at the same moments: a node that has nothing to do wakes up less often.
fn timer(period: Duration) -> tokio::time::Interval {
    static BEGINNING: OnceLock<Instant> = OnceLock::new();
    let now = Instant::now();
    let since_last_ns = now.saturating_duration_since(*BEGINNING.get_or_init(|| now)).as_nanos() % period.as_nanos();
    let left = period - Duration::from_nanos(u64::try_from(since_last_ns).unwrap_or(0));
    let mut timer = interval_at(now + left, period);
    timer.set_missed_tick_behavior(MissedTickBehavior::Skip);
    timer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn timers_fire_together_whenever_they_began() {
        let period = Duration::from_millis(100);
        let mut often = timer(period);
        tokio::time::advance(Duration::from_millis(30)).await;
        let (begun, mut seldom) = (Instant::now(), timer(period * 2));
        let due = seldom.tick().await;
        assert!(due > begun && due <= begun + period * 2);
        // What was missed meanwhile is made up for by one tick, and the grid is kept.
        assert!(often.tick().await < due);
        assert_eq!(often.tick().await, due + period);
        assert_eq!(often.tick().await, due + period * 2);
        assert_eq!(seldom.tick().await, due + period * 2);
    }
}
