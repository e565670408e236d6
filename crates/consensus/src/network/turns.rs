//! Whose turn it is: `AppendEntries` of a pipeline reach Raft in the order in which they were sent.
//!
//! They come in order over one connection, but each is answered by a task of its own, and those may overtake each other. One that
//! comes before its predecessor would be refused as a gap, and the leader would have to find out anew where we stand. So it
//! waits a little for what is just before it.

use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

/// A predecessor that has not come by then was lost on the way; the refusal makes the leader send it again.
const PATIENCE: Duration = Duration::from_millis(20);

#[derive(Default)]
pub(super) struct Turns {
    line: Mutex<Line>,
    moved: Notify,
}

#[derive(Default)]
struct Line {
    /// Index after the last entry that was handed to Raft by requests without an answer yet.
    handed_over: u64,
    under_way: usize,
}

/// A request that was handed to Raft; dropped when it is answered.
pub(super) struct UnderWay<'a>(&'a Turns);

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        let mut line = self.0.line.lock();
        line.under_way -= 1;
        if line.under_way == 0 {
            // All is answered: the log itself says where we stand.
            line.handed_over = 0;
        }
    }
}

impl Turns {
    /// Returns when an entry at `index` follows what Raft has, or is about to have: `log_end` is the index after its last one.
    pub(super) async fn wait(&self, index: u64, log_end: impl Fn() -> u64) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let moved = self.moved.notified();
            let handed_over = self.line.lock().handed_over;
            if index <= handed_over.max(log_end()) || timeout_at(deadline, moved).await.is_err() {
                return;
            }
        }
    }

    /// Entries up to before `end` were handed to Raft.
    pub(super) fn handed_over(&self, end: u64) -> UnderWay<'_> {
        let mut line = self.line.lock();
        line.under_way += 1;
        line.handed_over = line.handed_over.max(end);
        drop(line);
        self.moved.notify_waiters();
        UnderWay(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn each_waits_for_the_one_before_it_and_not_for_ever() {
        let turns = Turns::default();
        let start = Instant::now();
        turns.wait(7, || 7).await;
        turns.wait(3, || 7).await;
        assert_eq!(start.elapsed(), Duration::ZERO, "it follows the log");
        let order = Mutex::new(Vec::new());
        let one = async |index: u64, end: u64| {
            turns.wait(index, || 7).await;
            order.lock().push(index);
            turns.handed_over(end)
        };
        let under_way = futures::join!(one(12, 20), one(10, 12), one(7, 10));
        assert_eq!(*order.lock(), [7, 10, 12]);
        assert_eq!(start.elapsed(), Duration::ZERO);
        drop(under_way);
        turns.wait(20, || 7).await;
        assert_eq!(start.elapsed(), PATIENCE, "what was answered and is not in the log was refused");
    }
}
