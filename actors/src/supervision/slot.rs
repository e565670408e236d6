//! The stable place where an actor is found: the current incarnation's address, or the messages that wait for one.
//!
//! Bounded because every waiting message holds a permit. The order of messages is kept within an incarnation, not
//! across a restart.

use std::collections::VecDeque;
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use actix::Addr;
use parking_lot::Mutex;

use super::{
    actor::Supervised,
    bound::WhileDown,
    error::SendError,
    parcel::{Content, Parcel, Work},
    shell::Shell,
};

/// Signals of which at most one of each kind is outstanding.
#[derive(Default)]
pub(super) struct Signals {
    pub(super) tick: AtomicBool,
    pub(super) wake: AtomicBool,
    pub(super) ping: AtomicBool,
}

enum Place<A: Supervised> {
    Down(VecDeque<Box<dyn Work<A>>>),
    Open { address: Addr<Shell<A>>, signals: Arc<Signals> },
    Closed(SendError),
}

pub(super) struct Slot<A: Supervised> {
    while_down: WhileDown,
    place: Mutex<Place<A>>,
}

impl<A: Supervised> Slot<A> {
    pub(super) fn new(while_down: WhileDown) -> Arc<Self> {
        Arc::new(Self { while_down, place: Mutex::new(Place::Down(VecDeque::new())) })
    }

    /// Delivers now, or keeps the message for the next incarnation.
    pub(super) fn send(self: &Arc<Self>, work: Box<dyn Work<A>>) -> Result<(), SendError> {
        let address = match &mut *self.place.lock() {
            Place::Open { address, .. } => address.clone(),
            Place::Down(waiting) if self.while_down == WhileDown::Wait => {
                waiting.push_back(work);
                return Ok(());
            }
            Place::Down(_) => return Err(SendError::Down),
            Place::Closed(reason) => return Err(reason.clone()),
        };
        // Outside the lock: a closed mailbox drops the parcel, and that comes back to `take_back`.
        address.do_send(Parcel::new(Content::Message(work), self));
        Ok(())
    }

    /// A message that its incarnation never began.
    pub(super) fn take_back(self: &Arc<Self>, work: Box<dyn Work<A>>) {
        if self.while_down == WhileDown::Fail {
            return;
        }
        let address = match &mut *self.place.lock() {
            Place::Down(waiting) => {
                waiting.push_back(work);
                return;
            }
            Place::Open { address, .. } if address.connected() => address.clone(),
            place @ Place::Open { .. } => {
                *place = Place::Down(VecDeque::from([work]));
                return;
            }
            Place::Closed(_) => return,
        };
        address.do_send(Parcel::new(Content::Message(work), self));
    }

    /// A new incarnation is ready: what waited goes to it.
    pub(super) fn open(self: &Arc<Self>, address: Addr<Shell<A>>, signals: Arc<Signals>) {
        let before = std::mem::replace(&mut *self.place.lock(), Place::Open { address: address.clone(), signals });
        if let Place::Down(waiting) = before {
            for work in waiting {
                address.do_send(Parcel::new(Content::Message(work), self));
            }
        }
    }

    /// The incarnation ends; called before its mailbox closes, so that nothing is lost in between.
    pub(super) fn go_down(&self) {
        let mut place = self.place.lock();
        if let Place::Open { .. } = *place {
            *place = Place::Down(VecDeque::new());
        }
    }

    /// No incarnation will take messages, until [`Slot::reopen`].
    pub(super) fn close(&self, reason: SendError) {
        let before = std::mem::replace(&mut *self.place.lock(), Place::Closed(reason));
        // Outside the lock: the senders of what waited learn that it was not processed.
        drop(before);
    }

    /// An operator restarts a failed actor.
    pub(super) fn reopen(&self) {
        let mut place = self.place.lock();
        if let Place::Closed(_) = *place {
            *place = Place::Down(VecDeque::new());
        }
    }

    /// Wakes the actor unless a wake-up is outstanding. While it is down nothing is needed: it reads its state anew
    /// when it starts.
    pub(super) fn wake(self: &Arc<Self>) {
        let address = match &*self.place.lock() {
            Place::Open { address, signals } if !signals.wake.swap(true, Ordering::AcqRel) => address.clone(),
            _ => return,
        };
        address.do_send(Parcel::new(Content::Wake, self));
    }
}
