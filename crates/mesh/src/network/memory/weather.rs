//! What the network in memory does to data on its way: delays, stalls, cuts.

use std::collections::BTreeSet;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::Notify;

/// What a lost packet costs: the sender's kernel repeats it after so long (Linux's minimum).
const RETRANSMISSION_TIMEOUT: Duration = Duration::from_millis(200);

/// How bad the network is, between any two nodes.
#[derive(Clone, Copy, Debug, Default)]
pub struct MemoryFaults {
    /// A piece of data takes at least this long.
    pub delay_min: Duration,
    /// And at most this long.
    pub delay_max: Duration,
    /// So many of a thousand pieces, and all behind them, are held up as by a lost packet.
    pub stalls_per_mille: u64,
}

pub(super) struct Weather {
    state: Mutex<State>,
    /// One list for all who wait, woken in the order in which they came: a `watch` wakes in random order.
    changed: Notify,
}

struct State {
    faults: MemoryFaults,
    /// From whom to whom nothing passes.
    cut: BTreeSet<(String, String)>,
    random: u64,
}

impl Weather {
    pub(super) fn new(seed: u64) -> Self {
        let state = State { faults: MemoryFaults::default(), cut: BTreeSet::new(), random: seed };
        Self { state: Mutex::new(state), changed: Notify::new() }
    }

    pub(super) fn set_faults(&self, faults: MemoryFaults) {
        self.state.lock().faults = faults;
    }

    pub(super) fn cut(&self, from: &str, to: &str) {
        self.state.lock().cut.insert((from.to_owned(), to.to_owned()));
    }

    pub(super) fn heal(&self) {
        self.state.lock().cut.clear();
        self.changed.notify_waiters();
    }

    /// How long the next piece of data takes.
    pub(super) fn delay(&self) -> Duration {
        let mut state = self.state.lock();
        let MemoryFaults { delay_min, delay_max, stalls_per_mille } = state.faults;
        let spread = delay_max.saturating_sub(delay_min).as_micros() as u64;
        let delay = delay_min + Duration::from_micros(state.random_below(spread + 1));
        if state.random_below(1000) < stalls_per_mille { delay + RETRANSMISSION_TIMEOUT } else { delay }
    }

    /// Waits until data passes from one node to another.
    pub(super) async fn joined(&self, from: &str, to: &str) {
        let way = (from.to_owned(), to.to_owned());
        loop {
            // Made before the look: it hears of everything from here on.
            let changed = self.changed.notified();
            if !self.state.lock().cut.contains(&way) {
                return;
            }
            changed.await;
        }
    }
}

impl State {
    /// SplitMix64: spreads, nothing more is needed.
    fn random_below(&mut self, bound: u64) -> u64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.random ^ (self.random >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }
}
