//! What actix 0.13.5 does by itself. When one of these tests fails after an update of actix, a part of our supervision
//! may have become unnecessary; until then each names a reason for it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use actix::prelude::*;

#[derive(Default)]
struct Plain {
    handled: Arc<AtomicU32>,
    intervals: Arc<AtomicU32>,
    flood_until: Option<Instant>,
}

impl Actor for Plain {
    type Context = Context<Self>;
    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.set_mailbox_capacity(1);
        let intervals = Arc::clone(&self.intervals);
        ctx.run_interval(Duration::from_millis(1), move |_, _| {
            intervals.fetch_add(1, Ordering::SeqCst);
        });
    }
}
impl actix::Supervised for Plain {}

#[derive(Message)]
#[rtype(result = "()")]
struct Boom;
impl Handler<Boom> for Plain {
    type Result = ();
    fn handle(&mut self, _message: Boom, _ctx: &mut Self::Context) {
        panic!("boom");
    }
}

#[derive(Message)]
#[rtype(result = "()")]
struct Count;
impl Handler<Count> for Plain {
    type Result = ();
    fn handle(&mut self, _message: Count, _ctx: &mut Self::Context) {
        self.handled.fetch_add(1, Ordering::SeqCst);
    }
}

/// Keeps the mailbox from ever being empty, until the time is up.
#[derive(Message)]
#[rtype(result = "()")]
struct Flood;
impl Handler<Flood> for Plain {
    type Result = ();
    fn handle(&mut self, _message: Flood, ctx: &mut Self::Context) {
        self.handled.fetch_add(1, Ordering::SeqCst);
        if self.flood_until.is_some_and(|until| Instant::now() < until) {
            ctx.address().do_send(Flood);
        }
    }
}

#[derive(Message)]
#[rtype(result = "u32")]
struct Intervals;
impl Handler<Intervals> for Plain {
    type Result = u32;
    fn handle(&mut self, _message: Intervals, _ctx: &mut Self::Context) -> u32 {
        self.intervals.load(Ordering::SeqCst)
    }
}

#[test]
fn its_supervisor_does_not_survive_a_panic() {
    System::new().block_on(async {
        let address = actix::Supervisor::start(|_| Plain::default());
        assert_eq!(address.send(Count).await, Ok(()));
        assert_eq!(address.send(Boom).await, Err(MailboxError::Closed));
        assert!(!address.connected(), "the mailbox is closed for good");
        assert_eq!(address.send(Count).await, Err(MailboxError::Closed));
        // The thread and its other actors live on.
        assert_eq!(Plain::default().start().send(Count).await, Ok(()));
    });
}

#[test]
fn its_mailbox_capacity_bounds_nothing() {
    System::new().block_on(async {
        let plain = Plain::default();
        let handled = Arc::clone(&plain.handled);
        let address = plain.start();
        address.send(Count).await.unwrap();
        // Nothing is handled while this future does not wait, so all of these are queued at once.
        for _ in 0..1000 {
            address.do_send(Count);
        }
        for _ in 0..1000 {
            address.clone().try_send(Count).unwrap();
        }
        address.send(Count).await.unwrap();
        assert_eq!(handled.load(Ordering::SeqCst), 2002, "a capacity of 1 let 2000 through");
    });
}

#[test]
fn a_flooded_mailbox_starves_its_timers() {
    System::new().block_on(async {
        let flood_until = Some(Instant::now() + Duration::from_millis(100));
        let plain = Plain { flood_until, ..Plain::default() };
        let handled = Arc::clone(&plain.handled);
        let address = plain.start();
        address.do_send(Flood);
        let intervals = address.send(Intervals).await.unwrap();
        assert_eq!(intervals, 0);
        // This task too was starved until the flood was over: a hundred intervals were due and none ran.
        assert!(flood_until.is_some_and(|until| Instant::now() >= until));
        assert!(handled.load(Ordering::SeqCst) > 100);
        assert!(address.send(Intervals).await.unwrap() <= 1);
    });
}

#[test]
fn a_dropped_request_cancels_its_message() {
    System::new().block_on(async {
        let plain = Plain::default();
        let handled = Arc::clone(&plain.handled);
        let address = plain.start();
        drop(address.send(Count));
        address.send(Count).await.unwrap();
        assert_eq!(handled.load(Ordering::SeqCst), 1, "the first message was never handled");
    });
}
