//! What a queue that fills up does to those who fill it: first they are slowed, then refused, so that it is seldom full.

use std::time::Duration;

use flotilla_model::{AccountName, Room, State};
use tokio::time::sleep;

use crate::codes;
use crate::context::Context;
use crate::metrics::add;
use crate::problem::Problem;
use crate::refusals::RETRY_AFTER_S;

/// The longest delay, just before the queue is full. Clients wait for an answer longer than this.
pub(crate) const DELAY_MAX: Duration = Duration::from_secs(1);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pressure {
    None,
    Slow(Duration),
    Full,
}

impl Pressure {
    pub(crate) fn of(state: &State) -> Self {
        Self::from_room(state.queue_room())
    }

    fn from_room(room: Room) -> Self {
        match room {
            Room::Ample => Self::None,
            Room::Tight { urgency_per_mille } => {
                Self::Slow(DELAY_MAX.mul_f64(urgency_per_mille.min(1000) as f64 / 1000.0))
            }
            Room::Full => Self::Full,
        }
    }

    /// For an upload: only those that start an event fill the queue.
    fn of_upload(state: &State, account: &AccountName) -> Self {
        if state.routes.contains(account) { Self::of(state) } else { Self::None }
    }
}

pub(crate) fn full() -> Problem {
    let problem = Problem::new(&codes::QUEUE_FULL, "the event queue holds as many events, or as much data, as it may");
    problem.retry_after_s(RETRY_AFTER_S)
}

/// Refuses an upload that could not start its event.
pub(crate) fn check_upload(state: &State, account: &AccountName) -> Result<(), Problem> {
    if Pressure::of_upload(state, account) == Pressure::Full { Err(full()) } else { Ok(()) }
}

/// Lets an upload wait before its body is read.
pub(crate) async fn slow_upload(context: &Context, account: &AccountName) {
    let pressure = Pressure::of_upload(&context.log.state(), account);
    if let Pressure::Slow(delay) = pressure {
        add(&context.metrics.slowed, 1);
        sleep(delay).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_delay_grows_with_the_urgency() {
        let slow = |urgency_per_mille| Pressure::from_room(Room::Tight { urgency_per_mille });
        assert_eq!(Pressure::from_room(Room::Ample), Pressure::None);
        assert_eq!(slow(0), Pressure::Slow(Duration::ZERO));
        assert_eq!(slow(250), Pressure::Slow(Duration::from_millis(250)));
        assert_eq!(slow(999), Pressure::Slow(Duration::from_millis(999)));
        assert_eq!(Pressure::from_room(Room::Full), Pressure::Full);
    }
}
