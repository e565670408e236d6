//! The actor under test and its messages.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc as blocking;
use std::time::Duration;

use flotilla_actors::supervision::{
    ActorHandle, BoxError, Ctx, Drain, Policy, Receive, RestartPolicy, Supervised, Supervisor,
};
use tokio::sync::{oneshot, watch};

/// Counters that outlive incarnations.
#[derive(Default)]
pub(crate) struct Counters {
    pub(crate) born: AtomicU32,
    pub(crate) handled: AtomicU32,
    pub(crate) ticks: watch::Sender<u32>,
    pub(crate) wakes: watch::Sender<u32>,
}

pub(crate) struct Probe {
    counters: Arc<Counters>,
    incarnation: u32,
}

impl Supervised for Probe {
    fn on_tick(&mut self, _ctx: &mut Ctx<'_, Self>) {
        self.counters.ticks.send_modify(|ticks| *ticks += 1);
    }

    fn on_wake(&mut self, _ctx: &mut Ctx<'_, Self>) {
        self.counters.wakes.send_modify(|wakes| *wakes += 1);
    }

    fn stopping(&mut self, _ctx: &mut Ctx<'_, Self>) -> Drain {
        Drain::Done
    }
}

/// Replies with the incarnation's number.
pub(crate) struct Who;
impl Receive<Who> for Probe {
    type Reply = u32;
    fn receive(&mut self, _message: Who, _ctx: &mut Ctx<'_, Self>) -> u32 {
        self.counters.handled.fetch_add(1, Ordering::SeqCst);
        self.incarnation
    }
}

pub(crate) struct PanicNow;
impl Receive<PanicNow> for Probe {
    type Reply = ();
    fn receive(&mut self, _message: PanicNow, _ctx: &mut Ctx<'_, Self>) {
        panic!("the probe was told to panic");
    }
}

pub(crate) struct PanicInFuture {
    pub(crate) offloaded: bool,
}
impl Receive<PanicInFuture> for Probe {
    type Reply = ();
    fn receive(&mut self, message: PanicInFuture, ctx: &mut Ctx<'_, Self>) {
        let future = async { panic!("a future of the probe panicked") };
        if message.offloaded {
            ctx.offload(future, |_, (), _| {});
        } else {
            ctx.spawn(future, |_, (), _| {});
        }
    }
}

pub(crate) struct FailNow;
impl Receive<FailNow> for Probe {
    type Reply = ();
    fn receive(&mut self, _message: FailNow, ctx: &mut Ctx<'_, Self>) {
        ctx.fail("the probe reports an error");
    }
}

pub(crate) struct Finish;
impl Receive<Finish> for Probe {
    type Reply = ();
    fn receive(&mut self, _message: Finish, ctx: &mut Ctx<'_, Self>) {
        ctx.finish();
    }
}

/// Tells that its handler runs, then blocks the actor's thread until the test lets it go.
pub(crate) struct Block {
    pub(crate) entered: oneshot::Sender<()>,
    pub(crate) leave: blocking::Receiver<Then>,
}
#[derive(PartialEq)]
pub(crate) enum Then {
    GoOn,
    Panic,
}
impl Receive<Block> for Probe {
    type Reply = ();
    fn receive(&mut self, message: Block, _ctx: &mut Ctx<'_, Self>) {
        let _ = message.entered.send(());
        assert!(message.leave.recv() != Ok(Then::Panic), "the blocked probe was told to panic");
    }
}

/// Holds its place in the queue until the future ends.
pub(crate) struct HoldPermit(pub(crate) oneshot::Receiver<()>);
impl Receive<HoldPermit> for Probe {
    type Reply = ();
    fn receive(&mut self, message: HoldPermit, ctx: &mut Ctx<'_, Self>) {
        let permit = ctx.hold_permit();
        ctx.spawn(async move { drop((message.0.await, permit)) }, |_, (), _| {});
    }
}

/// Names the thread that handles it.
pub(crate) struct ThreadName;
impl Receive<ThreadName> for Probe {
    type Reply = String;
    fn receive(&mut self, _message: ThreadName, _ctx: &mut Ctx<'_, Self>) -> String {
        std::thread::current().name().unwrap_or_default().to_owned()
    }
}

pub(crate) struct Blocked {
    leave: blocking::Sender<Then>,
}

impl Blocked {
    pub(crate) fn release(self, then: Then) {
        self.leave.send(then).unwrap();
    }
}

/// Makes the actor block in a handler and returns when it does.
pub(crate) async fn block(handle: &ActorHandle<Probe>) -> Blocked {
    let (entered, has_entered) = oneshot::channel();
    let (leave, left) = blocking::channel();
    handle.tell(Block { entered, leave: left }).await.unwrap();
    within(has_entered).await.unwrap();
    Blocked { leave }
}

pub(crate) fn supervisor() -> Supervisor {
    Supervisor::new(tokio::runtime::Handle::current())
}

pub(crate) fn quick() -> RestartPolicy {
    RestartPolicy {
        restarts_in_window: 3,
        window: Duration::from_secs(600),
        first_backoff: Duration::from_millis(1),
        longest_backoff: Duration::from_millis(2),
    }
}

pub(crate) fn policy() -> Policy {
    Policy::ordinary("probes").with_restart(quick())
}

pub(crate) fn spawn(supervisor: &Supervisor, policy: Policy) -> (ActorHandle<Probe>, Arc<Counters>) {
    let counters = Arc::new(Counters::default());
    let handle = supervisor.spawn("probe", policy, factory(&counters)).unwrap();
    (handle, counters)
}

pub(crate) fn factory(counters: &Arc<Counters>) -> impl Fn() -> Result<Probe, BoxError> + Send + Sync + 'static {
    let counters = Arc::clone(counters);
    move || {
        let incarnation = counters.born.fetch_add(1, Ordering::SeqCst) + 1;
        Ok(Probe { counters: Arc::clone(&counters), incarnation })
    }
}

pub(crate) async fn end(supervisor: Supervisor, handle: ActorHandle<Probe>) {
    within(handle.stop(Duration::from_secs(10))).await.unwrap();
    within(supervisor.shutdown()).await.unwrap();
}

/// No condition of these tests takes long; a hang becomes a failure with a place.
#[track_caller]
pub(crate) fn within<F: Future>(future: F) -> impl Future<Output = F::Output> {
    let place = std::panic::Location::caller();
    async move {
        let Ok(output) = tokio::time::timeout(Duration::from_secs(20), future).await else {
            panic!("hung at {place}");
        };
        output
    }
}
